// Board: every chip of one machine, wired as its profile says. Knows no KVM and no threads.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/clock.hpp"
#include "vmm/bus/collected_ports.hpp"
#include "vmm/bus/mmio_bus.hpp"
#include "vmm/devices/fdc82077.hpp"
#include "vmm/devices/i440fx.hpp"
#include "vmm/devices/i8042.hpp"
#include "vmm/devices/ide/atapi_cdrom.hpp"
#include "vmm/devices/ide/piix_ide.hpp"
#include "vmm/devices/pci_bus.hpp"
#include "vmm/devices/pic8259.hpp"
#include "vmm/devices/piix3_isa.hpp"
#include "vmm/devices/pit8254.hpp"
#include "vmm/devices/rtc_mc146818.hpp"
#include "vmm/devices/vga/vga.hpp"
#include "vmm/firmware/boot_config.hpp"
#include "vmm/machine/isa_lines.hpp"
#include "vmm/machine/machine.hpp"

#include <deque>

namespace ntferry::vmm {

/// What the board asks of whoever holds the processor and the memory.
struct BoardHost {
    std::function<void()> reset;               ///< the guest wants a reset
    std::function<void(bool)> interrupt;       ///< INTR of the PIC changed
    std::function<void()> interrupt_held_back; ///< a request waits for an EOI
    std::function<void()> memory_layout;       ///< PAM or SMRAM changed; not before the board is built
    std::function<void()> post_done;           ///< the firmware write-protected itself: boot begins
    std::function<void(int)> debug_exit;
    std::function<void(std::uint16_t)> bus_master_moved; ///< I/O base of the IDE bus master; 0: not decoded
    std::function<void(const IoApic::Message&)> message; ///< from the I/O APIC
    std::function<void()> messages_changed;
    WriteCollector* collector = nullptr;
    /// Video RAM of a size that the guest can have mapped.
    std::function<std::unique_ptr<FrameMemory>(std::size_t)> frame_memory;
};

class Board {
  public:
    Board(const profiles::Profile& profile, const profiles::MachineDescription& description,
          MachineBackends backends, const MachineOptions& options, GuestMemory& memory,
          std::uint64_t memory_size, Clock& clock, BoardHost host);
    ~Board();

    PortBus ports;
    MmioBus mmio;

    PicPair& pic() { return *pic_; }
    IoApic* io_apic() { return io_apic_.get(); }
    I440fx& bridge() { return *bridge_; }
    PciBus& pci() { return *pci_; }
    PiixIde* ide() { return ide_.get(); }
    Vga* vga() { return vga_.get(); }
    bool change_cdrom(std::unique_ptr<DiskBackend> medium, bool force);
    void change_floppy(std::unique_ptr<DiskBackend> medium);
    InputSink& input() { return keyboard_ ? static_cast<InputSink&>(*keyboard_) : *no_input_; }
    /// In the order of saved states.
    const std::vector<Device*>& devices() const { return devices_; }
    /// Power-on or hardware reset of every chip.
    void reset();
    /// An operation of a disk is under way.
    bool disks_busy() const;
    /// Ends what is under way at the disks. Before destruction, with the machine lock.
    void shut_down();
    const BootConfig& boot_config() const { return boot_; }

  private:
    void build_chipset(const profiles::Profile& profile);
    void build_disks(const profiles::Profile& profile, const profiles::MachineDescription& description);
    void build_floppy(const profiles::Profile& profile);
    void build_video(const profiles::Profile& profile, const MachineOptions& options);
    void build_lines(const profiles::Profile& profile);
    void build_networks(const profiles::Profile& profile, const profiles::MachineDescription& description);
    void build_firmware(const MachineOptions& options);
    void on_layout();
    template <typename T>
    T& keep(std::unique_ptr<T> device) {
        T& reference = *device;
        devices_.push_back(&reference);
        owned_.push_back(std::move(device));
        return reference;
    }

    GuestMemory& memory_;
    Clock& clock_;
    BoardHost host_;
    MachineBackends backends_;
    /// Media taken out: their threads may still want the machine lock, so they end with the board.
    std::vector<std::unique_ptr<DiskBackend>> retired_;
    BootConfig boot_;
    std::unique_ptr<IrqLine> intr_;
    std::unique_ptr<PicPair> pic_;
    std::unique_ptr<IoApic> io_apic_; ///< only with APICs
    std::unique_ptr<IsaLines> lines_;
    std::unique_ptr<Pit8254> pit_;
    std::unique_ptr<RtcMc146818> rtc_;
    std::unique_ptr<PciBus> pci_;
    std::unique_ptr<I440fx> bridge_;
    std::unique_ptr<Piix3Isa> isa_;
    std::unique_ptr<PiixIde> ide_;
    AtapiCdrom* cdrom_ = nullptr; ///< on the IDE cable
    std::unique_ptr<FrameMemory> frame_memory_;
    std::unique_ptr<Vga> vga_;
    Bytes vga_rom_; ///< until fw_cfg has it
    std::unique_ptr<Dma8237> dma_;
    std::unique_ptr<Fdc82077> fdc_;
    std::unique_ptr<FwCfg> fw_cfg_;
    std::unique_ptr<I8042> keyboard_;
    std::unique_ptr<InputSink> no_input_;
    std::vector<std::unique_ptr<PortDevice>> debug_ports_;
    std::vector<std::unique_ptr<Device>> owned_;
    std::vector<Device*> devices_;
    bool built_ = false;
    bool f_segment_writable_ = false;
};

} // namespace ntferry::vmm
