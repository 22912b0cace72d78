// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/vga/vga_renderer.hpp"

#include <algorithm>
#include <cstring>

namespace ntferry::vmm {
namespace {

constexpr std::uint32_t cursor_flag = 0x10000;

} // namespace

VgaRenderer::Kind VgaRenderer::kind() const {
    if (vbe_.enabled())
        return Kind::vbe;
    if (!registers_.screen_on())
        return Kind::blank;
    if (registers_.text_mode())
        return Kind::text;
    if ((registers_.graphics[5] & 0x40U) != 0)
        return Kind::packed256;
    return (registers_.graphics[5] & 0x20U) != 0 ? Kind::cga4 : Kind::planar16;
}

std::uint32_t VgaRenderer::dac_colour(unsigned index) const {
    std::uint32_t colour = 0;
    for (unsigned i = 0; i < 3; ++i) {
        const std::uint32_t value = registers_.dac[std::size_t{index} * 3 + i];
        const bool eight_bits = vbe_.enabled() && vbe_.dac_8bit();
        colour = colour << 8U | (eight_bits ? value : (value & 0x3FU) << 2U | (value & 0x3FU) >> 4U);
    }
    return colour;
}

void VgaRenderer::load_colours() {
    for (unsigned i = 0; i < 256; ++i)
        colours_[i] = dac_colour(i & registers_.dac_mask);
    const std::uint8_t select = registers_.attribute[0x14];
    for (unsigned i = 0; i < 16; ++i) {
        // Color plane enable, palette, color select (attribute registers 12h, 0-Fh, 14h).
        unsigned index = registers_.attribute[i & registers_.attribute[0x12]] & 0x3FU;
        if ((registers_.attribute[0x10] & 0x80U) != 0)
            index = (index & 0x0FU) | (select & 3U) << 4U;
        attribute_colours_[i] = colours_[index | (select & 0x0CU) << 4U];
    }
}

/// How many pixels the first character clock is shifted out to the left.
unsigned VgaRenderer::pixel_shift(std::uint8_t pan) const {
    pan &= 0x0FU;
    if (kind_ == Kind::text && registers_.dots_per_character() == 9)
        return pan >= 8 ? 0 : pan + 1U;
    return kind_ == Kind::packed256 ? (pan & 7U) / 2 : pan & 7U;
}

void VgaRenderer::lay_out_vga() {
    const VgaRegisters& r = registers_;
    columns_ = r.columns();
    const unsigned dots = kind_ == Kind::text ? r.dots_per_character() : kind_ == Kind::packed256 ? 4 : 8;
    width_ = columns_ * dots;

    // Scan lines of the CRTC, then those of the frame: equal lines of a graphics row are shown once.
    const unsigned doubled = r.double_scan() ? 2 : 1;
    const unsigned scan_lines = std::max(1U, r.display_lines() / doubled);
    const bool interleaved = (r.crtc[0x17] & 3U) != 3U;
    const unsigned repeat = kind_ == Kind::text || interleaved ? 1 : r.row_height();
    const std::uint8_t pan = r.attribute[0x13];
    const unsigned byte_pan = r.crtc[0x08] >> 5U & 3U;

    Line line{(r.start_address() + byte_pan) & 0xFFFFU, static_cast<std::uint8_t>(r.crtc[0x08] & 0x1FU),
              static_cast<std::uint8_t>(pixel_shift(pan)), true};
    for (unsigned y = 0; y < scan_lines; ++y) {
        if (y % repeat == 0)
            lines_.push_back(line);
        line.row_start = false;
        if (line.row_scan + 1U >= r.row_height()) {
            line.row_scan = 0;
            line.counter = (line.counter + r.row_pitch()) & 0xFFFFU;
            line.row_start = true;
        } else {
            ++line.row_scan;
        }
        if (y == r.line_compare() / doubled) {
            line.counter = 0;
            line.row_scan = 0;
            line.row_start = true;
            if ((r.attribute[0x10] & 0x20U) != 0)
                line.pan = 0;
        }
    }
    height_ = static_cast<std::uint32_t>(lines_.size());
}

/// Works out size and lines; true when the size is another one.
bool VgaRenderer::lay_out() {
    const std::uint32_t old_width = width_;
    const std::uint32_t old_height = height_;
    kind_ = kind();
    lines_.clear();
    if (kind_ == Kind::vbe) {
        width_ = vbe_.width();
        height_ = vbe_.height();
    } else if (kind_ == Kind::blank) {
        width_ = width_ == 0 ? 720 : width_;
        height_ = height_ == 0 ? 400 : height_;
    } else {
        lay_out_vga();
    }
    cells_.assign(kind_ == Kind::text ? (lines_.size() + 1) * (columns_ + 1) : 0, ~0U);
    scratch_.assign(width_ + 32, 0);
    load_colours();
    return width_ != old_width || height_ != old_height;
}

bool VgaRenderer::page_dirty(std::uint64_t first, std::uint64_t last) const {
    const ByteView dirty = planes_.dirty();
    first /= FrameMemory::page_size;
    last = std::min<std::uint64_t>(last / FrameMemory::page_size, dirty.size() - 1);
    for (std::uint64_t page = first; page <= last; ++page)
        if (dirty[page] != 0)
            return true;
    return false;
}

std::uint32_t VgaRenderer::cell(std::uint32_t counter) const {
    std::uint32_t value = planes_.dword(registers_.plane_address(counter & 0xFFFFU, 0)) & 0xFFFFU;
    const bool cursor_on = (registers_.crtc[0x0A] & 0x20U) == 0;
    if (cursor_on && (counter & 0xFFFFU) == registers_.cursor_address())
        value |= cursor_flag;
    return value;
}

bool VgaRenderer::row_of_cells_changed(const Line& line, std::size_t row) {
    bool changed = false;
    std::uint32_t* known = cells_.data() + row * (columns_ + 1);
    for (unsigned i = 0; i <= columns_; ++i) {
        const std::uint32_t now = cell(line.counter + i);
        changed = changed || now != known[i];
        known[i] = now;
    }
    return changed;
}

bool VgaRenderer::line_changed(std::size_t y) {
    if (kind_ == Kind::vbe) {
        const std::uint64_t bytes = vbe_.planar() ? 4 : 1;
        const std::uint64_t first = (std::uint64_t{vbe_.top()} + y) * vbe_.pitch() * bytes;
        return page_dirty(first, first + vbe_.pitch() * bytes * 2);
    }
    if (kind_ == Kind::blank)
        return false;
    const Line& line = lines_[y];
    if (kind_ == Kind::text) {
        if (y == 0 || line.row_start) {
            text_row_ = y == 0 ? 0 : text_row_ + 1;
            text_row_changed_ = row_of_cells_changed(line, text_row_);
        }
        return text_row_changed_;
    }
    const std::uint32_t first = registers_.plane_address(line.counter, line.row_scan);
    const std::uint32_t last = registers_.plane_address(line.counter + columns_, line.row_scan);
    return last < first || page_dirty(std::uint64_t{first} * 4, std::uint64_t{last} * 4 + 3);
}

void VgaRenderer::draw_line(std::size_t y, Pixels out) {
    if (kind_ == Kind::vbe)
        return draw_vbe(y, out);
    if (kind_ == Kind::blank) {
        std::fill_n(out, width_, 0U);
        return;
    }
    const Line& line = lines_[y];
    Pixels scratch = scratch_.data();
    switch (kind_) {
    case Kind::text:
        draw_text(line, scratch);
        break;
    case Kind::packed256:
        draw_packed256(line, scratch);
        break;
    case Kind::cga4:
        draw_cga4(line, scratch);
        break;
    default:
        draw_planar16(line, scratch);
        break;
    }
    std::memcpy(out, scratch + line.pan, std::size_t{width_} * 4);
}

std::optional<DirtyRows> VgaRenderer::render(Frame& frame) {
    const ByteView dirty = planes_.dirty();
    const bool touched = planes_.touched() || std::memchr(dirty.data(), 1, dirty.size()) != nullptr;
    const std::uint32_t cursor = registers_.cursor_address();
    bool all = changed_ || &frame != last_frame_ || frame.width != width_ || frame.height != height_;
    all = all || (kind_ == Kind::text && planes_.font_written());
    if (!all && !touched && cursor == last_cursor_)
        return std::nullopt;
    if (all) {
        lay_out();
        frame.width = width_;
        frame.height = height_;
        frame.pixels.resize(std::size_t{width_} * height_);
    }
    std::optional<DirtyRows> rows;
    for (std::uint32_t y = 0; y < height_; ++y) {
        if (!line_changed(y) && !all)
            continue;
        draw_line(y, frame.pixels.data() + std::size_t{y} * width_);
        rows = DirtyRows{rows ? rows->top : y, y + 1};
    }
    changed_ = false;
    last_frame_ = &frame;
    last_cursor_ = cursor;
    planes_.clear_dirty();
    return rows;
}

std::optional<TextScreen> VgaRenderer::text() const {
    if (vbe_.enabled() || !registers_.text_mode())
        return std::nullopt;
    const VgaRegisters& r = registers_;
    TextScreen screen;
    screen.columns = r.columns();
    screen.rows = std::max(1U, r.display_lines() / (r.double_scan() ? 2 : 1) / r.row_height());
    screen.cells.reserve(std::size_t{screen.columns} * screen.rows);
    for (unsigned row = 0; row < screen.rows; ++row)
        for (unsigned column = 0; column < screen.columns; ++column) {
            const std::uint32_t value = cell(r.start_address() + row * r.row_pitch() + column);
            screen.cells.push_back(static_cast<std::uint16_t>(value));
            if ((value & cursor_flag) != 0) {
                screen.cursor_column = static_cast<int>(column);
                screen.cursor_row = static_cast<int>(row);
            }
        }
    return screen;
}

} // namespace ntferry::vmm
