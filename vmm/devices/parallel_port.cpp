// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/parallel_port.hpp"

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t control_strobe = 0x01;
constexpr std::uint8_t control_not_init = 0x04;
constexpr std::uint8_t control_irq = 0x10;
constexpr std::uint8_t control_input = 0x20;
constexpr Nanoseconds acknowledge_time = 5'000;
constexpr Nanoseconds retry_time = 10'000'000; // beside the back end's own word that there is room

} // namespace

ParallelPort::ParallelPort(PortBus& ports, std::uint16_t base, std::string name, Clock& clock, IrqLine& irq,
                           CharBackend* printer)
    : ports_(ports), base_(base), name_(std::move(name)), clock_(clock), irq_(irq), printer_(printer),
      timer_(clock, [this] { acknowledge(); }) {
    ports_.claim(base_, 3, *this, name_);
    if (printer_ != nullptr)
        printer_->attach([](ByteView bytes) { return bytes.size(); }, // nothing comes back in this mode
                         [this] {
                             if (unsent_)
                                 send();
                         });
    ParallelPort::reset();
}

ParallelPort::~ParallelPort() {
    if (printer_ != nullptr)
        printer_->attach(nullptr, nullptr);
    ports_.release(base_, 3, *this);
}

void ParallelPort::reset() {
    timer_.cancel();
    data_ = control_ = latched_ = 0;
    busy_ = unsent_ = false;
    irq_.lower();
}

/// BUSY inverted, ACK#, PE, SELECT, ERROR#. Without a printer the pull-ups say
/// busy, out of paper, not there.
std::uint8_t ParallelPort::status() const {
    if (printer_ == nullptr)
        return 0x7F;
    return busy_ ? 0x5F : 0xDF;
}

std::uint32_t ParallelPort::port_read(std::uint16_t port, unsigned width) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) {
        std::uint32_t byte = 0xFF;
        switch (port + i - base_) {
        case 0:
            byte = (control_ & control_input) != 0 ? 0xFFU : data_; // nobody drives the lines
            break;
        case 1:
            byte = status();
            break;
        case 2:
            byte = 0xC0U | control_;
            break;
        default:
            break;
        }
        value |= byte << (8U * i);
    }
    return value;
}

void ParallelPort::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i) {
        const auto byte = static_cast<std::uint8_t>(value >> (8U * i));
        const unsigned offset = port + i - base_;
        if (offset == 0) {
            data_ = byte;
        } else if (offset == 2) {
            const bool edge = (control_ & control_strobe) == 0 && (byte & control_strobe) != 0;
            control_ = byte & 0x3FU;
            if ((control_ & control_irq) == 0)
                irq_.lower();
            if (edge)
                strobe();
        }
    }
}

void ParallelPort::strobe() {
    // INIT# low holds a printer in reset; one that is busy does not listen.
    if (printer_ == nullptr || busy_ || (control_ & control_not_init) == 0)
        return;
    latched_ = data_;
    busy_ = true;
    send();
}

void ParallelPort::send() {
    unsent_ = printer_->write(ByteView(&latched_, 1)) == 0;
    timer_.arm(clock_.now() + (unsent_ ? retry_time : acknowledge_time));
}

void ParallelPort::acknowledge() {
    if (unsent_)
        return send();
    busy_ = false;
    if ((control_ & control_irq) != 0)
        irq_.pulse();
}

void ParallelPort::save(StateWriter& writer) const {
    writer.version(1);
    for (const std::uint8_t value : {data_, control_, latched_})
        writer.put(value);
    writer.put(busy_);
    writer.put(unsent_);
    writer.put(timer_.deadline());
}

void ParallelPort::load(StateReader& reader) {
    reader.version(1, 1);
    for (std::uint8_t* value : {&data_, &control_, &latched_})
        *value = reader.get<std::uint8_t>();
    control_ &= 0x3F;
    busy_ = reader.get_bool();
    unsent_ = reader.get_bool();
    timer_.arm(reader.get_signed());
    unsent_ = unsent_ && printer_ != nullptr;
}

} // namespace ntferry::vmm
