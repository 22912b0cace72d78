// The window of a text mode as memory of the guest. SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/vga_modes.hpp"
#include "vmm/devices/vga/vga.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

constexpr std::size_t vram_size = std::size_t{1} << 20U;

/// Video RAM of a machine that can map the text window; the test writes as its guest.
class MappableFrames final : public FrameMemory {
  public:
    MutableByteView bytes() override { return bytes_; }
    void clear() override { std::fill(bytes_.begin(), bytes_.end(), std::uint8_t{0}); }
    void collect_dirty(MutableByteView) override {}
    void map(std::optional<GuestAddress>) override {}
    MutableByteView text() override { return text_; }
    void map_text(std::optional<GuestAddress> where) override { text_at = where; }

    std::optional<GuestAddress> text_at;

  private:
    Bytes bytes_ = Bytes(vram_size);
    Bytes text_ = Bytes(FrameMemory::text_size);
};

struct Screen : Bench {
    Screen() : vga(ports, mmio, clock, frames) { set_mode(*this, mode_03); }
    MappableFrames frames;
    Vga vga;

    void seq(unsigned index, unsigned value) { outw(0x3C4, static_cast<std::uint16_t>(index | value << 8U)); }
    void gfx(unsigned index, unsigned value) { outw(0x3CE, static_cast<std::uint16_t>(index | value << 8U)); }
    /// As the machine does after an exit.
    void show_if_wanted() {
        if (vga.wants_text_window())
            vga.show_text_window();
    }
    void write_much(unsigned count = 300) {
        for (unsigned i = 0; i < count; ++i)
            mmio.write(0xB8000 + 2 * i, 2, 0x1700U + 'a' + i % 26);
        show_if_wanted();
    }
    /// One word, as the guest does it: into memory where there is some.
    void guest_write(std::uint32_t cell, std::uint16_t value) {
        if (frames.text_at)
            store_le<std::uint16_t>(frames.text(), std::size_t{cell} * 2, value);
        else
            mmio.write(0xB8000 + 2 * cell, 2, value);
    }
    std::uint16_t cell(std::size_t at) { return vga.text().value().cells.at(at); }
};

} // namespace

TEST_CASE("vga text window: becomes memory after many writes and shows what was there") {
    Screen t;
    t.write_much(100);
    CHECK_FALSE(t.frames.text_at.has_value());
    t.write_much();
    REQUIRE(t.frames.text_at == GuestAddress{0xB8000});
    CHECK(load_le<std::uint16_t>(t.frames.text(), 0) == 0x1700U + 'a');
    CHECK(load_le<std::uint16_t>(t.frames.text(), 2 * 27) == 0x1700U + 'b');

    Frame frame;
    t.vga.render(frame);
    CHECK_FALSE(t.vga.render(frame).has_value());
    t.guest_write(81, 0x4E5A);
    CHECK(t.cell(81) == 0x4E5A);
    const auto rows = t.vga.render(frame);
    REQUIRE(rows.has_value());
    CHECK(rows->top == 16); // the second row of characters, and no other
    CHECK(rows->bottom == 32);
}

TEST_CASE("vga text window: a register that changes what a write does takes it away and loses nothing") {
    Screen t;
    t.write_much();
    REQUIRE(t.frames.text_at.has_value());
    t.guest_write(5, 0x2F41);
    t.seq(2, 4); // plane 2, as who loads a font
    CHECK_FALSE(t.frames.text_at.has_value());
    CHECK(t.cell(5) == 0x2F41);
    t.seq(4, 6);
    t.gfx(5, 0);
    t.gfx(6, 4);
    t.mmio.write(0xA0000 + 10, 1, 0x99);
    t.gfx(4, 0);
    CHECK(t.mmio.read(0xA0000 + 10, 1) == 0x41); // cell 5 in plane 0
    t.gfx(4, 1);
    CHECK(t.mmio.read(0xA0000 + 10, 1) == 0x2F);
    t.gfx(4, 2);
    CHECK(t.mmio.read(0xA0000 + 10, 1) == 0x99);
    t.gfx(4, 0);
    t.show_if_wanted();
    CHECK_FALSE(t.frames.text_at.has_value()); // planar now
}

TEST_CASE("vga text window: comes back when the mode does, later each time") {
    Screen t;
    unsigned needed = 0;
    for (unsigned round = 0; round < 3; ++round) {
        unsigned writes = 0;
        while (!t.frames.text_at && writes < 10000) {
            t.guest_write(writes % 2000, 0x0720);
            ++writes;
            t.show_if_wanted();
        }
        REQUIRE(t.frames.text_at.has_value());
        CHECK(writes > needed);
        needed = writes;
        t.gfx(8, 0x0F); // half of each byte
        CHECK_FALSE(t.frames.text_at.has_value());
        t.gfx(8, 0xFF);
    }
}

TEST_CASE("vga text window: not where a byte is anything but a byte of plane 0 or 1") {
    struct Change {
        const char* what;
        bool graphics;
        unsigned index, value;
    };
    for (const Change& change : std::vector<Change>{{"map mask with plane 2", false, 2, 7},
                                                    {"map mask without plane 1", false, 2, 1},
                                                    {"sequential", false, 4, 6},
                                                    {"chain 4", false, 4, 0x0A},
                                                    {"set/reset", true, 1, 1},
                                                    {"rotate", true, 3, 1},
                                                    {"logic", true, 3, 0x10},
                                                    {"read plane 2", true, 4, 2},
                                                    {"write mode 1", true, 5, 0x11},
                                                    {"read mode 1", true, 5, 0x18},
                                                    {"sequential reads", true, 5, 0x00},
                                                    {"window of 64 KiB", true, 6, 0x06},
                                                    {"bit mask", true, 8, 0x7F}}) {
        Screen t;
        if (change.graphics)
            t.gfx(change.index, change.value);
        else
            t.seq(change.index, change.value);
        t.write_much(2000);
        INFO(change.what);
        CHECK_FALSE(t.frames.text_at.has_value());
    }
    Screen mono;
    mono.gfx(6, 0x0A);
    for (unsigned i = 0; i < 300; ++i)
        mono.mmio.write(0xB0000 + 2 * i, 2, 0x0741);
    mono.show_if_wanted();
    CHECK(mono.frames.text_at == GuestAddress{0xB0000});
}

TEST_CASE("vga text window: an access that was on its way when it appeared finds the same bytes") {
    Screen t;
    t.write_much();
    REQUIRE(t.frames.text_at.has_value());
    t.guest_write(7, 0x1234);
    CHECK(t.mmio.read(0xB8000 + 14, 2) == 0x1234);
    t.mmio.write(0xB8000 + 16, 2, 0x5678);
    CHECK(load_le<std::uint16_t>(t.frames.text(), 14) == 0x1234);
    CHECK(load_le<std::uint16_t>(t.frames.text(), 16) == 0x5678);
    CHECK(t.cell(8) == 0x5678);
}

TEST_CASE("vga text window: is saved with what the guest wrote; reset and load take it away") {
    Screen from;
    from.write_much();
    REQUIRE(from.frames.text_at.has_value());
    from.guest_write(100, 0x0F58);
    Screen to;
    to.write_much();
    REQUIRE(to.frames.text_at.has_value());
    CHECK(survives_save_and_load(from.vga, to.vga));
    CHECK_FALSE(to.frames.text_at.has_value());
    CHECK(to.cell(100) == 0x0F58);
    from.vga.reset();
    CHECK_FALSE(from.frames.text_at.has_value());
    set_mode(from, mode_03);
    CHECK(from.cell(100) == 0);
}
