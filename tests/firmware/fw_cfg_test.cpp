// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "vmm/firmware/boot_config.hpp"
#include "vmm/firmware/tables.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

struct FwBench : Bench {
    FwCfg fw{ports, memory};
    Bytes item(std::uint16_t key, std::size_t length) {
        outw(0x510, key);
        Bytes bytes(length);
        ports.read_block(0x511, 1, bytes);
        return bytes;
    }
    /// Looks a file up as firmware does. Empty when it is not there.
    Bytes file(const std::string& name) {
        const auto count = load_be<std::uint32_t>(item(0x19, 4), 0);
        const Bytes directory = item(0x19, 4 + 64 * count);
        for (std::size_t at = 4; at < directory.size(); at += 64)
            if (std::string(reinterpret_cast<const char*>(directory.data() + at + 8)) == name)
                return item(load_be<std::uint16_t>(directory, at + 4), load_be<std::uint32_t>(directory, at));
        return {};
    }
    std::uint32_t dma(std::uint32_t control, std::uint32_t length, std::uint64_t address) {
        Bytes access(16);
        store_be<std::uint32_t>(access, 0, control);
        store_be<std::uint32_t>(access, 4, length);
        store_be<std::uint64_t>(access, 8, address);
        memory.write(0x100, access);
        outl(0x514, 0);
        outl(0x518, 0x00010000); // 100h, big endian
        Bytes result(4);
        memory.read(0x100, result);
        return load_be<std::uint32_t>(result, 0);
    }
};

BootConfig config() {
    BootConfig c;
    c.memory = 64U << 20U;
    c.disks[0] = BootDisk{642600, BootDisk::Geometry{522, 240, 63}};
    c.cdrom = 2;
    return c;
}

} // namespace

TEST_CASE("fw_cfg: signature, id and reads past the end") {
    FwBench b;
    CHECK(b.item(0, 6) == Bytes{'Q', 'E', 'M', 'U', 0, 0});
    CHECK(b.item(1, 4) == Bytes{3, 0, 0, 0});
    CHECK(b.item(0x7777, 2) == Bytes{0, 0});
    b.outw(0x510, 0);
    CHECK(b.inb(0x511) == 'Q');
    CHECK(b.inb(0x511) == 'E');
}

TEST_CASE("fw_cfg: files by name, and DMA") {
    FwBench b;
    b.fw.add_file("etc/b", std::string("hello"));
    b.fw.add_file("etc/a", Bytes{1, 2, 3});
    CHECK(b.file("etc/a") == Bytes{1, 2, 3});
    CHECK(b.file("etc/b") == Bytes{'h', 'e', 'l', 'l', 'o'});
    CHECK(b.inl(0x514) == 0x554D4551);                // "QEMU CFG"
    CHECK(b.dma(0x00210000 | 8 | 2, 5, 0x2000) == 0); // select the second file and read
    CHECK(b.memory.read8(0x2000) == 'h');
    CHECK(b.memory.read8(0x2004) == 'o');
    CHECK(b.dma(0x00210000 | 8 | 4, 2, 0) == 0); // skip
    CHECK(b.inb(0x511) == 'l');
    CHECK(b.dma(0x00210000 | 8 | 0x10, 5, 0x2000) == 1);  // nothing is writable
    CHECK(b.dma(0x00210000 | 8 | 2, 5, 0x40000000) == 1); // no memory there
}

TEST_CASE("fw_cfg: a descriptor outside memory is ignored") {
    FwBench b;
    b.outl(0x514, 0xFFFFFFFF);
    b.outl(0x518, 0xFFFFFFFF);
    SUCCEED();
}

TEST_CASE("fw_cfg: state survives save and load, reset starts over") {
    FwBench b;
    b.outw(0x510, 0);
    b.inb(0x511);
    FwBench other;
    CHECK(survives_save_and_load(b.fw, other.fw));
    CHECK(other.inb(0x511) == 'E');
    b.fw.reset();
    CHECK(b.inb(0x511) == 'Q');
}

TEST_CASE("firmware: boot order and INT 13h geometry as SeaBIOS looks for them") {
    BootConfig c = config();
    CHECK(boot_order(c) == "/pci@i0cf8/ide@1,1/drive@0/disk@0\nHALT\n");
    c.boot = BootFrom::cdrom;
    CHECK(boot_order(c) == "/pci@i0cf8/ide@1,1/drive@1/disk@0\n/pci@i0cf8/ide@1,1/drive@0/disk@0\nHALT\n");
    c.boot = BootFrom::floppy;
    c.floppy_drive = true;
    CHECK(boot_order(c).starts_with("/pci@i0cf8/isa@1/fdc@03f0/floppy@0\n"));
    CHECK(bios_geometry(c) == "/pci@i0cf8/ide@1,1/drive@0/disk@0 522 240 63\n");
    FwBench b;
    fill_fw_cfg(b.fw, c);
    CHECK(load_le<std::uint64_t>(b.file("etc/e820"), 8) == 64U << 20U);
    CHECK(b.file("etc/show-boot-menu") == Bytes(8));
    CHECK(b.file("bios-geometry").back() == 0);
}

TEST_CASE("firmware: CMOS says the same as fw_cfg") {
    std::map<unsigned, unsigned> cmos;
    BootConfig c = config();
    c.floppy_drive = true;
    c.cpus = 2;
    fill_cmos([&](std::uint8_t index, std::uint8_t value) { cmos[index] = value; }, c);
    CHECK(cmos[0x10] == 0x40);
    CHECK(cmos[0x14] == 0x07);
    CHECK(cmos[0x15] + 256 * cmos[0x16] == 640);
    CHECK(cmos[0x30] + 256 * cmos[0x31] == 63 * 1024);
    CHECK(cmos[0x34] + 256 * cmos[0x35] == 48 * 16);
    CHECK(cmos[0x12] == 0xF0);
    CHECK(cmos[0x19] == 47);
    CHECK(cmos[0x1B] + 256 * cmos[0x1C] == 522);
    CHECK(cmos[0x1D] == 240);
    CHECK(cmos[0x23] == 63);
    CHECK(cmos[0x3D] == 0x02);
    CHECK(cmos[0x5F] == 1);
    unsigned sum = 0;
    for (unsigned i = 0x10; i <= 0x2D; ++i)
        sum += cmos[i];
    CHECK(cmos[0x2E] * 256 + cmos[0x2F] == (sum & 0xFFFF));
    CHECK(cmos.count(0x0B) == 0);
}

TEST_CASE("firmware: MP and RSD pointers are blanked, false ones and $PIR stay") {
    Bytes segment(0x10000);
    const auto put = [&](std::size_t at, const std::string& text, std::size_t size) {
        std::copy(text.begin(), text.end(), segment.begin() + static_cast<std::ptrdiff_t>(at));
        std::uint8_t sum = 0;
        for (std::size_t i = 0; i < size; ++i)
            sum = static_cast<std::uint8_t>(sum + segment[at + i]);
        segment[at + size - 1] = static_cast<std::uint8_t>(-sum);
    };
    put(0x5BA0, "_MP_", 16);
    put(0x5B00, "RSD PTR ", 20);
    put(0x5C00, "$PIR", 32);
    std::copy_n("_MP_ in a sentence", 18, segment.begin() + 0x100);
    Bytes mps = segment;
    CHECK(hide_tables(segment, true).mp == 1);
    CHECK(segment[0x5BA0] == 0);
    CHECK(segment[0x5B00] == 0);
    CHECK(segment[0x5C00] == '$');
    CHECK(segment[0x100] == '_');
    const HiddenTables hidden = hide_tables(mps, false);
    CHECK(hidden.mp == 0);
    CHECK(hidden.acpi == 1);
    CHECK(mps[0x5BA0] == '_');
}
