// The PIIX IDE function's configuration space and the commands of an ATA disk.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/ide_bench.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;
using namespace ntferry::vmm::test::ide_bench;

TEST_CASE("ide: configuration space as in the PIIX3 data sheet, with bus mastering left on for NT") {
    Ide t;
    t.ide.reset();
    CHECK(t.ide.config_read(0x00, 4) == 0x70108086);
    CHECK(t.ide.config_read(0x08, 4) == 0x01018000); // class 01 01, interface 80h: bus master
    CHECK(t.ide.config_read(0x04, 2) == 0x0005);
    CHECK(t.ide.config_read(0x06, 2) == 0x0280);
    CHECK(t.ide.config_read(0x20, 4) == 0x00000001);
    t.ide.config_write(0x20, 4, 0xFFFFFFFF);
    CHECK(t.ide.config_read(0x20, 4) == 0xFFFFFFF1); // sixteen I/O ports
    t.ide.config_write(0x04, 2, 0x0107);
    CHECK(t.ide.config_read(0x04, 2) == 0x0005);
}

TEST_CASE("ide: the decode enable bits of IDETIM and IOSE take the ports away") {
    Ide t;
    t.ide.config_write(0x40, 2, 0x0000);
    CHECK(t.inb(status) == 0xFF);
    t.ide.config_write(0x40, 2, 0x8000);
    CHECK(t.inb(status) == idle);
    t.ide.config_write(0x04, 2, 0x0000);
    CHECK(t.inb(status) == 0xFF);
    CHECK(t.ports.owner(bm).empty());
}

TEST_CASE("ide: a bus master base on another device's ports is not decoded and throws nothing") {
    Ide t;
    struct Other : PortDevice {
        std::uint32_t port_read(std::uint16_t, unsigned) override { return 0x55; }
        void port_write(std::uint16_t, unsigned, std::uint32_t) override {}
    } other;
    t.ports.claim(0x3F8, 8, other, "uart");
    t.ide.config_write(0x20, 4, 0x3F0);
    CHECK(t.inb(0x3F8) == 0x55);
}

TEST_CASE("ide: IDENTIFY shows strings, geometry and transfer modes") {
    AtaDiskOptions options;
    options.serial = "testdisk";
    options.firmware = "version";
    options.model = "NT DISK";
    Ide t(options);
    t.outb(drive_head, 0xA0);
    t.outb(command, 0xEC);
    CHECK(t.irq.level());
    Bytes id;
    for (int i = 0; i < 256; ++i) {
        REQUIRE((t.inb(status) & 0x89) == 0x08);
        const std::uint16_t value = t.inw(data);
        id.push_back(static_cast<std::uint8_t>(value));
        id.push_back(static_cast<std::uint8_t>(value >> 8U));
    }
    CHECK(t.inb(status) == idle);
    CHECK_FALSE(t.irq.level());
    CHECK(text(id, 10, 10) == "testdisk            ");
    CHECK(text(id, 23, 4) == "version ");
    CHECK(text(id, 27, 4) == "NT DISK ");
    CHECK(word(id, 1) == 20);
    CHECK(word(id, 3) == 16);
    CHECK(word(id, 6) == 63);
    CHECK(word(id, 47) == 0x8010);
    CHECK(word(id, 49) == 0x0F00);
    CHECK(word(id, 53) == 0x0007);
    CHECK(word(id, 54) == 20);
    CHECK(load_le<std::uint32_t>(id, 57 * 2) == 20160);
    CHECK(load_le<std::uint32_t>(id, 60 * 2) == 20160);
    CHECK(word(id, 63) == 0x0407); // multiword DMA 0-2, 2 selected
    CHECK((word(id, 64) & 3) == 3);
    CHECK(word(id, 88) == 0x0007);
    CHECK((word(id, 85) & 0x20) != 0);        // write cache
    CHECK((word(id, 93) & 0xDF61) == 0x4041); // SeaBIOS need not look for a slave
}

TEST_CASE("ide: IDENTIFY shows the geometry it was given") {
    AtaDiskOptions options;
    options.geometry = AtaGeometry{315, 2, 32};
    Ide t(options);
    t.outb(command, 0xEC);
    const Bytes id = t.read_words(256);
    CHECK(word(id, 1) == 315);
    CHECK(word(id, 3) == 2);
    CHECK(word(id, 6) == 32);
    CHECK(word(id, 55) == 2);
    options.geometry = AtaGeometry{100, 240, 63};
    CHECK_THROWS_AS(AtaDisk(t.disk, options), Error);
}

TEST_CASE("ide: heads that the task file cannot express become 16 heads for the drive") {
    CHECK(ata_geometry(8388608, 240, 63) == AtaGeometry{8322, 16, 63});
    CHECK(ata_geometry(40320, 8, 32) == AtaGeometry{157, 8, 32});
    CHECK(ata_geometry(std::uint64_t{80} << 21U) == AtaGeometry{16383, 16, 63});
}

TEST_CASE("ide: a disk beyond LBA28 ends at 2^28 - 1 sectors") {
    struct Huge : DiskBackend {
        std::uint64_t size() const override { return std::uint64_t{300} << 30U; }
        bool read_only() const override { return true; }
        void submit(Operation, std::uint64_t, MutableByteView, Completion) override {}
        void cancel_all() override {}
    } huge;
    Ide t;
    t.ide.attach(0, 0, std::make_unique<AtaDisk>(huge, AtaDiskOptions{}));
    t.outb(command, 0xEC);
    CHECK(load_le<std::uint32_t>(t.read_words(256), 60 * 2) == 0x0FFFFFFF);
    t.outb(drive_head, 0x40);
    t.outb(command, 0xF8); // READ NATIVE MAX ADDRESS
    CHECK(t.current_lba() == 0x0FFFFFFE);
}

TEST_CASE("ide: READ SECTORS reads the whole command ahead and interrupts once a sector") {
    Ide t;
    t.lba_command(0x20, 100, 3);
    CHECK((t.inb(control) & 0x80) != 0);
    t.step_ms(1);
    CHECK(t.disk.submissions == 1);
    Bytes got;
    for (unsigned i = 0; i < 3; ++i) {
        CHECK(t.irq.take_rises() == 1);
        CHECK(t.inb(status) == (idle | 0x08));
        CHECK_FALSE(t.irq.level());
        const Bytes part = t.read_words(256);
        got.insert(got.end(), part.begin(), part.end());
    }
    CHECK(t.irq.take_rises() == 0);
    CHECK(t.inb(status) == idle);
    CHECK(got == t.sectors(100, 3));
    CHECK(t.current_lba() == 102);
    CHECK(t.inw(data) == 0xFFFF);
}

TEST_CASE("ide: one block read may span every sector of a command, in words or dwords") {
    Ide t;
    t.lba_command(0x20, 7, 4);
    t.step_ms(1);
    Bytes bytes(4 * 512);
    t.ports.read_block(data, 4, bytes);
    CHECK(bytes == t.sectors(7, 4));
    CHECK(t.inb(status) == idle);
}

TEST_CASE("ide: a count of zero means 256 sectors") {
    Ide t;
    t.lba_command(0x20, 0, 0);
    t.step_ms(1);
    CHECK(t.read_words(256 * 256) == t.sectors(0, 256));
    CHECK(t.inb(status) == idle);
}

TEST_CASE("ide: READ MULTIPLE interrupts once a block and the last block may be short") {
    Ide t;
    t.outb(count, 4);
    t.outb(command, 0xC6);
    CHECK(t.inb(status) == idle);
    t.irq.take_rises();
    t.lba_command(0xC4, 10, 6);
    t.step_ms(1);
    CHECK(t.irq.take_rises() == 1);
    t.inb(status);
    CHECK(t.read_words(4 * 256) == t.sectors(10, 4));
    CHECK(t.irq.take_rises() == 1);
    t.inb(status);
    CHECK(t.read_words(2 * 256) == t.sectors(14, 2));
    CHECK(t.irq.take_rises() == 0);
    CHECK(t.inb(status) == idle);
}

TEST_CASE("ide: SET MULTIPLE MODE refuses what is no power of two up to 16, zero disables") {
    Ide t;
    for (const std::uint8_t bad : std::initializer_list<std::uint8_t>{3, 17, 32}) {
        t.outb(count, bad);
        t.outb(command, 0xC6);
        CHECK((t.inb(status) & 1) == 1);
        CHECK(t.inb(error) == 0x04);
    }
    t.outb(count, 0);
    t.outb(command, 0xC6);
    CHECK(t.inb(status) == idle);
    t.lba_command(0xC4, 0, 1);
    CHECK(t.inb(error) == 0x04);
}

TEST_CASE("ide: WRITE SECTORS takes words one by one, writes at the last and has no interrupt before") {
    Ide t;
    t.lba_command(0x30, 50, 2);
    CHECK(t.inb(control) == (idle | 0x08));
    CHECK_FALSE(t.irq.level());
    CHECK(t.ide.expects_data());
    for (unsigned i = 0; i < 256; ++i)
        t.outw(data, static_cast<std::uint16_t>(i));
    CHECK(t.irq.level());
    CHECK(t.inb(status) == (idle | 0x08));
    CHECK(t.disk.submissions == 0);
    for (unsigned i = 0; i < 256; ++i)
        t.outw(data, static_cast<std::uint16_t>(0xFF00U + i));
    CHECK_FALSE(t.irq.level());
    CHECK((t.inb(control) & 0x80) != 0);
    CHECK_FALSE(t.ide.expects_data());
    t.step_ms(1);
    CHECK(t.irq.level());
    CHECK(t.inb(status) == idle);
    CHECK(t.disk.submissions == 1);
    CHECK(load_le<std::uint16_t>(t.disk.data, 50 * 512 + 2) == 0x0001);
    CHECK(load_le<std::uint16_t>(t.disk.data, 51 * 512 + 2) == 0xFF01);
}

TEST_CASE("ide: WRITE MULTIPLE takes a whole block between interrupts") {
    Ide t;
    t.lba_command(0xC5, 0, 17);
    const Bytes ones(std::size_t{17} * 512, 0x11);
    t.ports.write_block(data, 2, ByteView(ones).first(16 * 512));
    CHECK(t.irq.take_rises() == 1);
    t.inb(status);
    t.ports.write_block(data, 2, ByteView(ones).first(512));
    t.step_ms(1);
    CHECK(t.irq.take_rises() == 1);
    CHECK(t.inb(status) == idle);
    CHECK(t.sectors(0, 17) == ones);
}

TEST_CASE("ide: CHS addresses follow the default geometry and INITIALIZE DEVICE PARAMETERS") {
    Ide t;
    const auto read_chs = [&](unsigned c, unsigned h, unsigned s) {
        t.outb(count, 1);
        t.outb(low, static_cast<std::uint8_t>(s));
        t.outb(mid, static_cast<std::uint8_t>(c));
        t.outb(high, static_cast<std::uint8_t>(c >> 8U));
        t.outb(drive_head, static_cast<std::uint8_t>(0xA0U | h));
        t.outb(command, 0x20);
        t.step_ms(1);
    };
    read_chs(2, 3, 4);
    CHECK(t.read_words(256) == t.sectors((2 * 16 + 3) * 63 + 3, 1));
    t.outb(count, 32);
    t.outb(drive_head, 0xA7); // 8 heads, 32 sectors
    t.outb(command, 0x91);
    CHECK(t.inb(status) == idle);
    read_chs(2, 3, 4);
    CHECK(t.read_words(256) == t.sectors((2 * 8 + 3) * 32 + 3, 1));
    read_chs(0, 0, 0); // sectors count from one
    CHECK(t.inb(error) == 0x10);
    read_chs(0, 8, 1);
    CHECK(t.inb(error) == 0x10);
}

TEST_CASE("ide: a command that runs over the end names the first sector that is not there") {
    Ide t;
    t.lba_command(0x20, disk_sectors - 1, 2);
    CHECK(t.inb(status) == (idle | 0x01));
    CHECK(t.inb(error) == 0x10); // IDNF
    CHECK(t.current_lba() == disk_sectors);
    CHECK(t.disk.submissions == 0);
}

TEST_CASE("ide: an unreadable sector gives those before it, then UNC with its address") {
    Ide t;
    t.disk.bad_offset = 203 * 512 + 17;
    t.lba_command(0x20, 200, 8);
    t.step_ms(5);
    CHECK(t.read_words(3 * 256) == t.sectors(200, 3));
    CHECK(t.inb(status) == (idle | 0x01));
    CHECK(t.inb(error) == 0x40);
    CHECK(t.current_lba() == 203);
    t.lba_command(0x40, 200, 8); // READ VERIFY
    t.step_ms(5);
    CHECK(t.inb(error) == 0x40);
    CHECK(t.current_lba() == 203);
}

TEST_CASE("ide: a failing write reports a device fault at its sector") {
    Ide t;
    t.disk.bad_offset = 5 * 512;
    t.lba_command(0x30, 4, 2);
    t.ports.write_block(data, 2, Bytes(1024, 0xAA));
    t.step_ms(5);
    CHECK(t.inb(status) == (idle | 0x21));
    CHECK(t.inb(error) == 0x04);
    CHECK(t.current_lba() == 5);
    t.disk.write_protected = true;
    t.lba_command(0x30, 0, 1);
    CHECK(t.inb(error) == 0x04);
}

TEST_CASE("ide: FLUSH CACHE keeps BSY until the back end is done and passes its error on") {
    Ide t;
    t.outb(drive_head, 0xA0);
    t.outb(command, 0xE7);
    CHECK(t.inb(status) == (idle | 0x80));
    t.step_ms(1);
    CHECK(t.inb(status) == idle);
    CHECK(t.disk.flushes == 1);
    t.disk.flush_error = 5;
    t.outb(command, 0xE7);
    t.step_ms(1);
    CHECK(t.inb(status) == (idle | 0x21));
    t.disk.flush_error = 0;
    t.outb(command, 0xE7);
    t.step_ms(1);
    CHECK(t.inb(status) == idle);
}

TEST_CASE("ide: without a write cache every write is flushed before it is done") {
    Ide t;
    t.outb(features, 0x82);
    t.outb(command, 0xEF);
    t.step_ms(1);
    CHECK(t.inb(status) == idle);
    t.lba_command(0x30, 0, 1);
    t.ports.write_block(data, 2, Bytes(512, 1));
    t.step_us(150);
    CHECK((t.inb(status) & 0x80) != 0);
    t.step_ms(1);
    CHECK(t.inb(status) == idle);
    CHECK(t.disk.flushes == 2);
}

TEST_CASE("ide: SET FEATURES selects transfer modes that IDENTIFY reports back") {
    Ide t;
    t.outb(features, 0x03);
    t.outb(count, 0x42);
    t.outb(command, 0xEF);
    CHECK(t.inb(status) == idle);
    t.outb(command, 0xEC);
    Bytes id = t.read_words(256);
    CHECK(word(id, 63) == 0x0007);
    CHECK(word(id, 88) == 0x0407);
    t.outb(features, 0x03);
    t.outb(count, 0x43); // Ultra DMA 3 is not offered
    t.outb(command, 0xEF);
    CHECK(t.inb(error) == 0x04);
    t.outb(features, 0x77);
    t.outb(command, 0xEF);
    CHECK(t.inb(error) == 0x04);
}

TEST_CASE("ide: commands that a disk does not know or that belong to packet devices abort at once") {
    Ide t;
    for (const std::uint8_t code :
         std::initializer_list<std::uint8_t>{0x00, 0x08, 0xA0, 0xA1, 0xB0, 0x25, 0xF9, 0xFF}) {
        t.outb(command, code);
        CHECK(t.inb(status) == (idle | 0x01));
        CHECK(t.inb(error) == 0x04);
    }
}

TEST_CASE("ide: seek, recalibrate, power commands and diagnostic") {
    Ide t;
    t.lba_command(0x70, 5, 1);
    CHECK(t.inb(status) == idle);
    t.lba_command(0x70, disk_sectors, 1);
    CHECK(t.inb(error) == 0x10);
    t.outb(command, 0x10);
    CHECK(t.inb(status) == idle);
    t.outb(command, 0xE0); // STANDBY IMMEDIATE
    t.outb(command, 0xE5); // CHECK POWER MODE
    CHECK(t.inb(count) == 0x00);
    t.outb(command, 0xE1);
    t.outb(command, 0xE5);
    CHECK(t.inb(count) == 0xFF);
    t.outb(drive_head, 0xB0); // device 1 does not exist; EXECUTE DEVICE DIAGNOSTIC reaches device 0 anyway
    t.outb(command, 0x90);
    CHECK((t.inb(drive_head) & 0x10) == 0);
    CHECK(t.inb(error) == 0x01);
    CHECK(t.inb(count) == 0x01);
    CHECK(t.inb(low) == 0x01);
    CHECK(t.inb(mid) == 0x00);
    CHECK(t.inb(high) == 0x00);
    CHECK(t.inb(status) == idle);
}

TEST_CASE("ide: what the host has in memory is there when the command was written") {
    Ide t;
    t.disk.in_memory = true;
    t.lba_command(0x20, 5, 2);
    constexpr std::uint8_t ready_with_data = 0x58; // DRDY, DSC, DRQ
    CHECK(t.inb(control) == ready_with_data);
    CHECK(t.irq.level());
    CHECK(t.inb(status) == ready_with_data);
    CHECK_FALSE(t.irq.level());
    CHECK(t.read_words(256) == t.sectors(5, 1));
    CHECK(t.irq.level());
    CHECK(t.read_words(256) == t.sectors(6, 1));
    CHECK(t.disk.reads_at_once == 1);
    CHECK(t.disk.submissions == 0);

    // The drive is ready before the engine starts.
    t.prepare_table({{0x10000, 0x80000400}});
    t.lba_command(0xC8, 9, 2);
    CHECK((t.inb(bm_status) & 0x04) == 0);
    t.outb(bm, 0x09);
    CHECK((t.inb(bm_status) & 0x07) == 0x04);
    Bytes got(1024);
    t.memory.read(0x10000, got);
    CHECK(got == t.sectors(9, 2));
    CHECK(t.disk.submissions == 0);
}

TEST_CASE("ide: a read that fails at once is tried the slow way, sector by sector") {
    Ide t;
    t.disk.in_memory = true;
    t.disk.bad_offset = 7 * 512;
    t.lba_command(0x20, 6, 2);
    CHECK(t.disk.reads_at_once == 0);
    t.step_ms(5);
    CHECK(t.read_words(256) == t.sectors(6, 1));
    CHECK((t.inb(status) & 0x01) != 0);
    CHECK(t.current_lba() == 7);
}
