// The bus masters of the PIIX IDE function.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/ide_bench.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <vector>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;
using namespace ntferry::vmm::test::ide_bench;

TEST_CASE("ide bmdma: registers and the preset capability bits") {
    Ide t;
    t.ide.reset();
    t.map_bus_master();
    CHECK(t.inb(bm_status) == 0x20); // master present, no slave
    CHECK(t.inb(bm + 10) == 0x00);   // nothing on the secondary
    t.outb(bm_status, 0x60);
    CHECK(t.inb(bm_status) == 0x60);
    t.outl(bm_table, 0x12345677);
    CHECK(t.inl(bm_table) == 0x12345674);
    t.outb(bm, 0x08);
    CHECK(t.inl(bm) == 0x00600008);
}

TEST_CASE("ide bmdma: two sectors out and back, interrupt set and active clear at the end") {
    Ide t;
    for (unsigned i = 0; i < 1024; ++i)
        t.ram[0x10000 + i] = static_cast<std::uint8_t>(i * 3);
    const std::vector<Ide::Prd> one = {{0x10000, 1024 | eot}};
    CHECK(t.dma(0xCA, 10, 2, one) == 0x04);
    CHECK(t.irq.level());
    CHECK(t.inb(status) == idle);
    CHECK_FALSE(t.irq.level());
    t.outb(bm, 0);
    const std::vector<Ide::Prd> two = {{0x20000, 512}, {0x20200, 512 | eot}};
    CHECK(t.dma(0xC8, 10, 2, two) == 0x04);
    CHECK(std::memcmp(t.ram.data() + 0x10000, t.ram.data() + 0x20000, 1024) == 0);
}

TEST_CASE("ide bmdma: a drive that is ready before the engine waits for it") {
    Ide t;
    t.prepare_table({{0x10000, 512 | eot}});
    t.lba_command(0xC8, 3, 1);
    t.step_ms(1);
    CHECK(t.inb(control) == (idle | 0x08));
    CHECK_FALSE(t.irq.level());
    t.outb(bm, 0x09);
    CHECK((t.inb(bm_status) & 7) == 0x04);
    CHECK(std::memcmp(t.ram.data() + 0x10000, t.disk.data.data() + 3 * 512, 512) == 0);
}

TEST_CASE("ide bmdma: regions and transfers of every relation end as SFF-8038i says") {
    Ide t;
    for (const unsigned sectors : {1U, 2U, 16U, 255U, 256U}) {
        for (const std::uint32_t size : {0U, 2U, 510U, 512U, 513U, 1024U, 4096U, 8192U, 65534U}) {
            const std::uint32_t effective = (size & 0xFFFEU) == 0 ? 65536 : size & 0xFFFEU;
            const std::uint8_t expected = effective == sectors * 512  ? 0x04
                                          : effective > sectors * 512 ? 0x05
                                                                      : 0;
            for (const std::uint8_t code : std::initializer_list<std::uint8_t>{0xC8, 0xCA}) {
                CAPTURE(sectors, size, code);
                CHECK(t.dma(code, 0, static_cast<std::uint8_t>(sectors), {{0x10000, size | eot}}) ==
                      expected);
                CHECK((t.inb(status) & 0x21) == 0);
                t.outb(control, 0x04);
                t.outb(control, 0x00);
            }
        }
    }
}

TEST_CASE("ide bmdma: stopping early clears active, keeps the interrupt rule and moves nothing more") {
    Ide t;
    t.prepare_table({{0x10000, 512 | eot}});
    t.lba_command(0xC8, 0, 1);
    t.outb(bm, 0x09);
    t.outb(bm, 0x00);
    const Bytes before = t.ram;
    t.step_ms(5);
    CHECK((t.inb(bm_status) & 7) == 0);
    CHECK(t.ram == before);
    CHECK(t.dma(0xC8, 0, 1, {{0x10000, 4096 | eot}}) == 0x05);
    t.outb(bm, 0x00);
    CHECK((t.inb(bm_status) & 7) == 0x04);
}

TEST_CASE("ide bmdma: a short table can be followed by another that takes the rest") {
    Ide t;
    CHECK(t.dma(0xC8, 20, 2, {{0x10000, 512 | eot}}) == 0);
    t.outb(bm, 0);
    t.prepare_table({{0x10200, 512 | eot}});
    t.outb(bm, 0x09);
    CHECK((t.inb(bm_status) & 7) == 0x04);
    CHECK(std::memcmp(t.ram.data() + 0x10000, t.disk.data.data() + 20 * 512, 1024) == 0);
}

TEST_CASE("ide bmdma: without bus mastering nothing reaches memory or the disk") {
    Ide t;
    t.ide.config_write(0x04, 2, 0x0001);
    const Bytes before = t.ram;
    t.prepare_table({{0x10000, 512 | eot}});
    const Bytes with_table = t.ram;
    t.lba_command(0xC8, 0, 1);
    t.outb(bm, 0x09);
    t.step_ms(1);
    CHECK((t.inb(bm_status) & 7) == 0x05);
    CHECK((t.inb(status) & 0x21) == 0);
    CHECK(t.ram == with_table);
    t.outb(bm, 0x00);
    const Bytes disk_before = t.disk.data;
    t.lba_command(0xCA, 0, 1);
    t.outb(bm, 0x01);
    t.step_ms(1);
    CHECK(t.disk.data == disk_before);
}

TEST_CASE("ide bmdma: a table without an end stays active; regions outside RAM set the error bit") {
    Ide t;
    CHECK(t.dma(0xC8, 0, 1, {{0x10000, 512}}) == 0x05);
    CHECK(t.dma(0xC8, 0, 1, {{0xF0000000, 512 | eot}}) == 0x06);
    t.outb(bm_status, 0x06);
    CHECK((t.inb(bm_status) & 7) == 0);
}

TEST_CASE("ide bmdma: an unreadable sector interrupts with ERR and leaves the engine active") {
    Ide t;
    t.disk.bad_offset = 512;
    t.prepare_table({{0x10000, 1024 | eot}});
    t.lba_command(0xC8, 0, 2);
    t.outb(bm, 0x09);
    t.step_ms(5);
    CHECK((t.inb(bm_status) & 7) == 0x05);
    CHECK(t.inb(status) == (idle | 0x01));
    CHECK(t.inb(error) == 0x40);
    CHECK(t.current_lba() == 1);
}
