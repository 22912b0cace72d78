// The 8237A pair. SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "vmm/devices/dma8237.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

struct Dma : Bench {
    Dma() : Bench(1U << 20U), dma(ports, memory) { outb(0xD4, 0x00); } // cascade open
    Dma8237 dma;

    void program2(std::uint8_t mode, std::uint32_t address, std::uint16_t count_less_one) {
        outb(0x0A, 0x06);
        outb(0x0C, 0x00);
        outb(0x0B, mode);
        outb(0x04, static_cast<std::uint8_t>(address));
        outb(0x04, static_cast<std::uint8_t>(address >> 8U));
        outb(0x81, static_cast<std::uint8_t>(address >> 16U));
        outb(0x05, static_cast<std::uint8_t>(count_less_one));
        outb(0x05, static_cast<std::uint8_t>(count_less_one >> 8U));
        outb(0x0A, 0x02);
    }
};

} // namespace

TEST_CASE("dma: address and count through the flip-flop, page registers, mask, all readable") {
    Dma t;
    t.program2(0x46, 0x51234, 0x01FF);
    t.outb(0x0C, 0);
    CHECK(t.inb(0x04) == 0x34);
    CHECK(t.inb(0x04) == 0x12);
    CHECK(t.inb(0x05) == 0xFF);
    CHECK(t.inb(0x05) == 0x01);
    CHECK(t.inb(0x81) == 0x05);
    CHECK(t.inb(0x0F) == 0xFB);
    for (std::uint16_t port = 0x80; port < 0x90; ++port)
        t.outb(port, static_cast<std::uint8_t>(port * 3));
    for (std::uint16_t port = 0x80; port < 0x90; ++port)
        CHECK(t.inb(port) == static_cast<std::uint8_t>(port * 3));
}

TEST_CASE("dma: device to memory stops at terminal count, masks the channel and sets its status bit once") {
    Dma t;
    t.program2(0x46, 0x51234, 511);
    const Bytes data(600, 0x5A);
    CHECK(t.dma.to_memory(2, ByteView(data).first(100)).bytes == 100);
    const Dma8237::Moved moved = t.dma.to_memory(2, data);
    CHECK(moved.bytes == 412);
    CHECK(moved.terminal_count);
    CHECK(t.ram[0x51233] == 0x00);
    CHECK(t.ram[0x51234] == 0x5A);
    CHECK(t.ram[0x51433] == 0x5A);
    CHECK(t.ram[0x51434] == 0x00);
    CHECK(t.dma.to_memory(2, data).bytes == 0);
    CHECK(t.inb(0x08) == 0x04);
    CHECK(t.inb(0x08) == 0x00);
    CHECK(t.inb(0x0F) == 0xFF);
}

TEST_CASE("dma: autoinitialize starts again, memory to device reads, verify touches nothing") {
    Dma t;
    t.ram[0x2000] = 0x11;
    t.ram[0x2001] = 0x22;
    t.program2(0x5A, 0x2000, 1);
    Bytes out(2);
    CHECK(t.dma.from_memory(2, out).terminal_count);
    CHECK(out == Bytes{0x11, 0x22});
    CHECK(t.dma.from_memory(2, out).bytes == 2);
    t.program2(0x42, 0x2000, 1);
    CHECK(t.dma.to_memory(2, Bytes{9, 9}).terminal_count);
    CHECK(t.ram[0x2000] == 0x11);
}

TEST_CASE("dma: the address wraps inside its 64 KiB page and can count down") {
    Dma t;
    t.program2(0x46, 0x3FFFE, 3);
    t.dma.to_memory(2, Bytes{1, 2, 3, 4});
    CHECK(t.ram[0x3FFFE] == 1);
    CHECK(t.ram[0x3FFFF] == 2);
    CHECK(t.ram[0x30000] == 3);
    CHECK(t.ram[0x30001] == 4);
    t.program2(0x66, 0x40001, 2);
    t.dma.to_memory(2, Bytes{7, 8, 9});
    CHECK(t.ram[0x40001] == 7);
    CHECK(t.ram[0x40000] == 8);
    CHECK(t.ram[0x4FFFF] == 9);
}

TEST_CASE("dma: channel 5 moves words in a 128 KiB page") {
    Dma t;
    t.outb(0xD8, 0);
    t.outb(0xD6, 0x45);
    t.outb(0xC4, 0x00);
    t.outb(0xC4, 0x80);
    t.outb(0x8B, 0x03); // bit 0 is ignored
    t.outb(0xC6, 0x01);
    t.outb(0xC6, 0x00);
    t.outb(0xD4, 0x01);
    const Dma8237::Moved moved = t.dma.to_memory(5, Bytes{1, 2, 3, 4, 5, 6});
    CHECK(moved.bytes == 4);
    CHECK(moved.terminal_count);
    CHECK(t.ram[0x30000] == 1);
    CHECK(t.ram[0x30003] == 4);
}

TEST_CASE("dma: masked, disabled or behind a closed cascade nothing moves; master clear masks everything") {
    Dma t;
    t.program2(0x46, 0x1000, 9);
    t.outb(0x08, 0x04);
    CHECK(t.dma.to_memory(2, Bytes(4)).bytes == 0);
    t.outb(0x08, 0x00);
    t.outb(0xD4, 0x04);
    CHECK(t.dma.to_memory(2, Bytes(4)).bytes == 0);
    t.outb(0xD4, 0x00);
    CHECK(t.dma.to_memory(2, Bytes(4)).bytes == 4);
    t.dma.set_request(2, true);
    CHECK(t.inb(0x08) == 0x40);
    t.outb(0x0D, 0);
    CHECK(t.inb(0x0F) == 0xFF);
    t.outb(0x0E, 0);
    CHECK(t.inb(0x0F) == 0xF0);
}

TEST_CASE("dma: save, load, reset") {
    Dma from;
    from.program2(0x56, 0x12345, 77);
    from.dma.to_memory(2, Bytes(5));
    from.inb(0x04);
    Dma to;
    CHECK(survives_save_and_load(from.dma, to.dma));
    to.dma.reset();
    CHECK(to.inb(0x0F) == 0xFF);
    CHECK(to.inb(0x81) == 0x00);
}
