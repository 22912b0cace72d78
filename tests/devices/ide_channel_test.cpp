// An IDE channel: two devices on a cable, interrupts, resets, saved states.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/ide_bench.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <optional>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;
using namespace ntferry::vmm::test::ide_bench;

TEST_CASE("ide: device 0 answers for a missing device 1 with status 00h and ignores its commands") {
    Ide t;
    t.outb(drive_head, 0xB0);
    CHECK(t.inb(status) == 0x00);
    t.outb(count, 0x55);
    t.outb(low, 0xAA);
    CHECK(t.inb(count) == 0x55);
    CHECK(t.inb(drive_head) == 0xB0);
    t.outb(command, 0xEC);
    CHECK(t.inb(status) == 0x00);
    CHECK_FALSE(t.irq.level());
}

TEST_CASE("ide: an empty channel floats and flushing nothing does nothing") {
    Ide t;
    t.outb(0x176, 0xA0);
    t.outb(0x177, 0xE7);
    for (std::uint16_t port = 0x170; port < 0x178; ++port)
        CHECK(t.inb(port) == 0xFF);
    CHECK(t.inb(0x376) == 0xFF);
    CHECK(t.inw(0x170) == 0xFFFF);
    CHECK_FALSE(t.irq15.level());
}

TEST_CASE("ide: two drives keep their interrupts and registers apart") {
    Ide t;
    FakeDisk second(t.clock, 1U << 20U);
    second.data[512] = 0x77;
    t.ide.attach(0, 1, std::make_unique<AtaDisk>(second, AtaDiskOptions{}));
    t.outb(drive_head, 0xA0);
    t.outb(command, 0xEC);
    CHECK((word(t.read_words(256), 93) & 0x0040) == 0);
    t.inb(status);
    t.irq.take_rises();
    t.outb(count, 1);
    t.outb(low, 1);
    t.outb(mid, 0);
    t.outb(high, 0);
    t.outb(drive_head, 0xF0);
    t.outb(command, 0x20);
    t.step_ms(1);
    CHECK(t.irq.level());
    t.outb(drive_head, 0xE0);
    CHECK_FALSE(t.irq.level()); // only the selected drive drives the wire
    CHECK(t.inb(status) == idle);
    t.outb(drive_head, 0xF0);
    CHECK(t.irq.level());
    CHECK(t.inb(status) == (idle | 0x08));
    CHECK(t.inb(data) == 0x77);
}

TEST_CASE("ide: nIEN holds the wire, the alternate status leaves the interrupt pending") {
    Ide t;
    t.outb(control, 0x02);
    t.lba_command(0x20, 0, 1);
    t.step_ms(1);
    CHECK_FALSE(t.irq.level());
    CHECK((t.inb(bm_status) & 0x04) == 0);
    t.outb(control, 0x00);
    CHECK(t.irq.level());
    t.inb(control);
    CHECK(t.irq.level());
    t.inb(status);
    CHECK_FALSE(t.irq.level());
}

TEST_CASE("ide: SRST ends a command, shows BSY while it is held and leaves the signature") {
    Ide t;
    t.lba_command(0x20, 0, 200);
    t.outb(control, 0x04);
    CHECK((t.inb(status) & 0x80) != 0);
    t.outb(control, 0x00);
    t.step_ms(10);
    CHECK(t.inb(status) == idle);
    CHECK(t.inb(error) == 0x01);
    CHECK(t.inb(count) == 0x01);
    CHECK(t.inb(low) == 0x01);
    CHECK(t.inb(mid) == 0x00);
    CHECK_FALSE(t.irq.level());
}

TEST_CASE("ide: the interrupt can be delayed, and reading the status in between takes it back") {
    Ide t({}, {.interrupt_delay = 50'000});
    t.lba_command(0x20, 0, 1);
    t.step_us(120);
    CHECK((t.inb(control) & 0x88) == 0x08);
    CHECK_FALSE(t.irq.level());
    t.step_us(40);
    CHECK(t.irq.level());
    t.lba_command(0x20, 0, 1);
    t.step_us(120);
    t.inb(status);
    t.step_ms(1);
    CHECK_FALSE(t.irq.level());
}

TEST_CASE("ide: a command under way is saved and finishes after loading") {
    Ide from;
    from.lba_command(0x20, 9, 2);
    Ide to;
    CHECK(survives_save_and_load(from.ide, to.ide));
    to.step_ms(1);
    CHECK(to.read_words(512) == to.sectors(9, 2));

    from.step_ms(1);
    from.read_words(100);
    CHECK(survives_save_and_load(from.ide, to.ide));
    const Bytes rest = to.read_words(512 - 100);
    CHECK(std::memcmp(rest.data(), to.disk.data.data() + 9 * 512 + 200, rest.size()) == 0);

    from.lba_command(0x30, 77, 1);
    from.ports.write_block(data, 2, Bytes(512, 0x5A));
    CHECK(survives_save_and_load(from.ide, to.ide));
    to.step_ms(1);
    CHECK(to.sectors(77, 1) == Bytes(512, 0x5A));
}

TEST_CASE("ide: reset forgets a command under way, a state for other drives is refused") {
    Ide t;
    t.lba_command(0x20, 0, 8);
    t.ide.reset();
    t.step_ms(5);
    CHECK(t.inb(status) == idle);
    CHECK_FALSE(t.irq.level());
    Bench bench;
    PiixIde empty(bench.ports, bench.memory, bench.clock, bench.irq, t.irq15);
    CHECK_THROWS_AS(load_state(empty, saved_state(t.ide)), Error);
}

TEST_CASE("ide: a state that is refused leaves a drive whose own state still loads") {
    const Ide source;
    const Bytes good = saved_state(source.ide);
    unsigned refused = 0;
    std::optional<Ide> drive; // a new one after each refusal
    for (std::size_t at = 0; at < good.size(); ++at) {
        if (!drive)
            drive.emplace();
        Ide& t = *drive;
        Bytes bad = good;
        bad[at] ^= 0xBFU;
        try {
            load_state(t.ide, bad);
            continue;
        } catch (const Error&) {
            ++refused;
        }
        t.ide.reset();
        const Bytes own = saved_state(t.ide);
        CAPTURE(at);
        REQUIRE_NOTHROW(load_state(t.ide, own));
        REQUIRE(saved_state(t.ide) == own);
        drive.reset();
    }
    CHECK(refused > 10);
}
