// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/vga/vga.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t reg_bar0 = 0x10;
constexpr std::uint8_t reg_bar2 = 0x18;
constexpr std::uint32_t page_bytes = 0x1000;

/// So many writes are worth the change of the guest's memory map that makes the next ones free. Doubled each
/// time a guest takes the window away again.
constexpr std::uint32_t first_text_threshold = 256;
constexpr std::uint32_t last_text_threshold = 1U << 16U;

struct Claim {
    std::uint16_t first;
    std::uint16_t count;
};
constexpr Claim claims[] = {{0x3B4, 2}, {0x3BA, 1}, {0x3C0, 16}, {0x3D4, 2}, {0x3DA, 1}, {0x1CE, 3}};

} // namespace

std::uint64_t Vga::Window::mmio_read(std::uint64_t offset, unsigned width) {
    vga_.take_text(); // another processor's read that was on its way when the window was shown
    return vga_.planes_.read(static_cast<std::uint32_t>(offset), width);
}

void Vga::Window::mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    const WindowWrite write{static_cast<std::uint32_t>(offset), width, value};
    vga_.write_window({&write, 1});
}

std::uint64_t Vga::LinearFrameBuffer::mmio_read(std::uint64_t offset, unsigned width) {
    return planes_.read_linear(offset, width);
}

void Vga::LinearFrameBuffer::mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    planes_.write_linear(offset, width, value);
}

std::uint64_t Vga::RegisterPage::mmio_read(std::uint64_t offset, unsigned width) {
    if (offset >= 0x400 && offset + width <= 0x420)
        return vga_.port_read(static_cast<std::uint16_t>(0x3C0 + offset - 0x400), std::min(width, 4U));
    if (offset >= 0x500 && offset < 0x516 && width == 2)
        return vga_.vbe_.read(static_cast<std::uint16_t>((offset - 0x500) / 2));
    return offset < 0x400 ? 0 : ~std::uint64_t{0} >> (64U - 8U * width); // no EDID
}

void Vga::RegisterPage::mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    if (offset >= 0x400 && offset + width <= 0x420)
        vga_.port_write(static_cast<std::uint16_t>(0x3C0 + offset - 0x400), std::min(width, 4U),
                        static_cast<std::uint32_t>(value));
    else if (offset >= 0x500 && offset < 0x516 && width == 2)
        vga_.write_vbe(static_cast<std::uint16_t>((offset - 0x500) / 2), static_cast<std::uint16_t>(value));
}

Vga::Vga(PortBus& ports, MmioBus& mmio, Clock& clock, FrameMemory& memory)
    : ports_(ports), mmio_(mmio), clock_(clock), memory_(memory), vbe_(memory.bytes().size()),
      planes_(memory), renderer_(planes_, registers_, vbe_), window_(*this), linear_(planes_), page_(*this),
      linear_bar_(mmio, linear_, "vga", static_cast<std::uint32_t>(memory.bytes().size())),
      page_bar_(mmio, page_, "vga", page_bytes) {
    for (const Claim& claim : claims)
        ports_.claim(claim.first, claim.count, *this, "vga");
    mmio_.claim(window_start, window_size, window_, "vga");
    Vga::reset();
}

Vga::~Vga() {
    if (text_shown_)
        memory_.map_text(std::nullopt);
    memory_.map(std::nullopt);
    mmio_.release(window_start, window_);
    for (const Claim& claim : claims)
        ports_.release(claim.first, claim.count, *this);
}

void Vga::reset_config() {
    reset_header(0x1234, 0x1111, 0x030000, 0x02);
    store_le<std::uint16_t>(write_mask(), 0x04, 0x0107);
    store_le<std::uint16_t>(config(), 0x06, 0x0200);
    config()[reg_bar0] = 0x08; // prefetchable
    store_le<std::uint32_t>(write_mask(), reg_bar0, linear_bar_.write_mask());
    store_le<std::uint32_t>(write_mask(), reg_bar2, page_bar_.write_mask());
}

void Vga::reset() {
    hide_text_window();
    text_threshold_ = first_text_threshold;
    reset_config();
    registers_ = {};
    vbe_.reset();
    planes_.latch = 0;
    memory_.clear();
    planes_.mark_all_dirty();
    reroute();
    renderer_.invalidate();
    update_bars();
}

void Vga::config_written(std::uint8_t, unsigned) {
    update_bars();
}

void Vga::update_bars() {
    const std::uint32_t before = linear_bar_.base();
    linear_bar_.update(load_le<std::uint32_t>(config(), reg_bar0), memory_enabled());
    page_bar_.update(load_le<std::uint32_t>(config(), reg_bar2), memory_enabled());
    const std::uint32_t base = linear_bar_.base();
    if (base != before)
        memory_.map(base != 0 ? std::optional<GuestAddress>(base) : std::nullopt);
}

void Vga::write_window(std::span<const WindowWrite> writes) {
    take_text();
    for (const WindowWrite& write : writes)
        planes_.write(write.offset, std::min(write.width, 8U), write.value);
    if (text_shown_)
        planes_.get_text(memory_.text());
    text_writes_ += static_cast<std::uint32_t>(writes.size());
}

void Vga::reroute() {
    if (text_shown_) {
        hide_text_window();
        text_threshold_ = std::min(2 * text_threshold_, last_text_threshold);
    }
    text_writes_ = 0;
    planes_.configure(registers_, vbe_);
}

void Vga::show_text_window() {
    const MutableByteView text = memory_.text();
    text_writes_ = 0;
    if (text.size() != FrameMemory::text_size || !planes_.is_text_window())
        return;
    planes_.get_text(text);
    memory_.map_text(window_start + planes_.window_start());
    text_shown_ = true;
}

void Vga::hide_text_window() {
    if (!text_shown_)
        return;
    memory_.map_text(std::nullopt);
    take_text();
    text_shown_ = false;
}

void Vga::take_text() const {
    if (text_shown_)
        planes_.put_text(memory_.text());
}

std::optional<TextScreen> Vga::text() const {
    take_text();
    return renderer_.text();
}

std::optional<DirtyRows> Vga::render(Frame& frame) {
    take_text();
    memory_.collect_dirty(planes_.dirty());
    return renderer_.render(frame);
}

std::uint32_t Vga::port_read(std::uint16_t port, unsigned width) {
    if (port == 0x1CE)
        return vbe_.selected;
    if (port == 0x1CF || port == 0x1D0)
        return vbe_.read(vbe_.selected);
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i)
        value |= static_cast<std::uint32_t>(read_port(static_cast<std::uint16_t>(port + i))) << (8U * i);
    return value;
}

void Vga::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    if (port == 0x1CE) {
        vbe_.selected = static_cast<std::uint16_t>(value);
        return;
    }
    if (port == 0x1CF || port == 0x1D0)
        return write_vbe(vbe_.selected, static_cast<std::uint16_t>(value));
    for (unsigned i = 0; i < width; ++i)
        write_port(static_cast<std::uint16_t>(port + i), static_cast<std::uint8_t>(value >> (8U * i)));
}

void Vga::write_vbe(std::uint16_t index, std::uint16_t value) {
    if (vbe_.write(index, value)) {
        planes_.clear(std::size_t{vbe_.pitch()} * vbe_.height() * (vbe_.planar() ? 4 : 1));
    }
    reroute();
    if (index != BochsVbe::bank)
        renderer_.invalidate();
}

void Vga::save(StateWriter& writer) const {
    take_text();
    writer.version(1);
    save_config(writer);
    registers_.save(writer);
    vbe_.save(writer);
    writer.put(planes_.latch);
    // Video RAM is mostly zeros behind what a mode uses.
    const ByteView memory = planes_.bytes();
    std::size_t used = memory.size();
    while (used > 0 && all_zero(memory.subspan(used - FrameMemory::page_size, FrameMemory::page_size)))
        used -= FrameMemory::page_size;
    writer.put_bytes(memory.first(used));
}

void Vga::load(StateReader& reader) {
    reader.version(1, 1);
    hide_text_window();
    load_config(reader);
    registers_.load(reader);
    vbe_.load(reader);
    planes_.latch = reader.get<std::uint32_t>();
    const Bytes memory = reader.get_bytes(planes_.bytes().size());
    memory_.clear();
    planes_.mark_all_dirty();
    std::copy(memory.begin(), memory.end(), planes_.bytes().begin());
    reroute();
    renderer_.invalidate();
    update_bars();
}

} // namespace ntferry::vmm
