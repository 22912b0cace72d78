// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/uart16550.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t IER_RDA = 0x01;
constexpr std::uint8_t IER_THRE = 0x02;
constexpr std::uint8_t IER_LINE = 0x04;
constexpr std::uint8_t IER_MODEM = 0x08;
constexpr std::uint8_t IIR_NONE = 0x01;
constexpr std::uint8_t IIR_MODEM = 0x00;
constexpr std::uint8_t IIR_THRE = 0x02;
constexpr std::uint8_t IIR_RDA = 0x04;
constexpr std::uint8_t IIR_LINE = 0x06;
constexpr std::uint8_t IIR_TIMEOUT = 0x0C;
constexpr std::uint8_t IIR_FIFOS = 0xC0;
constexpr std::uint8_t LCR_DLAB = 0x80;
constexpr std::uint8_t LCR_BREAK = 0x40;
constexpr std::uint8_t MCR_OUT2 = 0x08; // on a PC: lets the interrupt out
constexpr std::uint8_t LSR_DR = 0x01;
constexpr std::uint8_t LSR_OE = 0x02;
constexpr std::uint8_t LSR_BI = 0x10;
constexpr std::uint8_t LSR_THRE = 0x20;
constexpr std::uint8_t LSR_TEMT = 0x40;
constexpr std::uint8_t MSR_TERI = 0x04;
constexpr std::uint32_t CRYSTAL_BAUD = 115200;

} // namespace

Uart16550::Uart16550(std::string name, PortBus& ports, std::uint16_t base, Clock& clock, IrqLine& irq,
                     CharBackend* line)
    : name_(std::move(name)), base_(base), clock_(clock), irq_(irq), line_(line), timeout_(clock, [this] {
          timed_out_ = !receiver_.empty();
          update_irq();
      }) {
    ports.claim(base, 8, *this, name_);
    if (line_ != nullptr)
        line_->attach([this](ByteView data) { return receive(data); }, [this] { send(); });
    modem_ = modem_inputs();
}

Uart16550::~Uart16550() {
    if (line_ != nullptr)
        line_->attach({}, {});
}

void Uart16550::reset() {
    // Data sheet, table I: reset does not touch the divisor, the scratch register and the FIFOs' contents; a
    // power-on leaves them undefined.
    receiver_.clear();
    transmitter_.clear();
    timeout_.cancel();
    ier_ = fcr_ = lcr_ = mcr_ = 0;
    divisor_ = 12;
    lsr_errors_ = msr_deltas_ = 0;
    thre_interrupt_ = timed_out_ = false;
    modem_ = modem_inputs();
    if (line_ != nullptr)
        line_->set_modem_lines(0);
    update_irq();
}

unsigned Uart16550::trigger() const {
    constexpr unsigned levels[] = {1, 4, 8, 14};
    return fifos() ? levels[fcr_ >> 6U] : 1;
}

Nanoseconds Uart16550::character_time() const {
    const unsigned bits = 1 + 5 + (lcr_ & 3U) + ((lcr_ & 8U) != 0 ? 1 : 0) + ((lcr_ & 4U) != 0 ? 2 : 1);
    const Nanoseconds divisor = divisor_ == 0 ? 1 : divisor_;
    return nanoseconds_per_second / CRYSTAL_BAUD * divisor * bits;
}

std::uint8_t Uart16550::pending() const {
    if ((ier_ & IER_LINE) != 0 && lsr_errors_ != 0)
        return IIR_LINE;
    if ((ier_ & IER_RDA) != 0) {
        if (receiver_.size() >= trigger())
            return IIR_RDA;
        if (fifos() && timed_out_)
            return IIR_TIMEOUT;
    }
    if ((ier_ & IER_THRE) != 0 && thre_interrupt_)
        return IIR_THRE;
    if ((ier_ & IER_MODEM) != 0 && msr_deltas_ != 0)
        return IIR_MODEM;
    return IIR_NONE;
}

void Uart16550::update_irq() {
    irq_.set(pending() != IIR_NONE && (mcr_ & MCR_OUT2) != 0 && !loopback());
}

std::uint8_t Uart16550::read_receiver() {
    if (receiver_.empty())
        return 0;
    const std::uint8_t value = receiver_.front();
    receiver_.pop_front();
    timed_out_ = false;
    if (receiver_.empty())
        timeout_.cancel();
    else
        timeout_.arm(clock_.now() + 4 * character_time());
    if (receiver_.size() < capacity() && line_ != nullptr && !loopback())
        line_->receive_ready();
    update_irq();
    return value;
}

std::uint8_t Uart16550::read_iir() {
    const std::uint8_t cause = pending();
    if (cause == IIR_THRE)
        thre_interrupt_ = false;
    update_irq();
    return static_cast<std::uint8_t>(cause | (fifos() ? IIR_FIFOS : 0U));
}

std::uint8_t Uart16550::modem_inputs() const {
    if (loopback()) // table: RTS to CTS, DTR to DSR, OUT1 to RI, OUT2 to DCD
        return static_cast<std::uint8_t>(((mcr_ & 2U) != 0 ? 0x10U : 0U) | ((mcr_ & 1U) != 0 ? 0x20U : 0U) |
                                         ((mcr_ & 4U) != 0 ? 0x40U : 0U) | ((mcr_ & 8U) != 0 ? 0x80U : 0U));
    return line_ != nullptr ? static_cast<std::uint8_t>((line_->modem_lines() & 15U) << 4U) : std::uint8_t{0};
}

void Uart16550::update_modem() {
    const std::uint8_t now = modem_inputs();
    const auto changed = static_cast<std::uint8_t>((now ^ modem_) >> 4U);
    std::uint8_t deltas = changed & 0x0BU; // DCTS, DDSR, DDCD
    if ((changed & MSR_TERI) != 0 && (now & 0x40U) == 0)
        deltas |= MSR_TERI; // the ring indicator counts when it ends
    msr_deltas_ |= deltas;
    modem_ = now;
}

std::uint8_t Uart16550::read_msr() {
    update_modem();
    const auto value = static_cast<std::uint8_t>(modem_ | msr_deltas_);
    msr_deltas_ = 0;
    update_irq();
    return value;
}

void Uart16550::push(std::uint8_t value) {
    if (receiver_.size() >= capacity()) {
        lsr_errors_ |= LSR_OE;
        if (!fifos())
            receiver_.back() = value; // the holding register is overwritten, the FIFO is not
    } else {
        receiver_.push_back(value);
    }
    timed_out_ = false;
    timeout_.arm(clock_.now() + 4 * character_time());
}

std::size_t Uart16550::receive(ByteView data) {
    if (loopback())
        return 0;
    const std::size_t room = capacity() - std::min(capacity(), receiver_.size());
    const std::size_t count = std::min(room, data.size());
    for (std::size_t i = 0; i < count; ++i)
        push(data[i]);
    update_irq();
    return count;
}

void Uart16550::transmit(std::uint8_t value) {
    thre_interrupt_ = false;
    if (loopback()) {
        push(value);
        thre_interrupt_ = true;
    } else {
        if (transmitter_.size() >= capacity())
            transmitter_.pop_back(); // the register is overwritten
        transmitter_.push_back(value);
        send();
    }
    update_irq();
}

void Uart16550::send() {
    if (!transmitter_.empty()) {
        std::size_t count = transmitter_.size();
        if (line_ != nullptr) {
            const Bytes waiting(transmitter_.begin(), transmitter_.end());
            count = std::min(count, line_->write(waiting));
        }
        transmitter_.erase(transmitter_.begin(), transmitter_.begin() + static_cast<std::ptrdiff_t>(count));
        if (transmitter_.empty())
            thre_interrupt_ = true;
    }
    update_modem();
    update_irq();
}

void Uart16550::line_settings() {
    if (line_ == nullptr)
        return;
    constexpr char parities[] = {'N', 'O', 'N', 'E', 'N', 'M', 'N', 'S'};
    line_->set_line(CRYSTAL_BAUD / (divisor_ == 0 ? 1U : divisor_),
                    static_cast<std::uint8_t>(5U + (lcr_ & 3U)), parities[lcr_ >> 3U & 7U],
                    (lcr_ & 4U) != 0 ? 2 : 1);
}

void Uart16550::write_fcr(std::uint8_t value) {
    if (((value ^ fcr_) & 1U) != 0) {
        receiver_.clear(); // data sheet: changing FIFO mode clears both
        transmitter_.clear();
    }
    if ((value & 1U) != 0 && (value & 2U) != 0)
        receiver_.clear();
    if ((value & 1U) != 0 && (value & 4U) != 0)
        transmitter_.clear();
    fcr_ = (value & 1U) != 0 ? value & 0xC9U : 0;
    if (receiver_.empty()) {
        timed_out_ = false;
        timeout_.cancel();
        if (line_ != nullptr)
            line_->receive_ready();
    }
    update_irq();
}

void Uart16550::write_mcr(std::uint8_t value) {
    mcr_ = value & 0x1FU;
    if (line_ != nullptr && !loopback())
        line_->set_modem_lines(mcr_ & 3U);
    update_modem();
    update_irq();
}

std::uint8_t Uart16550::read_register(unsigned offset) {
    const bool dlab = (lcr_ & LCR_DLAB) != 0;
    switch (offset) {
    case 0:
        return dlab ? static_cast<std::uint8_t>(divisor_) : read_receiver();
    case 1:
        return dlab ? static_cast<std::uint8_t>(divisor_ >> 8U) : ier_;
    case 2:
        return read_iir();
    case 3:
        return lcr_;
    case 4:
        return mcr_;
    case 5: {
        const std::uint8_t errors = lsr_errors_;
        lsr_errors_ = 0;
        update_irq();
        return static_cast<std::uint8_t>((receiver_.empty() ? 0U : LSR_DR) | errors |
                                         (transmitter_.empty() ? LSR_THRE | LSR_TEMT : 0U));
    }
    case 6:
        return read_msr();
    default:
        return scratch_;
    }
}

void Uart16550::write_register(unsigned offset, std::uint8_t value) {
    const bool dlab = (lcr_ & LCR_DLAB) != 0;
    switch (offset) {
    case 0:
        if (dlab) {
            divisor_ = static_cast<std::uint16_t>((divisor_ & 0xFF00U) | value);
            line_settings();
        } else {
            transmit(value);
        }
        break;
    case 1:
        if (dlab) {
            divisor_ = static_cast<std::uint16_t>((divisor_ & 0xFFU) | value << 8U);
            line_settings();
        } else {
            // Enabling the transmitter interrupt with an empty register interrupts at once.
            if ((value & IER_THRE) != 0 && (ier_ & IER_THRE) == 0 && transmitter_.empty())
                thre_interrupt_ = true;
            ier_ = value & 0x0FU;
            update_irq();
        }
        break;
    case 2:
        write_fcr(value);
        break;
    case 3: {
        const auto changed = static_cast<std::uint8_t>(lcr_ ^ value);
        lcr_ = value;
        if ((changed & LCR_BREAK) != 0) {
            if (loopback() && (value & LCR_BREAK) != 0) {
                push(0);
                lsr_errors_ |= LSR_BI;
            } else if (line_ != nullptr) {
                line_->set_break((value & LCR_BREAK) != 0);
            }
        }
        if ((changed & 0x3FU) != 0)
            line_settings();
        update_irq();
        break;
    }
    case 4:
        write_mcr(value);
        break;
    case 7:
        scratch_ = value;
        break;
    default:
        break; // LSR and MSR: factory tests only
    }
}

std::uint32_t Uart16550::port_read(std::uint16_t port, unsigned width) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i)
        value |= static_cast<std::uint32_t>(read_register((port - base_ + i) & 7U)) << (8U * i);
    return value;
}

void Uart16550::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i)
        write_register((port - base_ + i) & 7U, static_cast<std::uint8_t>(value >> (8U * i)));
}

void Uart16550::save(StateWriter& writer) const {
    writer.version(1);
    writer.put_bytes(Bytes(receiver_.begin(), receiver_.end()));
    writer.put_bytes(Bytes(transmitter_.begin(), transmitter_.end()));
    writer.put(divisor_);
    for (const std::uint8_t value : {ier_, fcr_, lcr_, mcr_, lsr_errors_, msr_deltas_, modem_, scratch_})
        writer.put(value);
    writer.put(thre_interrupt_);
    writer.put(timed_out_);
    writer.put(timeout_.deadline());
}

void Uart16550::load(StateReader& reader) {
    reader.version(1, 1);
    const Bytes receiver = reader.get_bytes(16);
    const Bytes transmitter = reader.get_bytes(16);
    divisor_ = reader.get<std::uint16_t>();
    for (std::uint8_t* value : {&ier_, &fcr_, &lcr_, &mcr_, &lsr_errors_, &msr_deltas_, &modem_, &scratch_})
        *value = reader.get<std::uint8_t>();
    ier_ &= 0x0FU;
    mcr_ &= 0x1FU;
    fcr_ &= 0xC9U;
    thre_interrupt_ = reader.get_bool();
    timed_out_ = reader.get_bool();
    const Nanoseconds deadline = reader.get_signed();
    receiver_.assign(receiver.begin(),
                     receiver.begin() + static_cast<std::ptrdiff_t>(std::min(receiver.size(), capacity())));
    transmitter_.assign(transmitter.begin(), transmitter.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                       transmitter.size(), capacity())));
    if (deadline == never)
        timeout_.cancel();
    else
        timeout_.arm(std::max<Nanoseconds>(0, deadline));
    if (line_ != nullptr) {
        line_settings();
        line_->set_modem_lines(mcr_ & 3U);
    }
    update_irq();
}

} // namespace ntferry::vmm
