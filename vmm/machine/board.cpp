// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/board.hpp"

#include "profiles/xml_file.hpp"
#include "vmm/devices/ide/ata_disk.hpp"
#include "vmm/devices/net/dec21140.hpp"
#include "vmm/devices/net/pcnet.hpp"
#include "vmm/devices/parallel_port.hpp"
#include "vmm/devices/uart16550.hpp"
#include "vmm/firmware/rom.hpp"
#include "vmm/machine/wall_time.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ntferry::vmm {
namespace {

// Interrupt numbers of the PC: the only place in the source that knows them, beside the profiles.
constexpr unsigned IRQ_PIT = 0;
constexpr unsigned IRQ_KEYBOARD = 1;
constexpr unsigned IRQ_FLOPPY = 6;
constexpr unsigned IRQ_PARALLEL = 7;
constexpr unsigned IRQ_RTC = 8;
constexpr unsigned IRQ_MOUSE = 12;
constexpr unsigned IRQ_IDE_PRIMARY = 14;
constexpr unsigned IRQ_IDE_SECONDARY = 15;

class CallbackLine final : public IrqLine {
  public:
    explicit CallbackLine(std::function<void(bool)> changed) : changed_(std::move(changed)) {}
    void set(bool level) override {
        if (level != level_) {
            level_ = level;
            changed_(level);
        }
    }

  private:
    std::function<void(bool)> changed_;
    bool level_ = false;
};

/// A port the firmware or a test program talks to the host through.
class WritePort final : public PortDevice {
  public:
    WritePort(std::uint8_t answer, std::function<void(ByteView)> written)
        : answer_(answer), written_(std::move(written)) {}
    std::uint32_t port_read(std::uint16_t, unsigned) override { return answer_; }
    void port_write(std::uint16_t, unsigned, std::uint32_t value) override {
        const auto byte = static_cast<std::uint8_t>(value);
        written_(ByteView(&byte, 1));
    }

  private:
    std::uint8_t answer_;
    std::function<void(ByteView)> written_;
};

class NoInput final : public InputSink {
  public:
    void key(std::uint32_t, bool) override {}
    void mouse(int, int, int, unsigned) override {}
};

PciAddress address_of(const profiles::DeviceSpec& spec) {
    return {spec.pci->device, spec.pci->function};
}

BootFrom boot_from(const std::string& name) {
    if (name == "cdrom")
        return BootFrom::cdrom;
    return name == "floppy" ? BootFrom::floppy : BootFrom::disk;
}

} // namespace

Board::Board(const profiles::Profile& profile, const profiles::MachineDescription& description,
             MachineBackends backends, const MachineOptions& options, GuestMemory& memory,
             std::uint64_t memory_size, Clock& clock, BoardHost host)
    : memory_(memory), clock_(clock), host_(std::move(host)), backends_(std::move(backends)) {
    boot_.memory = memory_size;
    boot_.cpus = description.cpus;
    boot_.boot = boot_from(description.boot);
    build_chipset(profile);
    build_disks(profile, description);
    build_floppy(profile);
    build_video(profile, options);
    build_networks(profile, description);
    build_lines(profile);
    no_input_ = std::make_unique<NoInput>();
    build_firmware(options);
    built_ = true;
}

Board::~Board() = default;

void Board::build_chipset(const profiles::Profile& profile) {
    intr_ = std::make_unique<CallbackLine>([this](bool level) { host_.interrupt(level); });
    pic_ = std::make_unique<PicPair>(ports, *intr_, [this] {
        if (host_.interrupt_held_back)
            host_.interrupt_held_back();
    });
    if (profile.interrupts == profiles::InterruptController::apic)
        io_apic_ = std::make_unique<IoApic>(
            mmio, [this](const IoApic::Message& message) { host_.message(message); },
            [this] {
                if (built_)
                    host_.messages_changed();
            });
    lines_ = std::make_unique<IsaLines>(*pic_, io_apic_.get());
    pit_ = std::make_unique<Pit8254>(ports, clock_, lines_->line(IRQ_PIT));
    rtc_ = std::make_unique<RtcMc146818>(ports, clock_, lines_->line(IRQ_RTC),
                                         wall_time(profile.rtc_local_time));
    pci_ = std::make_unique<PciBus>(ports, [this] { host_.reset(); });
    bridge_ = std::make_unique<I440fx>([this] { on_layout(); });
    pci_->add(*bridge_, address_of(*profile.find("i440fx")));
    isa_ = std::make_unique<Piix3Isa>(
        ports, [this](unsigned irq) -> IrqLine& { return lines_->line(irq); }, [this] { host_.reset(); });
    pci_->add(*isa_, address_of(*profile.find("piix3-isa")));
    devices_ = {pic_.get(), pit_.get(), rtc_.get(), pci_.get(), bridge_.get(), isa_.get()};
    if (io_apic_)
        devices_.push_back(io_apic_.get());
}

void Board::build_disks(const profiles::Profile& profile, const profiles::MachineDescription& description) {
    const profiles::DeviceSpec* spec = profile.find("piix3-ide");
    if (spec == nullptr)
        return;
    ide_ = std::make_unique<PiixIde>(
        ports, memory_, clock_, lines_->line(IRQ_IDE_PRIMARY), lines_->line(IRQ_IDE_SECONDARY),
        PiixIdeOptions{.interrupt_delay = Nanoseconds{profile.ide_interrupt_delay_us} * 1000,
                       .bus_master_moved = host_.bus_master_moved});
    pci_->add(*ide_, address_of(*spec));
    devices_.push_back(ide_.get());
    boot_.ide_device = spec->pci->device;
    boot_.ide_function = spec->pci->function;
    for (const profiles::DiskSpec& disk : description.disks) {
        DiskBackend* backend = disk.position < 4 ? backends_.disks[disk.position].get() : nullptr;
        if (backend == nullptr)
            throw Error(disk.path, "no back end for this disk");
        BootDisk boot;
        boot.sectors = backend->size() / 512;
        AtaDiskOptions options;
        options.serial = fmt::format("NTF{:08}", disk.position + 1);
        if (disk.geometry) {
            boot.geometry = {disk.geometry->cylinders, disk.geometry->heads, disk.geometry->sectors};
            options.geometry = ata_geometry(boot.sectors, disk.geometry->heads, disk.geometry->sectors);
        }
        boot_.disks[disk.position] = boot;
        ide_->attach(disk.position / 2, disk.position % 2, std::make_unique<AtaDisk>(*backend, options));
    }
    // The CD-ROM drive is always there, as secondary master unless a disk sits on that place.
    for (const unsigned position : {2U, 3U, 1U}) {
        if (boot_.disks[position])
            continue;
        auto drive = std::make_unique<AtapiCdrom>(backends_.cdrom.get(), AtapiCdromOptions{});
        cdrom_ = drive.get();
        boot_.cdrom = position;
        ide_->attach(position / 2, position % 2, std::move(drive));
        break;
    }
}

void Board::build_floppy(const profiles::Profile& profile) {
    const profiles::DeviceSpec* spec = profile.find("fdc");
    if (spec == nullptr)
        return;
    dma_ = std::make_unique<Dma8237>(ports, memory_);
    fdc_ = std::make_unique<Fdc82077>(ports, clock_, lines_->line(spec->irq.value_or(IRQ_FLOPPY)), *dma_, 1);
    devices_.push_back(dma_.get());
    devices_.push_back(fdc_.get());
    fdc_->set_medium(0, backends_.floppy.get());
    boot_.floppy_drive = true;
}

void Board::build_video(const profiles::Profile& profile, const MachineOptions& options) {
    const profiles::DeviceSpec* spec = profile.find("stdvga");
    if (spec == nullptr)
        return;
    std::uint64_t size = 16U << 20U;
    if (const auto memory = spec->options.find("memory");
        memory != spec->options.end() &&
        (!profiles::parse_size(memory->second, size) || size < (256U << 10U) || size > (64U << 20U) ||
         (size & (size - 1)) != 0))
        throw Error(spec->id, fmt::format("memory=\"{}\"", memory->second),
                    "allowed: a power of two, 256K to 64M", ErrorKind::usage);
    frame_memory_ = host_.frame_memory(size);
    vga_ = std::make_unique<Vga>(ports, mmio, clock_, *frame_memory_);
    pci_->add(*vga_, address_of(*spec));
    devices_.push_back(vga_.get());
    vga_rom_ =
        load_option_rom(options.vga_firmware.empty() ? std::string(default_vga_rom) : options.vga_firmware);
}

void Board::build_lines(const profiles::Profile& profile) {
    if (const profiles::DeviceSpec* spec = profile.find("i8042")) {
        I8042::Wires wires{lines_->line(spec->irq.value_or(IRQ_KEYBOARD)), lines_->line(IRQ_MOUSE),
                           [this] { host_.reset(); }, [this](bool on) { isa_->set_a20(on); },
                           [this] { return isa_->a20(); }};
        keyboard_ = std::make_unique<I8042>(ports, std::move(wires));
        devices_.push_back(keyboard_.get());
    }
    if (const profiles::DeviceSpec* spec = profile.find("parallel"))
        keep(std::make_unique<ParallelPort>(ports, *spec->io, spec->id, clock_,
                                            lines_->line(spec->irq.value_or(IRQ_PARALLEL)),
                                            backends_.parallel.get()));
    unsigned number = 0;
    for (const profiles::DeviceSpec& device : profile.devices) {
        if (device.type != "serial" || number >= std::size(backends_.serial))
            continue;
        keep(std::make_unique<Uart16550>(device.id, ports, *device.io, clock_,
                                         lines_->line(device.irq.value_or(0)),
                                         backends_.serial[number].get()));
        ++number;
    }
}

void Board::build_networks(const profiles::Profile& profile,
                           const profiles::MachineDescription& description) {
    std::vector<const profiles::DeviceSpec*> slots;
    for (const profiles::DeviceSpec& device : profile.devices)
        if (device.options.count("models") != 0)
            slots.push_back(&device);
    if (description.nics.size() > slots.size())
        throw Error(description.name, fmt::format("{} network cards", description.nics.size()),
                    fmt::format("profile {} has places for {}", profile.name, slots.size()),
                    ErrorKind::usage);
    for (std::size_t i = 0; i < description.nics.size(); ++i) {
        const profiles::NicSpec& nic = description.nics[i];
        const profiles::DeviceSpec& slot = *slots[i];
        const std::string model = nic.model.empty() ? slot.type : nic.model;
        const std::vector<std::string> models = profiles::split_words(slot.options.at("models"));
        if (std::find(models.begin(), models.end(), model) == models.end())
            throw Error(slot.id, fmt::format("model \"{}\" does not fit here", model),
                        fmt::format("allowed: {}", fmt::join(models, ", ")), ErrorKind::usage);
        if (i >= backends_.networks.size() || backends_.networks[i] == nullptr)
            throw Error(slot.id, "no network behind this card");
        NetBackend& network = *backends_.networks[i];
        IrqLine& line = isa_->interrupt(slot.pci->device, 1);
        if (model == "pcnet")
            pci_->add(keep(std::make_unique<net::Pcnet>(net::Pcnet::Config{slot.id, nic.mac, host_.collector},
                                                        ports, mmio, memory_, clock_, line, network)),
                      address_of(slot));
        else if (model == "dec21140")
            pci_->add(
                keep(std::make_unique<net::Dec21140>(net::Dec21140::Config{slot.id, nic.mac, host_.collector},
                                                     ports, mmio, memory_, clock_, line, network)),
                address_of(slot));
    }
}

void Board::build_firmware(const MachineOptions& options) {
    fw_cfg_ = std::make_unique<FwCfg>(ports, memory_);
    fill_fw_cfg(*fw_cfg_, boot_);
    if (io_apic_) {
        // The MP table then says where IRQ 0 goes.
        fw_cfg_->set(static_cast<FwCfgKey>(0x8002), {1});
        Bytes one(8);
        one[0] = 1;
        fw_cfg_->add_file("etc/irq0-override", one);
    }
    if (vga_)
        fw_cfg_->add_file("pci1234,1111.rom", std::move(vga_rom_));
    fill_cmos([this](std::uint8_t index, std::uint8_t value) { rtc_->set_cmos(index, value); }, boot_);
    devices_.push_back(fw_cfg_.get());
    const auto add_port = [&](std::uint16_t port, std::uint8_t answer, std::function<void(ByteView)> written,
                              const char* name) {
        debug_ports_.push_back(std::make_unique<WritePort>(answer, std::move(written)));
        ports.claim(port, 1, *debug_ports_.back(), name);
    };
    if (options.firmware_log)
        add_port(0x402, 0xE9, options.firmware_log, "firmware log");
    if (options.debug_exit)
        add_port(
            *options.debug_exit, 0xFF,
            [this](ByteView data) { host_.debug_exit(static_cast<int>(data[0]) * 2 + 1); }, "debug exit");
}

void Board::on_layout() {
    if (!built_)
        return;
    host_.memory_layout();
    // SeaBIOS write-protects the F segment as the last thing before it boots: its tables are complete then.
    const PamAttribute f_segment = bridge_->pam(I440fx::pam_pieces - 1);
    const bool writable = f_segment.write_ram;
    if (f_segment_writable_ && !writable && f_segment.read_ram)
        host_.post_done();
    f_segment_writable_ = writable;
}

bool Board::change_cdrom(std::unique_ptr<DiskBackend> medium, bool force) {
    if (cdrom_ == nullptr)
        return false;
    if (!(medium ? cdrom_->insert(*medium, force) : cdrom_->eject(force)))
        return false;
    backends_.cdrom.swap(medium); // the old one goes when nobody refers to it any more
    retired_.push_back(std::move(medium));
    return true;
}

void Board::change_floppy(std::unique_ptr<DiskBackend> medium) {
    if (!fdc_)
        return;
    fdc_->set_medium(0, medium.get());
    backends_.floppy.swap(medium);
    retired_.push_back(std::move(medium));
}

bool Board::disks_busy() const {
    const auto busy = [](const std::unique_ptr<DiskBackend>& disk) { return disk && disk->busy(); };
    return std::any_of(std::begin(backends_.disks), std::end(backends_.disks), busy) ||
           busy(backends_.cdrom) || busy(backends_.floppy);
}

void Board::shut_down() {
    for (auto* disk : {backends_.disks[0].get(), backends_.disks[1].get(), backends_.disks[2].get(),
                       backends_.disks[3].get(), backends_.cdrom.get(), backends_.floppy.get()})
        if (disk != nullptr)
            disk->cancel_all();
}

void Board::reset() {
    for (Device* device : devices_)
        device->reset();
    // A reset starts from the same CMOS as power-on: the firmware's part of it belongs to the machine.
    fill_cmos([this](std::uint8_t index, std::uint8_t value) { rtc_->set_cmos(index, value); }, boot_);
    f_segment_writable_ = false;
}

} // namespace ntferry::vmm
