// The 82077AA floppy controller. SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "tests/devices/fake_disk.hpp"
#include "vmm/devices/fdc82077.hpp"

#include <catch2/catch.hpp>

#include <initializer_list>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

constexpr std::uint16_t dor = 0x3F2, msr = 0x3F4, fifo = 0x3F5, dir = 0x3F7, ccr = 0x3F7;

struct Floppy : Bench {
    explicit Floppy(bool with_disk = true, unsigned drives = 1)
        : Bench(1U << 20U), disk(clock, 1474560), dma(ports, memory), fdc(ports, clock, irq, dma, drives) {
        for (std::size_t i = 0; i < disk.data.size(); ++i)
            disk.data[i] = static_cast<std::uint8_t>(i / 512 * 5 + i);
        if (with_disk)
            fdc.set_medium(0, &disk);
        outb(0xD4, 0x00);
        start();
    }
    FakeDisk disk;
    Dma8237 dma;
    Fdc82077 fdc;

    void start(std::uint8_t value = 0x1C) {
        outb(dor, 0x08);
        outb(dor, value);
        outb(ccr, 0x00);
        step_ms(1);
        for (int i = 0; i < 4; ++i)
            command({0x08}, 2);
    }
    /// Sends a command and collects its results.
    Bytes command(std::initializer_list<std::uint8_t> bytes, unsigned results) {
        for (const std::uint8_t byte : bytes) {
            REQUIRE((inb(msr) & 0xC0) == 0x80);
            outb(fifo, byte);
        }
        step_ms(20);
        Bytes got;
        while (got.size() < results && (inb(msr) & 0xD0) == 0xD0)
            got.push_back(inb(fifo));
        CHECK((inb(msr) & 0x10) == 0);
        return got;
    }
    Bytes seek(std::uint8_t cylinder, std::uint8_t drive = 0) {
        command({0x0F, drive, cylinder}, 0);
        return command({0x08}, 2);
    }
    void dma_program(bool to_memory, std::uint32_t address, unsigned bytes) {
        outb(0x0A, 0x06);
        outb(0x0C, 0x00);
        outb(0x0B, to_memory ? 0x46 : 0x4A);
        outb(0x04, static_cast<std::uint8_t>(address));
        outb(0x04, static_cast<std::uint8_t>(address >> 8U));
        outb(0x81, static_cast<std::uint8_t>(address >> 16U));
        outb(0x05, static_cast<std::uint8_t>(bytes - 1));
        outb(0x05, static_cast<std::uint8_t>((bytes - 1) >> 8U));
        outb(0x0A, 0x02);
    }
    Bytes sectors(unsigned lba, unsigned count) const {
        const auto from = disk.data.begin() + static_cast<std::ptrdiff_t>(lba) * 512;
        return Bytes(from, from + static_cast<std::ptrdiff_t>(count) * 512);
    }
    Bytes memory_at(std::uint32_t address, std::size_t length) const {
        const auto from = ram.begin() + address;
        return Bytes(from, from + static_cast<std::ptrdiff_t>(length));
    }
};

} // namespace

TEST_CASE("fdc: leaving reset interrupts and four drives have changed") {
    Floppy t;
    t.outb(dor, 0x08);
    CHECK(t.inb(msr) == 0x00);
    t.irq.take_rises();
    t.outb(dor, 0x0C);
    CHECK(t.irq.take_rises() == 0);
    t.step_ms(1);
    CHECK(t.irq.take_rises() == 1);
    CHECK(t.inb(msr) == 0x80);
    for (std::uint8_t i = 0; i < 4; ++i)
        CHECK(t.command({0x08}, 2) == Bytes{static_cast<std::uint8_t>(0xC0 | i), 0});
    CHECK_FALSE(t.irq.level());
    CHECK(t.command({0x08}, 2) == Bytes{0x80}); // nothing pending
}

TEST_CASE("fdc: version, lock, configure, dumpreg, invalid commands") {
    Floppy t;
    CHECK(t.command({0x10}, 1) == Bytes{0x90});
    CHECK(t.command({0x94}, 1) == Bytes{0x10});
    t.command({0x13, 0x00, 0x57, 0x22}, 0);
    t.command({0x03, 0xAF, 0x02}, 0);
    t.start(); // LOCK keeps the configuration over a software reset
    const Bytes dump = t.command({0x0E}, 10);
    CHECK(dump == Bytes{0, 0, 0, 0, 0xAF, 0x02, 0, 0x80, 0x57, 0x22});
    CHECK(t.command({0x14}, 1) == Bytes{0x00});
    t.start();
    CHECK(t.command({0x0E}, 10).at(8) == 0x20);
    for (const std::uint8_t code : std::initializer_list<std::uint8_t>{0x00, 0x01, 0x11, 0x1F, 0x18, 0x54})
        CHECK(t.command({code}, 7) == Bytes{0x80});
}

TEST_CASE("fdc: seek, relative seek and recalibrate report where the head is") {
    Floppy t;
    CHECK(t.seek(10) == Bytes{0x20, 10});
    t.command({0xCF, 0x00, 5}, 0);
    CHECK(t.command({0x08}, 2) == Bytes{0x20, 15});
    t.command({0x8F, 0x00, 3}, 0);
    CHECK(t.command({0x08}, 2) == Bytes{0x20, 12});
    CHECK(t.command({0x04, 0x00}, 1) == Bytes{0x28});
    t.command({0x07, 0x00}, 0);
    CHECK(t.command({0x08}, 2) == Bytes{0x20, 0});
    CHECK(t.command({0x04, 0x04}, 1) == Bytes{0x3C});
    t.command({0x07, 0x01}, 0); // no such drive: track 0 is never found
    CHECK(t.command({0x08}, 2).at(0) == 0x71);
    t.seek(90);
    t.command({0x07, 0x00}, 0); // 79 steps are not enough
    CHECK(t.command({0x08}, 2) == Bytes{0x70, 11});
}

TEST_CASE("fdc: the disk change line falls only when a step pulse finds a disk") {
    Floppy t(false);
    CHECK((t.inb(dir) & 0x80) != 0);
    t.seek(1);
    CHECK((t.inb(dir) & 0x80) != 0);
    t.fdc.set_medium(0, &t.disk);
    t.seek(1); // no step
    CHECK((t.inb(dir) & 0x80) != 0);
    t.seek(0);
    CHECK((t.inb(dir) & 0x80) == 0);
    t.fdc.set_medium(0, nullptr);
    CHECK((t.inb(dir) & 0x80) != 0);
    t.seek(1);
    CHECK((t.inb(dir) & 0x80) != 0);
}

TEST_CASE("fdc: READ DATA by DMA ends at terminal count, with the address of the next sector") {
    Floppy t;
    t.seek(3);
    t.dma_program(true, 0x10000, 4 * 512);
    t.irq.take_rises();
    CHECK(t.command({0xE6, 0x04, 3, 1, 5, 2, 18, 0x1B, 0xFF}, 7) == Bytes{0x04, 0, 0, 3, 1, 9, 2});
    CHECK(t.irq.take_rises() == 1);
    CHECK(t.memory_at(0x10000, 2048) == t.sectors((3 * 2 + 1) * 18 + 4, 4));
    CHECK(t.inb(0x08) == 0x04);
}

TEST_CASE("fdc: multi-track reads go on on the other side and the address follows table 5-5") {
    Floppy t;
    t.dma_program(true, 0x10000, 36 * 512);
    CHECK(t.command({0xE6, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 7) == Bytes{0x04, 0, 0, 1, 0, 1, 2});
    CHECK(t.memory_at(0x10000, 36 * 512) == t.sectors(0, 36));
    t.dma_program(true, 0x20000, 18 * 512);
    CHECK(t.command({0xE6, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 7) == Bytes{0x00, 0, 0, 0, 1, 1, 2});
    t.dma_program(true, 0x20000, 18 * 512);
    CHECK(t.command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 7) == Bytes{0x00, 0, 0, 1, 0, 1, 2});
}

TEST_CASE("fdc: without terminal count the end of the track is an error, without DMA room an overrun") {
    Floppy t;
    t.dma_program(true, 0x10000, 0x8000);
    CHECK(t.command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 7) == Bytes{0x40, 0x80, 0, 1, 0, 1, 2});
    t.outb(0x0A, 0x06);
    CHECK(t.command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 7) == Bytes{0x40, 0x10, 0, 0, 0, 1, 2});
}

TEST_CASE("fdc: WRITE DATA and FORMAT TRACK by DMA") {
    Floppy t;
    t.seek(1);
    for (unsigned i = 0; i < 1024; ++i)
        t.ram[0x20000 + i] = static_cast<std::uint8_t>(i * 7);
    t.dma_program(false, 0x20000, 1024);
    CHECK(t.command({0xC5, 0x00, 1, 0, 17, 2, 18, 0x1B, 0xFF}, 7) == Bytes{0, 0, 0, 1, 1, 1, 2});
    CHECK(t.sectors(36 + 16, 2) == t.memory_at(0x20000, 1024));
    for (unsigned i = 0; i < 18; ++i) {
        const std::uint8_t id[] = {1, 1, static_cast<std::uint8_t>(i + 1), 2};
        std::copy(std::begin(id), std::end(id), t.ram.begin() + 0x30000 + i * 4);
    }
    t.dma_program(false, 0x30000, 18 * 4);
    CHECK(t.command({0x4D, 0x04, 2, 18, 0x6C, 0xF6}, 7).at(0) == 0x04);
    CHECK(t.sectors(36 + 18, 18) == Bytes(18 * 512, 0xF6));
    t.disk.write_protected = true;
    t.dma_program(false, 0x20000, 512);
    CHECK(t.command({0xC5, 0x00, 1, 0, 1, 2, 18, 0x1B, 0xFF}, 7).at(1) == 0x02);
}

TEST_CASE("fdc: reads without DMA hand over every byte with RQM and end at EOT") {
    Floppy t;
    t.command({0x03, 0xAF, 0x03}, 0); // ND
    for (const unsigned count : {1U, 18U}) {
        for (const std::uint8_t byte :
             {std::uint8_t{0x46}, std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{1},
              std::uint8_t{2}, static_cast<std::uint8_t>(count), std::uint8_t{0x1B}, std::uint8_t{0xFF}})
            t.outb(fifo, byte);
        t.step_ms(1);
        CHECK(t.irq.level());
        Bytes got;
        while (t.inb(msr) == 0xF0) {
            got.push_back(t.inb(fifo));
            t.step_us(1);
        }
        CHECK(got == t.sectors(0, count));
        CHECK(t.inb(msr) == 0xD0);
        CHECK(t.irq.level());
        CHECK(t.inb(fifo) == 0x40);
        CHECK_FALSE(t.irq.level());
        CHECK(t.inb(fifo) == 0x80); // nothing told it to stop
        for (int i = 0; i < 5; ++i)
            t.inb(fifo);
        CHECK(t.inb(msr) == 0x80);
    }
}

TEST_CASE("fdc: writes without DMA") {
    Floppy t;
    t.command({0x03, 0xAF, 0x03}, 0);
    for (const unsigned byte : {0x45U, 0U, 0U, 0U, 2U, 2U, 2U, 0x1BU, 0xFFU})
        t.outb(fifo, static_cast<std::uint8_t>(byte));
    t.step_ms(1);
    for (unsigned i = 0; i < 512; ++i) {
        REQUIRE(t.inb(msr) == 0xB0);
        t.outb(fifo, 0x99);
    }
    t.step_ms(1);
    CHECK(t.inb(msr) == 0xD0);
    CHECK(t.sectors(1, 1) == Bytes(512, 0x99));
}

TEST_CASE("fdc: READ ID on both heads, without a disk, on a drive that is not there, at the wrong rate") {
    Floppy t;
    t.seek(8);
    CHECK(t.command({0x4A, 0x00}, 7) == Bytes{0x00, 0, 0, 8, 0, 1, 2});
    CHECK(t.command({0x4A, 0x04}, 7) == Bytes{0x04, 0, 0, 8, 1, 1, 2});
    CHECK(t.command({0x4A, 0x01}, 7).at(1) == 0x01);
    t.outb(ccr, 0x02);
    CHECK(t.command({0x4A, 0x00}, 7).at(0) == 0x40);
    t.outb(ccr, 0x00);
    t.fdc.set_medium(0, nullptr);
    const Bytes none = t.command({0x4A, 0x00}, 7);
    CHECK(none.at(0) == 0x40);
    CHECK(none.at(1) == 0x01);
}

TEST_CASE("fdc: sectors that are not there and bad ones are told apart") {
    Floppy t;
    t.dma_program(true, 0x10000, 512);
    CHECK(t.command({0x46, 0x00, 0, 0, 19, 2, 19, 0x1B, 0xFF}, 7).at(1) == 0x04);
    CHECK(t.command({0x46, 0x00, 5, 0, 1, 2, 18, 0x1B, 0xFF}, 7) == Bytes{0x40, 0x04, 0x10, 5, 0, 1, 2});
    CHECK(t.command({0x46, 0x04, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 7).at(1) == 0x04);
    CHECK(t.command({0x46, 0x00, 0, 0, 1, 3, 18, 0x1B, 0xFF}, 7).at(1) == 0x04);
    t.disk.bad_offset = 3 * 512;
    CHECK(t.command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 7).at(1) == 0x20);
    t.fdc.set_medium(0, nullptr);
    CHECK(t.command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 7).at(0) == 0x40);
}

TEST_CASE("fdc: VERIFY reads without moving anything") {
    Floppy t;
    const Bytes before = t.ram;
    CHECK(t.command({0x56, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 7).at(0) == 0x00);
    CHECK(t.ram == before);
}

TEST_CASE("fdc: an implied seek moves the head when CONFIGURE allows it") {
    Floppy t;
    t.command({0x13, 0x00, 0x60, 0x00}, 0);
    t.dma_program(true, 0x10000, 512);
    CHECK(t.command({0x46, 0x00, 5, 0, 1, 2, 18, 0x1B, 0xFF}, 7).at(0) == 0x00);
    CHECK(t.memory_at(0x10000, 512) == t.sectors(180, 1));
}

TEST_CASE("fdc: taking the disk out in the middle of a read ends it") {
    Floppy t;
    t.dma_program(true, 0x10000, 512);
    for (const unsigned byte : {0x46U, 0U, 0U, 0U, 1U, 2U, 18U, 0x1BU, 0xFFU})
        t.outb(fifo, static_cast<std::uint8_t>(byte));
    t.step_us(60);
    t.fdc.set_medium(0, nullptr);
    CHECK(t.inb(msr) == 0xD0);
    CHECK(t.inb(fifo) == 0x40);
    t.step_ms(5);
}

TEST_CASE("fdc: the interrupt is gated by DOR bit 3") {
    Floppy t;
    t.command({0x0F, 0x00, 5}, 0);
    CHECK(t.irq.level());
    t.outb(dor, 0x14);
    CHECK_FALSE(t.irq.level());
    t.outb(dor, 0x1C);
    CHECK(t.irq.level());
}

TEST_CASE("fdc: formats by image size") {
    CHECK(floppy_geometry(1474560) == FloppyGeometry{80, 2, 18, 0});
    CHECK(floppy_geometry(737280) == FloppyGeometry{80, 2, 9, 2});
    CHECK(floppy_geometry(1228800) == FloppyGeometry{80, 2, 15, 0});
    CHECK(floppy_geometry(368640) == FloppyGeometry{40, 2, 9, 2});
    CHECK(floppy_geometry(2949120) == FloppyGeometry{80, 2, 36, 3});
    CHECK(floppy_geometry(1000) == FloppyGeometry{40, 1, 8, 2});
    CHECK_FALSE(floppy_geometry(0).has_value());
    CHECK_FALSE(floppy_geometry(100 << 20U).has_value());
}

TEST_CASE("fdc: a read under way survives save and load") {
    Floppy from;
    Floppy to;
    from.dma_program(true, 0x10000, 512);
    to.dma_program(true, 0x10000, 512);
    for (const unsigned byte : {0x46U, 0U, 0U, 0U, 2U, 2U, 18U, 0x1BU, 0xFFU})
        from.outb(fifo, static_cast<std::uint8_t>(byte));
    from.step_us(60);
    CHECK(survives_save_and_load(from.fdc, to.fdc));
    to.step_ms(5);
    CHECK(to.inb(msr) == 0xD0);
    CHECK(to.inb(fifo) == 0x00);
    CHECK(to.memory_at(0x10000, 512) == to.sectors(1, 1));
    to.fdc.reset();
    CHECK(to.inb(dor) == 0x00);
    CHECK(to.inb(msr) == 0x00);
}
