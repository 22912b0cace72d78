// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "vmm/devices/i440fx.hpp"
#include "vmm/devices/ioapic.hpp"
#include "vmm/devices/pci_bus.hpp"
#include "vmm/devices/piix3_isa.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <vector>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

struct ChipsetBench : Bench {
    unsigned layouts = 0;
    unsigned resets = 0;
    std::array<ProbeLine, 16> lines;
    PciBus pci{ports, [this] { ++resets; }};
    I440fx bridge{[this] { ++layouts; }};
    Piix3Isa isa{ports, [this](unsigned irq) -> IrqLine& { return lines[irq]; }, [this] { ++resets; }};

    ChipsetBench() {
        pci.add(bridge, {0, 0});
        pci.add(isa, {1, 0});
    }
    void select(unsigned device, unsigned function, unsigned offset) {
        outl(0xCF8, 0x80000000U | device << 11U | function << 8U | (offset & 0xFCU));
    }
    std::uint8_t config8(unsigned device, unsigned offset) {
        select(device, 0, offset);
        return inb(static_cast<std::uint16_t>(0xCFC + (offset & 3U)));
    }
    std::uint16_t config16(unsigned device, unsigned offset) {
        select(device, 0, offset);
        return inw(static_cast<std::uint16_t>(0xCFC + (offset & 3U)));
    }
    void set8(unsigned device, unsigned offset, std::uint8_t value) {
        select(device, 0, offset);
        outb(static_cast<std::uint16_t>(0xCFC + (offset & 3U)), value);
    }
};

} // namespace

TEST_CASE("pci: absent devices, other buses and mechanism off read as ones") {
    ChipsetBench b;
    b.select(5, 0, 0);
    CHECK(b.inl(0xCFC) == 0xFFFFFFFF);
    b.outl(0xCF8, 0x80010000);
    CHECK(b.inl(0xCFC) == 0xFFFFFFFF);
    b.outl(0xCF8, 0x00000000);
    CHECK(b.inl(0xCFC) == 0xFFFFFFFF);
    b.select(0, 0, 0);
    CHECK(b.inl(0xCFC) == 0x12378086);
    CHECK(b.inw(0xCFE) == 0x1237);
    CHECK(b.inb(0xCFD) == 0x80);
}

TEST_CASE("pci: the address register answers dwords only") {
    ChipsetBench b;
    b.outl(0xCF8, 0xFFFFFFFF);
    CHECK(b.inl(0xCF8) == 0x80FFFFFC);
    b.outb(0xCF8, 0x00);
    b.outw(0xCFA, 0x0000);
    CHECK(b.inl(0xCF8) == 0x80FFFFFC);
}

TEST_CASE("pci: CF9h resets on the rising edge of bit 2") {
    ChipsetBench b;
    b.outb(0xCF9, 0x02);
    CHECK(b.resets == 0);
    CHECK(b.inb(0xCF9) == 0x02);
    b.outb(0xCF9, 0x06);
    CHECK(b.resets == 1);
    b.outb(0xCF9, 0x06);
    CHECK(b.resets == 1);
}

TEST_CASE("pci: a slot taken twice names both") {
    ChipsetBench b;
    CHECK_THROWS_WITH(b.pci.add(b.isa, {0, 0}), "isa: PCI slot 0.0 belongs to host");
}

// 82441FX data sheet, chapter 3.2, paragraph by paragraph; QEMU's test knows some of these as broken there.
TEST_CASE("i440fx: reset values are those of the data sheet") {
    ChipsetBench b;
    CHECK(b.config16(0, 0x00) == 0x8086); // 3.2.2
    CHECK(b.config16(0, 0x02) == 0x1237); // 3.2.3
    CHECK(b.config16(0, 0x04) == 0x0006); // 3.2.4
    CHECK(b.config16(0, 0x06) == 0x0280); // 3.2.5
    CHECK(b.config16(0, 0x0A) == 0x0600); // 3.2.7
    CHECK(b.config8(0, 0x0D) == 0x00);
    CHECK(b.config8(0, 0x0E) == 0x00);
    CHECK(b.config16(0, 0x50) == 0x0000); // PMCCFG
    CHECK(b.config8(0, 0x52) == 0x00);    // DETURBO
    CHECK(b.config8(0, 0x53) == 0x80);    // DBC
    CHECK(b.config8(0, 0x54) == 0x00);    // AXC
    CHECK(b.config16(0, 0x55) == 0x0000); // DRT
    CHECK(b.config8(0, 0x57) == 0x01);    // DRAMC
    CHECK(b.config8(0, 0x58) == 0x10);    // DRAMT
    for (unsigned pam = 0x59; pam <= 0x5F; ++pam)
        CHECK(b.config8(0, pam) == 0x00);
    for (unsigned drb = 0x60; drb <= 0x67; ++drb)
        CHECK(b.config8(0, drb) == 0x01);
    CHECK(b.config8(0, 0x68) == 0x00); // FDHC
    CHECK(b.config8(0, 0x70) == 0x00); // MTT
    CHECK(b.config8(0, 0x71) == 0x00); // CLT
    CHECK(b.config8(0, 0x72) == 0x02); // SMRAM
    CHECK(b.config8(0, 0x90) == 0x00); // ERRCMD
    CHECK(b.config8(0, 0x91) == 0x00); // ERRSTS
    CHECK(b.config8(0, 0x93) == 0x00); // TRC
}

TEST_CASE("i440fx: PAM keeps two bits per piece and tells about changes") {
    ChipsetBench b;
    const unsigned before = b.layouts;
    b.set8(0, 0x59, 0xFF);
    CHECK(b.config8(0, 0x59) == 0x30);
    b.set8(0, 0x5A, 0x12);
    CHECK(b.config8(0, 0x5A) == 0x12);
    CHECK(b.layouts == before + 2);
    CHECK(b.bridge.pam(12) == PamAttribute{true, true});
    CHECK(b.bridge.pam(0) == PamAttribute{false, true});
    CHECK(b.bridge.pam(1) == PamAttribute{true, false});
    CHECK(b.bridge.pam(2) == PamAttribute{false, false});
    b.set8(0, 0x5F, 0x30);
    CHECK(b.bridge.pam(11) == PamAttribute{true, true});
}

TEST_CASE("i440fx: a locked SMRAM closes and stays as it is") {
    ChipsetBench b;
    b.set8(0, 0x72, 0x4A);
    CHECK(b.bridge.smram_open());
    b.set8(0, 0x72, 0x5A);
    CHECK_FALSE(b.bridge.smram_open());
    CHECK(b.config8(0, 0x72) == 0x1A);
    b.set8(0, 0x72, 0x42);
    CHECK(b.config8(0, 0x72) == 0x1A);
    b.bridge.reset();
    CHECK(b.config8(0, 0x72) == 0x02);
}

TEST_CASE("piix3: reset values are those of the data sheet") {
    ChipsetBench b;
    CHECK(b.config16(1, 0x02) == 0x7000);
    CHECK(b.config16(1, 0x04) == 0x0007);
    CHECK(b.config16(1, 0x06) == 0x0200);
    CHECK(b.config16(1, 0x0A) == 0x0601);
    CHECK(b.config8(1, 0x0E) == 0x80);
    CHECK(b.config8(1, 0x4C) == 0x4D);    // IORT
    CHECK(b.config16(1, 0x4E) == 0x0003); // XBCS
    for (unsigned route = 0x60; route <= 0x63; ++route)
        CHECK(b.config8(1, route) == 0x80); // PIRQRC
    CHECK(b.config8(1, 0x69) == 0x02);      // TOM
    CHECK(b.config8(1, 0xA0) == 0x08);      // SMICNTL
    CHECK(b.config8(1, 0xA8) == 0x0F);      // FTMR
}

TEST_CASE("piix3: PCI interrupts go where PIRQ routes say, shared lines stay up for the last") {
    ChipsetBench b;
    // Slot 3 INTA is PIRQ 2 (C), slot 4 INTA PIRQ 3 (D), slot 7 INTA PIRQ 2 again.
    b.isa.interrupt(3, 1).raise();
    for (const ProbeLine& line : b.lines)
        CHECK_FALSE(line.level());
    b.set8(1, 0x62, 11);
    CHECK(b.lines[11].level());
    b.isa.interrupt(7, 1).raise();
    b.isa.interrupt(3, 1).lower();
    CHECK(b.lines[11].level());
    b.set8(1, 0x62, 10);
    CHECK_FALSE(b.lines[11].level());
    CHECK(b.lines[10].level());
    b.set8(1, 0x63, 10);
    b.isa.interrupt(4, 1).raise();
    b.isa.interrupt(7, 1).lower();
    CHECK(b.lines[10].level()); // two PIRQs on one interrupt
    b.isa.interrupt(4, 1).lower();
    CHECK_FALSE(b.lines[10].level());
}

TEST_CASE("piix3: a reserved interrupt routes nowhere") {
    ChipsetBench b;
    for (const std::uint8_t irq : Bytes{0, 1, 2, 8, 13})
        b.set8(1, 0x60, irq);
    b.isa.interrupt(1, 1).raise();
    for (const ProbeLine& line : b.lines)
        CHECK_FALSE(line.level());
}

TEST_CASE("piix3: port 92h is the A20 latch and the fast reset") {
    ChipsetBench b;
    CHECK(b.inb(0x92) == 0x02);
    b.outb(0x92, 0x00);
    CHECK_FALSE(b.isa.a20());
    b.outb(0x92, 0x03);
    CHECK(b.resets == 1);
    CHECK(b.isa.a20());
}

TEST_CASE("chipset: state survives save and load") {
    ChipsetBench b;
    b.set8(0, 0x59, 0x30);
    b.set8(0, 0x72, 0x1A);
    b.set8(1, 0x62, 11);
    b.outb(0x92, 0x00);
    ChipsetBench other;
    REQUIRE(survives_save_and_load(b.bridge, other.bridge));
    REQUIRE(survives_save_and_load(b.isa, other.isa));
    b.select(1, 0, 0x40);
    REQUIRE(survives_save_and_load(b.pci, other.pci));
    CHECK(other.isa.route(2) == 11);
    CHECK(other.bridge.pam(12) == PamAttribute{true, true});
}

namespace {

struct ApicBench : Bench {
    std::vector<IoApic::Message> sent;
    unsigned changes = 0;
    IoApic apic{mmio, [this](const IoApic::Message& m) { sent.push_back(m); }, [this] { ++changes; }};
    void write(std::uint8_t index, std::uint32_t value) {
        mmio.write(0xFEC00000, 4, index);
        mmio.write(0xFEC00010, 4, value);
    }
    std::uint32_t read(std::uint8_t index) {
        mmio.write(0xFEC00000, 4, index);
        return static_cast<std::uint32_t>(mmio.read(0xFEC00010, 4));
    }
};

} // namespace

TEST_CASE("ioapic: identity and masked inputs after reset") {
    ApicBench b;
    CHECK(b.read(1) == 0x00170011);
    CHECK(b.read(0x10) == 0x00010000);
    b.write(0, 0xFF000000);
    CHECK(b.read(0) == 0x0F000000);
    b.apic.set_pin(4, true);
    CHECK(b.sent.empty());
}

TEST_CASE("ioapic: an edge input sends one message per edge") {
    ApicBench b;
    b.write(0x10 + 2 * 4 + 1, 0x02000000);
    b.write(0x10 + 2 * 4, 0x0000083F | 0x100);
    b.apic.set_pin(4, true);
    b.apic.set_pin(4, true);
    REQUIRE(b.sent.size() == 1);
    CHECK(b.sent[0].address == 0xFEE02004);
    CHECK(b.sent[0].data == 0x413F);
    b.apic.set_pin(4, false);
    b.apic.set_pin(4, true);
    CHECK(b.sent.size() == 2);
}

TEST_CASE("ioapic: a level input waits for its EOI and sends again while it is up") {
    ApicBench b;
    b.write(0x10 + 2 * 10, 0x00008051);
    b.apic.set_pin(10, true);
    CHECK(b.sent.size() == 1);
    CHECK((b.read(0x10 + 2 * 10) & 0x4000) != 0);
    b.apic.end_of_interrupt(0x50);
    CHECK(b.sent.size() == 1);
    b.apic.end_of_interrupt(0x51);
    CHECK(b.sent.size() == 2);
    b.apic.set_pin(10, false);
    b.apic.end_of_interrupt(0x51);
    CHECK(b.sent.size() == 2);
    CHECK((b.read(0x10 + 2 * 10) & 0x4000) == 0);
}

TEST_CASE("ioapic: an input that is masked while its interrupt is in service waits for the EOI") {
    ApicBench b;
    b.write(0x10 + 2 * 10, 0x00008051);
    b.apic.set_pin(10, true);
    b.write(0x10 + 2 * 10, 0x00018051);
    CHECK(b.apic.message(10).valid); // so that the EOI is told
    b.apic.end_of_interrupt(0x51);
    CHECK((b.read(0x10 + 2 * 10) & 0x4000) == 0);
    CHECK_FALSE(b.apic.message(10).valid);
    CHECK(b.sent.size() == 1);
}

TEST_CASE("ioapic: state survives save and load") {
    ApicBench b;
    b.write(0x12, 0x8031);
    b.apic.set_pin(1, true);
    ApicBench other;
    CHECK(survives_save_and_load(b.apic, other.apic));
}
