// The ATAPI CD-ROM drive behind the PIIX. SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "tests/devices/fake_disk.hpp"
#include "vmm/devices/ide/atapi_cdrom.hpp"
#include "vmm/devices/ide/piix_ide.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstring>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

constexpr std::uint16_t data = 0x170, error = 0x171, features = 0x171, reason = 0x172, low = 0x173,
                        mid = 0x174, high = 0x175, drive_head = 0x176, status = 0x177, command = 0x177,
                        control = 0x376;
constexpr std::uint16_t bm = 0xC008;
constexpr unsigned disc_blocks = 400;
using Packet = std::array<std::uint8_t, 12>;

struct Cd : Bench {
    explicit Cd(bool with_disc = true)
        : Bench(1U << 20U), disc(clock, std::uint64_t{disc_blocks} * 2048), other(clock, 20480),
          ide(ports, memory, clock, irq, irq15) {
        for (std::size_t i = 0; i < disc.data.size(); ++i)
            disc.data[i] = static_cast<std::uint8_t>(i / 2048 * 13 + i * 3);
        auto owned = std::make_unique<AtapiCdrom>(with_disc ? &disc : nullptr, AtapiCdromOptions{});
        drive = owned.get();
        ide.attach(1, 0, std::move(owned));
        ide.config_write(0x20, 4, 0xC000);
    }
    FakeDisk disc;
    FakeDisk other;
    ProbeLine irq15;
    PiixIde ide;
    AtapiCdrom* drive = nullptr;

    void packet(const Packet& bytes, std::uint16_t limit = 0xFFFE, bool dma = false) {
        outb(drive_head, 0xA0);
        outb(features, dma ? 1 : 0);
        outb(mid, static_cast<std::uint8_t>(limit));
        outb(high, static_cast<std::uint8_t>(limit >> 8U));
        outb(command, 0xA0);
        ports.write_block(data, 2, bytes);
        step_ms(2);
    }
    /// Everything a command sends, burst by burst; empty after an error.
    Bytes receive(const Packet& bytes, std::uint16_t limit = 0xFFFE) {
        packet(bytes, limit);
        Bytes all;
        while ((inb(status) & 0x88) == 0x08) {
            REQUIRE(inb(reason) == 0x02);
            const unsigned length = inb(mid) | unsigned{inb(high)} << 8U;
            REQUIRE(length != 0);
            Bytes part(length + (length & 1U));
            ports.read_block(data, 2, part);
            all.insert(all.end(), part.begin(), part.begin() + length);
            step_ms(2);
        }
        return all;
    }
    std::array<unsigned, 3> sense() {
        const Bytes bytes = receive({0x03, 0, 0, 0, 18});
        return {bytes.at(2), bytes.at(12), bytes.at(13)};
    }
    Packet read10(std::uint32_t lba, std::uint16_t count) {
        Packet bytes{0x28};
        store_be<std::uint32_t>(bytes, 2, lba);
        store_be<std::uint16_t>(bytes, 7, count);
        return bytes;
    }
    Bytes blocks(std::uint32_t lba, std::uint32_t count) const {
        const auto from = disc.data.begin() + static_cast<std::ptrdiff_t>(lba) * 2048;
        return Bytes(from, from + static_cast<std::ptrdiff_t>(count) * 2048);
    }
};

using Sense = std::array<unsigned, 3>;

} // namespace

TEST_CASE("atapi: signature after reset, IDENTIFY DEVICE aborts and leaves it, IDENTIFY PACKET works") {
    Cd t;
    CHECK(t.inb(status) == 0x00);
    CHECK(t.inb(reason) == 0x01);
    CHECK(t.inb(low) == 0x01);
    CHECK(t.inb(mid) == 0x14);
    CHECK(t.inb(high) == 0xEB);
    t.outb(mid, 0);
    t.outb(command, 0xEC);
    CHECK(t.inb(status) == 0x41);
    CHECK(t.inb(error) == 0x04);
    CHECK(t.inb(mid) == 0x14);
    CHECK(t.inb(high) == 0xEB);
    t.outb(command, 0xA1);
    CHECK(t.irq15.level());
    Bytes id(512);
    t.ports.read_block(data, 2, id);
    CHECK(load_le<std::uint16_t>(id, 0) == 0x85C0);
    CHECK(load_le<std::uint16_t>(id, 63 * 2) == 0x0407);
    CHECK(t.inb(status) == 0x50);
    t.outb(command, 0x08); // DEVICE RESET
    CHECK(t.inb(status) == 0x00);
    CHECK(t.inb(mid) == 0x14);
}

TEST_CASE("atapi: reads by PIO in bursts of the byte count limit with an interrupt each and one at the end") {
    Cd t;
    for (const unsigned count : {1U, 10U, 100U}) {
        CAPTURE(count);
        t.irq15.take_rises();
        t.packet(t.read10(7, static_cast<std::uint16_t>(count)), 5120);
        Bytes got;
        while (got.size() < count * 2048) {
            CHECK(t.irq15.take_rises() == 1);
            CHECK((t.inb(status) & 0x89) == 0x08);
            const std::size_t expected = std::min<std::size_t>(5120, count * 2048 - got.size());
            CHECK((t.inb(mid) | t.inb(high) << 8) == static_cast<int>(expected));
            Bytes part(expected);
            t.ports.read_block(data, 2, part);
            got.insert(got.end(), part.begin(), part.end());
            t.step_ms(2);
        }
        CHECK(t.irq15.take_rises() == 1);
        CHECK(t.inb(reason) == 0x03);
        CHECK(t.inb(status) == 0x50);
        CHECK(got == t.blocks(7, count));
    }
}

TEST_CASE("atapi: odd limits are rounded down, zero and FFFFh mean the most there is") {
    Cd t;
    t.packet(t.read10(0, 2), 1001);
    CHECK((t.inb(mid) | t.inb(high) << 8) == 1000);
    t.outb(control, 0x04);
    t.outb(control, 0x00);
    for (const std::uint16_t limit : {std::uint16_t{0}, std::uint16_t{0xFFFF}}) {
        t.packet(t.read10(0, 40), limit);
        CHECK((t.inb(mid) | t.inb(high) << 8) == 0xFFFE);
        t.outb(control, 0x04);
        t.outb(control, 0x00);
    }
    CHECK(t.receive(t.read10(0, 40), 0xFFFF) == t.blocks(0, 40));
    CHECK(t.receive(t.read10(3, 5), 2) == t.blocks(3, 5));
}

TEST_CASE("atapi: reads by DMA when the feature bit asks for it, with one interrupt") {
    Cd t;
    t.memory.write32(0x8000, 0x10000);
    t.memory.write32(0x8004, 0x0000);
    t.memory.write32(0x8008, 0x20000);
    t.memory.write32(0x800C, 0x80000000U | 0x9000U);
    t.outl(bm + 4, 0x8000);
    t.outb(bm, 0x09);
    t.irq15.take_rises();
    t.packet(t.read10(100, 50), 0, true); // 64 KiB and 36 KiB
    t.step_ms(5);
    CHECK(t.irq15.take_rises() == 1);
    CHECK((t.inb(bm + 2) & 7) == 0x04);
    CHECK(t.inb(status) == 0x50);
    CHECK(t.inb(reason) == 0x03);
    CHECK(std::memcmp(t.ram.data() + 0x10000, t.disc.data.data() + 100 * 2048, 50 * 2048) == 0);
}

TEST_CASE("atapi: inquiry, capacity, header and READ(12)") {
    Cd t;
    const Bytes inquiry = t.receive({0x12, 0, 0, 0, 36});
    REQUIRE(inquiry.size() == 36);
    CHECK(inquiry[0] == 0x05);
    CHECK(inquiry[1] == 0x80);
    CHECK(std::string(inquiry.begin() + 8, inquiry.end()) == "NTFERRY CD-ROM          1.0 ");
    CHECK(t.receive({0x12, 0, 0, 0, 5}).size() == 5);
    const Bytes capacity = t.receive({0x25});
    CHECK(load_be<std::uint32_t>(capacity, 0) == disc_blocks - 1);
    CHECK(load_be<std::uint32_t>(capacity, 4) == 2048);
    CHECK(t.receive({0x44, 2, 0, 0, 0, 75, 0, 0, 8}) == Bytes{1, 0, 0, 0, 0, 0, 3, 0});
    CHECK(t.receive({0xA8, 0, 0, 0, 0, 9, 0, 0, 0, 3}) == t.blocks(9, 3));
    CHECK(t.receive({0xBE, 0, 0, 0, 0, 9, 0, 0, 2, 0x10}) == t.blocks(9, 2));
    t.packet({0xBE, 0, 0, 0, 0, 9, 0, 0, 2, 0xF8});
    CHECK(t.sense() == Sense{0x05, 0x24, 0x00});
}

TEST_CASE("atapi: table of contents of one data track in both address forms and three formats") {
    Cd t;
    CHECK(t.receive({0x43, 0, 0, 0, 0, 0, 0, 0, 100}) ==
          Bytes{0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xAA, 0, 0, 0, 0x01, 0x90});
    CHECK(t.receive({0x43, 2, 0, 0, 0, 0, 0xAA, 0, 100}) ==
          Bytes{0, 10, 1, 1, 0, 0x14, 0xAA, 0, 0, 0, 7, 25});
    CHECK(t.receive({0x43, 0, 0, 0, 0, 0, 0, 0, 100, 0x40}) == Bytes{0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0});
    const Bytes full = t.receive({0x43, 2, 2, 0, 0, 0, 0, 0, 100});
    CHECK(full.size() == 48);
    CHECK(full.at(4 + 22 + 3) == 0xA2);
    CHECK(full.at(4 + 22 + 8) == 0x00);
    CHECK(full.at(4 + 22 + 9) == 0x07);
    t.packet({0x43, 0, 0, 0, 0, 0, 2, 0, 100});
    CHECK(t.sense() == Sense{0x05, 0x24, 0x00});
}

TEST_CASE("atapi: mode pages, configuration and event status") {
    Cd t;
    const Bytes page = t.receive({0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 128});
    CHECK(page.size() == 28);
    CHECK(page.at(1) == 26);
    CHECK(page.at(2) == 0x01);
    CHECK(page.at(8) == 0x2A);
    CHECK((page.at(14) & 2) == 0);
    t.receive({0x1E, 0, 0, 0, 1});
    CHECK((t.receive({0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 128}).at(14) & 2) == 2);
    const Bytes changeable = t.receive({0x5A, 0, 0x41, 0, 0, 0, 0, 0, 128});
    CHECK(changeable.at(11) == 0x00);
    CHECK(t.receive({0x5A, 0, 0x3F, 0, 0, 0, 0, 0, 255}).size() == 8 + 8 + 8 + 16 + 20);
    t.packet({0x5A, 0, 0x08, 0, 0, 0, 0, 0, 128});
    CHECK(t.sense() == Sense{0x05, 0x24, 0x00});
    t.packet({0x5A, 0, 0xC1, 0, 0, 0, 0, 0, 128});
    CHECK(t.sense() == Sense{0x05, 0x39, 0x00});
    const Bytes configuration = t.receive({0x46, 0, 0, 0, 0, 0, 0, 0, 255});
    CHECK(load_be<std::uint32_t>(configuration, 0) == configuration.size() - 4);
    CHECK(load_be<std::uint16_t>(configuration, 6) == 0x0008);
    CHECK(t.receive({0x46, 2, 0, 0x1E, 0, 0, 0, 0, 255}).size() == 16);
    CHECK(t.receive({0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8}) == Bytes{0, 6, 4, 0x10, 0, 2, 0, 0});
    t.packet({0x4A, 0, 0, 0, 0x10, 0, 0, 0, 8});
    CHECK(t.sense() == Sense{0x05, 0x24, 0x00});
}

TEST_CASE("atapi: MODE SELECT takes its parameter list and changes nothing") {
    Cd t;
    t.packet({0x55, 0x10, 0, 0, 0, 0, 0, 0, 16});
    CHECK(t.inb(reason) == 0x00);
    CHECK((t.inb(status) & 0x88) == 0x08);
    t.ports.write_block(data, 2, Bytes(16, 0xFF));
    CHECK(t.inb(reason) == 0x03);
    CHECK(t.inb(status) == 0x50);
}

TEST_CASE("atapi: unknown commands, audio and blocks beyond the end are refused with their sense") {
    Cd t;
    t.packet({0xFE});
    CHECK(t.irq15.level());
    CHECK(t.inb(status) == 0x41);
    CHECK(t.inb(error) == 0x54);
    CHECK(t.inb(reason) == 0x03);
    CHECK(t.sense() == Sense{0x05, 0x20, 0x00});
    CHECK(t.sense() == Sense{0x00, 0x00, 0x00}); // told once
    t.packet({0x45, 0, 0, 0, 0, 0, 0, 0, 1});
    CHECK(t.sense() == Sense{0x05, 0x64, 0x00});
    t.packet(t.read10(disc_blocks - 1, 2));
    CHECK(t.sense() == Sense{0x05, 0x21, 0x00});
    t.packet(t.read10(disc_blocks, 0));
    CHECK(t.inb(status) == 0x50);
    t.disc.bad_offset = 5 * 2048;
    t.packet(t.read10(4, 4));
    CHECK(t.inb(error) == 0x30);
    CHECK(t.sense() == Sense{0x03, 0x11, 0x00});
}

TEST_CASE("atapi: an empty drive says so, and flushing it does nothing bad") {
    Cd t(false);
    t.packet({0x00});
    CHECK(t.inb(status) == 0x41);
    CHECK(t.sense() == Sense{0x02, 0x3A, 0x01});
    t.packet(t.read10(0, 1));
    CHECK(t.sense() == Sense{0x02, 0x3A, 0x01});
    CHECK(t.receive({0x12, 0, 0, 0, 36}).size() == 36);
    t.outb(command, 0xE7);
    CHECK(t.inb(error) == 0x04);
}

TEST_CASE("atapi: a changed disc is a unit attention once and a new medium event") {
    Cd t;
    CHECK(t.drive->insert(t.other, false));
    CHECK(t.receive({0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8}) == Bytes{0, 6, 4, 0x10, 2, 2, 0, 0});
    t.packet({0x00});
    CHECK(t.sense() == Sense{0x06, 0x28, 0x00});
    t.packet({0x00});
    CHECK(t.inb(status) == 0x50);
    CHECK(load_be<std::uint32_t>(t.receive({0x25}), 0) == 9);
    CHECK(t.drive->eject(false));
    t.packet({0x00});
    CHECK(t.sense() == Sense{0x02, 0x3A, 0x02});
}

TEST_CASE("atapi: the guest opens and closes the tray unless it locked it; the control channel may force") {
    Cd t;
    int moves = 0;
    t.drive->tray_moved = [&](bool open) { moves += open ? 1 : 100; };
    t.packet({0x1E, 0, 0, 0, 1});
    t.packet({0x1B, 0, 0, 0, 2});
    CHECK(t.sense() == Sense{0x05, 0x53, 0x02});
    CHECK_FALSE(t.drive->eject(false));
    CHECK_FALSE(t.drive->insert(t.other, false));
    t.packet({0x1E, 0, 0, 0, 0});
    t.packet({0x1B, 0, 0, 0, 2});
    CHECK(t.drive->tray_open());
    t.packet({0x00});
    CHECK(t.sense() == Sense{0x02, 0x3A, 0x02});
    t.packet({0x1B, 0, 0, 0, 3});
    CHECK_FALSE(t.drive->tray_open());
    CHECK(moves == 101);
    t.packet({0x00});
    CHECK(t.sense() == Sense{0x06, 0x28, 0x00});
    t.packet({0x1E, 0, 0, 0, 1});
    CHECK(t.drive->insert(t.other, true));
    CHECK(t.drive->medium() == &t.other);
}

TEST_CASE("atapi: a forced eject in the middle of a read ends it with not ready") {
    Cd t;
    t.outb(command, 0xA0);
    t.ports.write_block(data, 2, t.read10(0, 100));
    CHECK((t.inb(status) & 0x80) != 0);
    CHECK(t.drive->eject(true));
    CHECK(t.inb(status) == 0x41);
    t.step_ms(5);
    CHECK(t.sense() == Sense{0x02, 0x3A, 0x02});
}

TEST_CASE("atapi: a read under way survives save and load") {
    Cd from;
    Cd to;
    from.packet(from.read10(20, 100), 4096);
    Bytes part(4096);
    from.ports.read_block(data, 2, part);
    CHECK(survives_save_and_load(from.ide, to.ide));
    Bytes rest;
    while ((to.inb(status) & 0x88) == 0x08) {
        Bytes next(4096);
        to.ports.read_block(data, 2, next);
        rest.insert(rest.end(), next.begin(), next.end());
        to.step_ms(2);
    }
    CHECK(rest == to.blocks(22, 98));

    from.ide.reset();
    from.outb(command, 0xA0);
    from.ports.write_block(data, 2, from.read10(1, 1));
    CHECK(survives_save_and_load(from.ide, to.ide));
    to.step_ms(2);
    CHECK((to.inb(status) & 0x88) == 0x08);
    Cd empty(false);
    CHECK_THROWS_AS(load_state(empty.ide, saved_state(from.ide)), Error);
}

TEST_CASE("atapi: the state of a drive that was never used comes back as it was") {
    Cd from;
    Cd to;
    CHECK(survives_save_and_load(from.ide, to.ide));
}
