// VgaRenderer: turns registers and planes into a picture, scan line by scan line, and only those that
// changed.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IBM PS/2 Hardware Interface Technical Reference, Video Subsystem (CRT and attribute controller). Blinking
// is shown as its steady "on" half, so that a screen where nothing happens costs nothing. Left out: the
// overscan border, skews, the count-by-two line clock.
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/devices/vga/bochs_vbe.hpp"
#include "vmm/devices/vga/vga_planes.hpp"
#include "vmm/devices/vga/vga_registers.hpp"

#include <array>
#include <optional>
#include <vector>

namespace ntferry::vmm {

class VgaRenderer {
  public:
    /// All three live longer than this.
    VgaRenderer(VgaPlanes& planes, const VgaRegisters& registers, const BochsVbe& vbe)
        : planes_(planes), registers_(registers), vbe_(vbe) {}

    /// A register that shapes the picture changed: everything is drawn again.
    void invalidate() { changed_ = true; }
    /// As DisplaySource::render(). The caller has collected dirty pages into planes.dirty().
    std::optional<DirtyRows> render(Frame& frame);
    std::optional<TextScreen> text() const;

  private:
    enum class Kind : std::uint8_t { blank, text, planar16, cga4, packed256, vbe };
    /// One line of the frame: where its row starts and which of its scan lines it is.
    struct Line {
        std::uint32_t counter;
        std::uint8_t row_scan;
        std::uint8_t pan;
        bool row_start; ///< first line of a row of characters
    };
    using Pixels = std::uint32_t*;

    Kind kind() const;
    bool lay_out();
    void lay_out_vga();
    unsigned pixel_shift(std::uint8_t pan) const;
    void load_colours();
    std::uint32_t dac_colour(unsigned index) const;
    bool page_dirty(std::uint64_t first, std::uint64_t last) const;
    bool line_changed(std::size_t y);
    bool row_of_cells_changed(const Line& line, std::size_t row);
    std::uint32_t cell(std::uint32_t counter) const;
    void draw_line(std::size_t y, Pixels out);
    void draw_text(const Line& line, Pixels out) const;
    void draw_planar16(const Line& line, Pixels out) const;
    void draw_cga4(const Line& line, Pixels out) const;
    void draw_packed256(const Line& line, Pixels out) const;
    void draw_vbe(std::size_t y, Pixels out) const;

    VgaPlanes& planes_;
    const VgaRegisters& registers_;
    const BochsVbe& vbe_;

    bool changed_ = true;
    const Frame* last_frame_ = nullptr;
    std::uint32_t last_cursor_ = 0;

    Kind kind_ = Kind::blank;
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
    unsigned columns_ = 0;
    std::vector<Line> lines_;
    std::vector<std::uint32_t> cells_; ///< what was drawn: columns_ + 1 for every row of characters
    std::size_t text_row_ = 0;         ///< while walking over the lines of a text mode
    bool text_row_changed_ = false;
    std::vector<std::uint32_t> scratch_; ///< one line with room for panning
    std::array<std::uint32_t, 256> colours_{};
    std::array<std::uint32_t, 16> attribute_colours_{};
};

} // namespace ntferry::vmm
