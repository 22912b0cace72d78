// Vga: an IBM VGA with the Bochs display interface, as PCI function 1234:1111 ("standard VGA").
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IBM PS/2 Hardware Interface Technical Reference, Video Subsystem; FreeVGA; QEMU docs/specs/standard-vga.rst
// (PCI regions). The video BIOS is not here: SeaBIOS takes it from the fw_cfg file pci1234,1111.rom.
#pragma once

#include "vmm/bus/clock.hpp"
#include "vmm/bus/pci.hpp"
#include "vmm/bus/pci_bar.hpp"
#include "vmm/devices/vga/vga_renderer.hpp"

#include <span>

namespace ntferry::vmm {

class Vga final : public PciFunction, public PortDevice, public DisplaySource {
  public:
    static constexpr GuestAddress window_start = 0xA0000;
    static constexpr std::uint32_t window_size = 0x20000;

    /// One write to the window at A0000h; offset from there.
    struct WindowWrite {
        std::uint32_t offset;
        std::uint32_t width; ///< 1, 2, 4 or 8
        std::uint64_t value;
    };

    /// Claims the VGA ports and the window. @param memory lives longer than this
    Vga(PortBus& ports, MmioBus& mmio, Clock& clock, FrameMemory& memory);
    ~Vga() override;

    /// Writes that a hypervisor collected, in their order.
    void write_window(std::span<const WindowWrite> writes);

    /// The window as the guest's accesses reach it, for who carries out many of them; offsets from
    /// window_start.
    MmioDevice& window() { return window_; }
    /// So many of the writes were carried out at once, on a host where that costs a guest less than writing
    /// to memory does: they are no reason to show a window as memory.
    void wrote_at_once(std::uint32_t writes) { text_writes_ -= std::min(text_writes_, 2 * writes); }

    std::string_view name() const override { return "vga"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;

    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

    std::optional<DirtyRows> render(Frame& frame) override;
    std::optional<TextScreen> text() const override;

    /// The guest has written to the window of a text mode again and again: it is worth showing it as memory.
    bool wants_text_window() const {
        return text_writes_ >= text_threshold_ && !text_shown_ && planes_.is_text_window();
    }
    /// Does that, until a register changes what the window means. Nothing that was collected may be on its
    /// way to write_window(), and no processor may be writing.
    /// In the meantime reads of the window leave the latches alone; who works with latches sets them by a
    /// read in the mode in which he uses them.
    void show_text_window();
    bool text_window_shown() const { return text_shown_; }

  private:
    struct Window final : MmioDevice {
        explicit Window(Vga& vga) : vga_(vga) {}
        std::uint64_t mmio_read(std::uint64_t offset, unsigned width) override;
        void mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) override;
        Vga& vga_;
    };
    struct LinearFrameBuffer final : MmioDevice {
        explicit LinearFrameBuffer(VgaPlanes& planes) : planes_(planes) {}
        std::uint64_t mmio_read(std::uint64_t offset, unsigned width) override;
        void mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) override;
        VgaPlanes& planes_;
    };
    /// BAR 2: ports 3C0h-3DFh at 400h, DISPI registers at 500h.
    struct RegisterPage final : MmioDevice {
        explicit RegisterPage(Vga& vga) : vga_(vga) {}
        std::uint64_t mmio_read(std::uint64_t offset, unsigned width) override;
        void mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) override;
        Vga& vga_;
    };

    void config_written(std::uint8_t offset, unsigned width) override;
    void reset_config();
    void update_bars();
    std::uint8_t read_port(std::uint16_t port);
    void write_port(std::uint16_t port, std::uint8_t value);
    bool is_mono_port(std::uint16_t port) const;
    std::uint8_t read_crtc();
    void write_crtc(std::uint8_t value);
    void write_attribute(std::uint8_t value);
    std::uint8_t read_dac();
    void write_dac(std::uint8_t value);
    std::uint8_t input_status_1();
    void write_vbe(std::uint16_t index, std::uint16_t value);
    /// Stores a register that shapes the picture.
    void set_visible(std::uint8_t& target, unsigned value);
    void reroute();
    void hide_text_window();
    /// What the guest wrote as plain memory.
    void take_text() const;

    PortBus& ports_;
    MmioBus& mmio_;
    Clock& clock_;
    FrameMemory& memory_;
    VgaRegisters registers_;
    BochsVbe vbe_;
    mutable VgaPlanes planes_; ///< the guest may write behind our back: looking takes that over
    VgaRenderer renderer_;
    Window window_;
    LinearFrameBuffer linear_;
    RegisterPage page_;
    PciMemoryBar linear_bar_;
    PciMemoryBar page_bar_;
    bool text_shown_ = false;
    std::uint32_t text_writes_ = 0; ///< that exited or were collected, since the window means what it means
    std::uint32_t text_threshold_ = 0;
};

} // namespace ntferry::vmm
