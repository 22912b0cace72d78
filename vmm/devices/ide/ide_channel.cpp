// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ide/ide_channel.hpp"

#include <cstring>

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t control_nien = 0x02;
constexpr std::uint8_t control_srst = 0x04;
constexpr std::uint8_t command_diagnostic = 0x90;

} // namespace

IdeChannel::IdeChannel(Ports ports, IrqLine& irq, Clock& clock, BusMaster& bus_master,
                       Nanoseconds interrupt_delay)
    : ports_(ports), irq_(irq), clock_(clock), bus_master_(bus_master), interrupt_delay_(interrupt_delay),
      interrupt_timer_(clock, [this] { assert_interrupt(); }) {}

void IdeChannel::attach(unsigned unit, std::unique_ptr<IdeDrive> drive) {
    drives_[unit & 1U] = std::move(drive);
    const bool both = drives_[0] != nullptr && drives_[1] != nullptr;
    for (unsigned i = 0; i < 2; ++i)
        if (drives_[i]) {
            drives_[i]->connect(*this, i);
            drives_[i]->set_alone(!both);
        }
    reset();
}

std::uint8_t IdeChannel::dma_capable_bits() const {
    std::uint8_t bits = 0;
    for (unsigned i = 0; i < 2; ++i)
        if (drives_[i] && drives_[i]->dma_capable())
            bits = static_cast<std::uint8_t>(bits | 0x20U << i);
    return bits;
}

void IdeChannel::reset() {
    interrupt_timer_.cancel();
    selected_ = control_ = pending_ = delayed_ = 0;
    for (const auto& drive : drives_)
        if (drive)
            drive->hardware_reset();
    update_line();
}

void IdeChannel::update_line() {
    const bool level = (pending_ >> selected_ & 1U) != 0 && (control_ & control_nien) == 0;
    if (level && !line_)
        bus_master_.drive_interrupted();
    line_ = level;
    irq_.set(level);
}

void IdeChannel::set_pending(unsigned unit, bool pending) {
    const auto bit = static_cast<std::uint8_t>(1U << unit);
    delayed_ = static_cast<std::uint8_t>(delayed_ & ~bit);
    pending_ = static_cast<std::uint8_t>(pending ? pending_ | bit : pending_ & ~bit);
    update_line();
}

void IdeChannel::assert_interrupt() {
    pending_ |= delayed_;
    delayed_ = 0;
    update_line();
}

void IdeChannel::interrupt(IdeDrive& drive) {
    if (interrupt_delay_ <= 0)
        return set_pending(drive.unit(), true);
    delayed_ = static_cast<std::uint8_t>(delayed_ | 1U << drive.unit());
    interrupt_timer_.arm(clock_.now() + interrupt_delay_);
}

void IdeChannel::dma_request(IdeDrive& drive) {
    if (moving_)
        return; // the loop below sees the new phase
    moving_ = true;
    while (bus_master_.active() && !drive.dma_bytes().empty()) {
        const MutableByteView bytes = drive.dma_bytes();
        const std::size_t count = drive.phase() == IdeDrive::Phase::dma_in ? bus_master_.to_memory(bytes)
                                                                           : bus_master_.from_memory(bytes);
        if (count == 0)
            break;
        drive.dma_moved(count);
    }
    moving_ = false;
}

void IdeChannel::bus_master_started() {
    if (IdeDrive* drive = selected())
        dma_request(*drive);
}

bool IdeChannel::expects_data() const {
    return selected() != nullptr && selected()->phase() == IdeDrive::Phase::pio_out;
}

std::uint8_t IdeChannel::status() const {
    if (const IdeDrive* drive = selected())
        return (control_ & control_srst) != 0 ? ata_status::bsy : drive->registers().status;
    return 0; // the drive that is there answers for the missing one (ATA-4 9.16.1)
}

std::uint8_t IdeChannel::read_register(unsigned offset) {
    IdeDrive* drive = selected() != nullptr ? selected() : drives_[selected_ ^ 1U].get();
    if (drive == nullptr)
        return 0xFF; // an empty cable floats
    const TaskFile& registers = drive->registers();
    switch (offset) {
    case 1:
        return registers.error;
    case 2:
        return registers.count;
    case 3:
        return registers.lba_low;
    case 4:
        return registers.lba_mid;
    case 5:
        return registers.lba_high;
    case 6:
        return static_cast<std::uint8_t>((registers.device & ~0x10U) | 0xA0U | unsigned{selected_} << 4U);
    default: {
        const std::uint8_t value = status();
        if (offset == 7)
            set_pending(selected_, false);
        return value;
    }
    }
}

std::uint32_t IdeChannel::port_read(std::uint16_t port, unsigned width) {
    const unsigned offset = port - ports_.command;
    if (offset == 0 && width > 1) {
        std::array<std::uint8_t, 4> bytes{};
        port_read_block(port, width, MutableByteView(bytes).first(width));
        return load_le<std::uint32_t>(bytes, 0);
    }
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) {
        const auto at = static_cast<std::uint16_t>(port + i);
        std::uint8_t byte = 0xFF;
        if (at == ports_.control) {
            byte = read_register(8);
        } else if (at == ports_.command) {
            if (IdeDrive* drive = selected())
                drive->read_data(MutableByteView(&byte, 1));
        } else if (at > ports_.command && at < ports_.command + 8) {
            byte = read_register(at - ports_.command);
        }
        value |= static_cast<std::uint32_t>(byte) << (8U * i);
    }
    return value;
}

void IdeChannel::port_read_block(std::uint16_t port, unsigned width, MutableByteView out) {
    if (port != ports_.command)
        return PortDevice::port_read_block(port, width, out);
    if (IdeDrive* drive = selected())
        drive->read_data(out);
    else
        std::memset(out.data(), 0xFF, out.size());
}

void IdeChannel::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    if (port == ports_.command) {
        if (IdeDrive* drive = selected()) {
            std::array<std::uint8_t, 4> bytes{};
            store_le<std::uint32_t>(bytes, 0, value);
            drive->write_data(ByteView(bytes).first(width));
        }
        return;
    }
    for (unsigned i = 0; i < width; ++i) {
        const auto at = static_cast<std::uint16_t>(port + i);
        const auto byte = static_cast<std::uint8_t>(value >> (8U * i));
        if (at == ports_.control)
            write_control(byte);
        else if (at > ports_.command && at < ports_.command + 8)
            write_register(at - ports_.command, byte);
    }
}

void IdeChannel::port_write_block(std::uint16_t port, unsigned width, ByteView data) {
    if (port != ports_.command)
        return PortDevice::port_write_block(port, width, data);
    if (IdeDrive* drive = selected())
        drive->write_data(data);
}

void IdeChannel::write_register(unsigned offset, std::uint8_t value) {
    if (offset == 7)
        return execute(value);
    for (const auto& drive : drives_) {
        if (!drive || drive->busy())
            continue; // ATA-4 7.1: registers written while BSY is set do not change
        TaskFile& registers = drive->registers();
        std::uint8_t* const targets[] = {nullptr,
                                         &registers.features,
                                         &registers.count,
                                         &registers.lba_low,
                                         &registers.lba_mid,
                                         &registers.lba_high,
                                         &registers.device};
        *targets[offset] = value;
    }
    if (offset == 6) {
        selected_ = value >> 4U & 1U;
        update_line();
    }
}

void IdeChannel::write_control(std::uint8_t value) {
    const bool was = (control_ & control_srst) != 0;
    control_ = value;
    if ((value & control_srst) != 0 && !was) {
        interrupt_timer_.cancel();
        pending_ = delayed_ = 0;
        for (const auto& drive : drives_)
            if (drive)
                drive->software_reset();
        selected_ = 0;
    }
    update_line();
}

void IdeChannel::execute(std::uint8_t command) {
    if ((control_ & control_srst) != 0)
        return;
    if (command == command_diagnostic) {
        for (const auto& drive : drives_)
            if (drive)
                drive->diagnose();
        selected_ = 0;
        if (drives_[0])
            interrupt(*drives_[0]);
        return;
    }
    IdeDrive* drive = selected();
    // While BSY is set only DEVICE RESET (08h) is listened to, by packet devices (ATA-4 7.2.6, 8.5).
    if (drive == nullptr || (drive->busy() && command != 0x08))
        return;
    set_pending(selected_, false);
    drive->command(command);
}

void IdeChannel::save(StateWriter& writer) const {
    writer.version(1);
    writer.put(selected_);
    writer.put(control_);
    writer.put(pending_);
    writer.put(delayed_);
    writer.put(line_);
    writer.put(interrupt_timer_.deadline());
    for (const auto& drive : drives_) {
        writer.put(drive != nullptr);
        if (drive)
            drive->save(writer);
    }
}

void IdeChannel::load(StateReader& reader) {
    reader.version(1, 1);
    selected_ = reader.get<std::uint8_t>() & 1U;
    control_ = reader.get<std::uint8_t>();
    pending_ = reader.get<std::uint8_t>() & 3U;
    delayed_ = reader.get<std::uint8_t>() & 3U;
    line_ = reader.get_bool();
    interrupt_timer_.arm(reader.get_signed());
    for (const auto& drive : drives_) {
        if (reader.get_bool() != (drive != nullptr))
            throw Error({}, "saved state has other IDE drives than this machine",
                        "start the machine with the disks it was saved with");
        if (drive)
            drive->load(reader);
    }
    irq_.set(line_);
}

} // namespace ntferry::vmm
