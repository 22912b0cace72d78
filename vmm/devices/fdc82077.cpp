// Registers and command phases of the 82077AA. SPDX-License-Identifier:
// GPL-3.0-or-later
#include "vmm/devices/fdc82077.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t dor_not_reset = 0x04;
constexpr std::uint8_t dor_gate = 0x08;
constexpr std::uint8_t msr_rqm = 0x80;
constexpr std::uint8_t msr_dio = 0x40;
constexpr std::uint8_t msr_non_dma = 0x20;
constexpr std::uint8_t msr_busy = 0x10;
constexpr std::uint8_t configure_default = 0x20; // EFIFO: the FIFO is off
constexpr Nanoseconds reset_time = 20'000;

} // namespace

std::optional<FloppyGeometry> floppy_geometry(std::uint64_t bytes) {
    static constexpr FloppyGeometry known[] = {
        {40, 1, 8, 2},  {40, 1, 9, 2},  {40, 2, 8, 2},  {40, 2, 9, 2},  {80, 2, 9, 2},  {80, 2, 10, 2},
        {80, 2, 15, 0}, {80, 2, 18, 0}, {80, 2, 20, 0}, {80, 2, 21, 0}, {82, 2, 21, 0}, {80, 2, 36, 3},
    };
    for (const FloppyGeometry& each : known)
        if (bytes <= std::uint64_t{each.cylinders} * each.heads * each.sectors * 512)
            return bytes == 0 ? std::nullopt : std::optional(each);
    return std::nullopt;
}

Fdc82077::Fdc82077(PortBus& ports, Clock& clock, IrqLine& irq, Dma8237& dma, unsigned drives)
    : ports_(ports), clock_(clock), irq_(irq), dma_(dma), connected_(std::clamp(drives, 1U, drive_count)),
      timer_(clock, [this] { timer_expired(); }) {
    ports_.claim(0x3F2, 4, *this, name());
    ports_.claim(0x3F7, 1, *this, name());
    Fdc82077::reset();
}

Fdc82077::~Fdc82077() {
    cancel();
    ports_.release(0x3F2, 4, *this);
    ports_.release(0x3F7, 1, *this);
}

void Fdc82077::set_medium(unsigned number, DiskBackend* disk) {
    Drive& drive = drives_[number % drive_count];
    const bool mine = (command_[1] & 1U) == number && phase_ != Phase::command && phase_ != Phase::result;
    if (mine) {
        if (wait_ == Wait::reading || wait_ == Wait::writing)
            drive.disk->cancel_all();
        wait_ = Wait::nothing;
    }
    drive.disk = disk;
    drive.geometry = disk != nullptr ? floppy_geometry(disk->size()) : std::nullopt;
    drive.changed = true;
    if (mine)
        finish(0x40, 0x01, 0x00);
}

void Fdc82077::cancel() {
    if (wait_ == Wait::reading || wait_ == Wait::writing)
        unit().disk->cancel_all();
    wait_ = Wait::nothing;
    timer_.cancel();
}

void Fdc82077::reset() {
    lock_ = false;
    soft_reset();
    dor_ = tdr_ = 0;
    rate_ = 2;
    specify_ = {};
    perpendicular_ = 0;
    for (Drive& drive : drives_) {
        drive.cylinder = 0;
        drive.changed = true;
    }
    update_line();
}

/// DOR or DSR reset: SPECIFY survives; CONFIGURE too when LOCK was set
/// (2.1.2, 5.2.8).
void Fdc82077::soft_reset() {
    cancel();
    dma_.set_request(2, false);
    phase_ = Phase::command;
    command_ = {};
    command_bytes_ = 0;
    result_ = {};
    result_length_ = result_at_ = 0;
    at_ = length_ = 0;
    terminal_count_ = false;
    reset_status_left_ = 0;
    if (!lock_) {
        configure_ = configure_default;
        precompensation_ = 0;
    }
    perpendicular_ &= 0xFC; // GAP and WGATE
    for (Drive& drive : drives_)
        drive.seeking = drive.seek_done = false;
    set_interrupt(false);
}

/// Polling finds all four drives changed: one interrupt, four SENSE INTERRUPT
/// STATUS (5.2.4).
void Fdc82077::leave_reset() {
    phase_ = Phase::busy;
    wait_ = Wait::start;
    command_[0] = 0;
    timer_.arm(clock_.now() + reset_time);
}

void Fdc82077::set_interrupt(bool active) {
    interrupt_ = active;
    update_line();
}

void Fdc82077::update_line() {
    line_ = interrupt_ && (dor_ & dor_gate) != 0;
    irq_.set(line_);
}

std::uint8_t Fdc82077::main_status() const {
    std::uint8_t status = 0;
    for (unsigned i = 0; i < drive_count; ++i)
        if (drives_[i].seeking || drives_[i].seek_done)
            status = static_cast<std::uint8_t>(status | 1U << i);
    if ((dor_ & dor_not_reset) == 0)
        return 0;
    switch (phase_) {
    case Phase::command:
        return static_cast<std::uint8_t>(status | msr_rqm | (command_bytes_ != 0 ? msr_busy : 0));
    case Phase::data_in:
        return static_cast<std::uint8_t>(status | msr_rqm | msr_dio | msr_non_dma | msr_busy);
    case Phase::data_out:
        return static_cast<std::uint8_t>(status | msr_rqm | msr_non_dma | msr_busy);
    case Phase::result:
        return static_cast<std::uint8_t>(status | msr_rqm | msr_dio | msr_busy);
    default:
        return static_cast<std::uint8_t>(status | (command_bytes_ != 0 ? msr_busy : 0));
    }
}

std::uint8_t Fdc82077::read_port(std::uint16_t port) {
    switch (port) {
    case 0x3F2:
        return dor_;
    case 0x3F3:
        return static_cast<std::uint8_t>(0xFC | tdr_);
    case 0x3F4:
        return main_status();
    case 0x3F5:
        if (phase_ == Phase::data_in)
            return data_byte_in();
        if (phase_ == Phase::result) {
            const std::uint8_t value = result_[result_at_];
            set_interrupt(false);
            if (++result_at_ >= result_length_) {
                phase_ = Phase::command;
                command_bytes_ = 0;
            }
            return value;
        }
        return 0x00;
    case 0x3F7: {
        const unsigned selected = dor_ & 3U;
        const bool changed = drive_exists(selected) ? drives_[selected].changed : true;
        return changed ? 0x80 : 0x00;
    }
    default:
        return 0xFF;
    }
}

void Fdc82077::write_port(std::uint16_t port, std::uint8_t value) {
    switch (port) {
    case 0x3F2:
        return write_dor(value);
    case 0x3F3:
        tdr_ = value & 3U;
        return;
    case 0x3F4: // DSR
        rate_ = value & 3U;
        if ((value & 0x80U) != 0 && (dor_ & dor_not_reset) != 0) {
            soft_reset();
            leave_reset();
        }
        return;
    case 0x3F5:
        if ((dor_ & dor_not_reset) == 0)
            return;
        if (phase_ == Phase::data_out)
            data_byte_out(value);
        else if (phase_ == Phase::command)
            command_byte(value);
        return;
    case 0x3F7: // CCR
        rate_ = value & 3U;
        return;
    default:
        return;
    }
}

void Fdc82077::write_dor(std::uint8_t value) {
    const bool was = (dor_ & dor_not_reset) != 0;
    const bool is = (value & dor_not_reset) != 0;
    dor_ = value;
    if (was && !is)
        soft_reset();
    if (!was && is)
        leave_reset();
    update_line();
}

void Fdc82077::timer_expired() {
    switch (wait_) {
    case Wait::start:
        wait_ = Wait::nothing;
        if (command_bytes_ == 0) { // after a reset
            phase_ = Phase::command;
            reset_status_left_ = 4;
            return set_interrupt((configure_ & 0x10U) == 0);
        }
        return begin_transfer();
    case Wait::seeks:
        wait_ = Wait::nothing;
        return seeks_done();
    default:
        return;
    }
}

std::uint32_t Fdc82077::port_read(std::uint16_t port, unsigned width) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i)
        value |= static_cast<std::uint32_t>(read_port(static_cast<std::uint16_t>(port + i))) << (8U * i);
    return value;
}

void Fdc82077::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i)
        write_port(static_cast<std::uint16_t>(port + i), static_cast<std::uint8_t>(value >> (8U * i)));
}

void Fdc82077::save(StateWriter& writer) const {
    writer.version(1);
    for (const Drive& drive : drives_) {
        for (const std::uint8_t value : {drive.cylinder, drive.seek_status})
            writer.put(value);
        for (const bool value : {drive.changed, drive.seeking, drive.seek_done})
            writer.put(value);
    }
    for (const std::uint8_t value :
         {dor_, tdr_, rate_, reset_status_left_, specify_[0], specify_[1], configure_, precompensation_,
          perpendicular_, static_cast<std::uint8_t>(phase_), static_cast<std::uint8_t>(wait_), command_bytes_,
          result_length_, result_at_, static_cast<std::uint8_t>(transfer_), cylinder_, head_, sector_})
        writer.put(value);
    for (const bool value : {interrupt_, line_, lock_, terminal_count_})
        writer.put(value);
    writer.put_bytes(command_);
    writer.put_bytes(result_);
    writer.put(at_);
    writer.put(length_);
    writer.put(timer_.deadline());
    writer.put_bytes(ByteView(buffer_).first(std::min<std::size_t>(length_, buffer_.size())));
}

void Fdc82077::load(StateReader& reader) {
    cancel();
    reader.version(1, 1);
    for (Drive& drive : drives_) {
        for (std::uint8_t* value : {&drive.cylinder, &drive.seek_status})
            *value = reader.get<std::uint8_t>();
        for (bool* value : {&drive.changed, &drive.seeking, &drive.seek_done})
            *value = reader.get_bool();
    }
    std::uint8_t phase = 0;
    std::uint8_t wait = 0;
    std::uint8_t transfer = 0;
    for (std::uint8_t* value :
         {&dor_, &tdr_, &rate_, &reset_status_left_, &specify_[0], &specify_[1], &configure_,
          &precompensation_, &perpendicular_, &phase, &wait, &command_bytes_, &result_length_, &result_at_,
          &transfer, &cylinder_, &head_, &sector_})
        *value = reader.get<std::uint8_t>();
    for (bool* value : {&interrupt_, &line_, &lock_, &terminal_count_})
        *value = reader.get_bool();
    reader.get_bytes(command_);
    reader.get_bytes(result_);
    at_ = reader.get<std::uint32_t>();
    length_ = reader.get<std::uint32_t>();
    const Nanoseconds deadline = reader.get_signed();
    const Bytes data = reader.get_bytes(max_run);
    const bool data_phase = phase == static_cast<std::uint8_t>(Phase::data_in) ||
                            phase == static_cast<std::uint8_t>(Phase::data_out);
    const bool moving =
        wait == static_cast<std::uint8_t>(Wait::reading) || wait == static_cast<std::uint8_t>(Wait::writing);
    if (phase > static_cast<std::uint8_t>(Phase::result) || wait > static_cast<std::uint8_t>(Wait::seeks) ||
        transfer > static_cast<std::uint8_t>(Transfer::format) || command_bytes_ > command_.size() ||
        result_length_ > result_.size() || length_ > max_run || at_ > length_ ||
        (phase == static_cast<std::uint8_t>(Phase::result) && result_at_ >= result_length_) ||
        (data_phase && at_ >= length_) || reset_status_left_ > 4 ||
        (moving && (length_ == 0 || length_ % 512 != 0)) ||
        (moving && (!unit().geometry || head_ > 1 || sector_ == 0)))
        throw Error({}, "saved state of the floppy controller is impossible with "
                        "the disks in the drives");
    phase_ = static_cast<Phase>(phase);
    transfer_ = static_cast<Transfer>(transfer);
    buffer_.assign(std::max<std::size_t>(length_, data.size()), 0);
    std::copy(data.begin(), data.end(), buffer_.begin());
    irq_.set(line_);
    wait_ = Wait::nothing;
    if (moving)
        submit(wait == static_cast<std::uint8_t>(Wait::reading) ? DiskBackend::Operation::read
                                                                : DiskBackend::Operation::write,
               length_ / 512);
    else
        wait_ = static_cast<Wait>(wait);
    timer_.arm(deadline);
}

} // namespace ntferry::vmm
