// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/net/pcnet.hpp"

#include "vmm/devices/net/pcnet_registers.hpp"

#include <algorithm>
#include <utility>

namespace ntferry::vmm::net {

using namespace pcnet;

namespace {

constexpr std::uint16_t window = 32; // bytes behind either BAR

/// CSRs that can only be written while the chip is stopped or suspended: all that hold addresses, rings and
/// the mode.
bool needs_stop(std::uint16_t index) {
    return (index >= 1 && index <= 2) || (index >= 8 && index <= 45) || (index >= 60 && index <= 67) ||
           index == 72 || index == 74 || index == 76 || index == 78;
}

/// Registers that read as written, apart from those with a meaning of their own.
bool plain_storage(std::uint16_t index) {
    return needs_stop(index) || index == 6 || index == 46 || index == 47 || index == 80 || index == 82 ||
           index == 84 || index == 85 || index == 86 || index == 100 || index == 124;
}

} // namespace

Pcnet::Pcnet(Config config, PortBus& ports, MmioBus& mmio, GuestMemory& memory, Clock& clock, IrqLine& irq,
             NetBackend& network)
    : config_name_(std::move(config.name)), mac_(config.mac), memory_(memory), clock_(clock), irq_(irq),
      network_(network), io_bar_(ports, *this, config_name_, window),
      memory_bar_(mmio, *this, config_name_, window),
      collected_(config.collector, {{0x12, 2}, {0x14, 4}}), // RAP, in both widths; with the latter BDP
      poll_timer_(clock, [this] { poll_transmit(); }),
      receive_wait_(clock, [this] { network_.receive_ready(); }) {
    reset();
    network_.attach(this);
}

Pcnet::~Pcnet() {
    network_.attach(nullptr);
}

void Pcnet::reset() {
    reset_header(0x1022, 0x2000, 0x020000, 0x16);
    store_le<std::uint16_t>(config(), 0x06, 0x0280); // DEVSEL medium, fast back-to-back capable
    store_le<std::uint16_t>(write_mask(), 0x04, 0x0157);
    config()[0x10] = 0x01; // I/O
    store_le<std::uint32_t>(write_mask(), 0x10, io_bar_.write_mask());
    store_le<std::uint32_t>(write_mask(), 0x14, memory_bar_.write_mask());
    config()[0x3D] = 0x01; // INTA#
    config()[0x3E] = 0x06; // MIN_GNT
    config()[0x3F] = 0xFF; // MAX_LAT
    io_bar_.update(0, false);
    memory_bar_.update(0, false);
    collected_.move(0);

    // Address PROM, "Address PROM Space": the station address, hardware id 11h for a PCI card at 09h, the sum
    // of the first twelve bytes and of the two W at 0Ch, and two ASCII W.
    aprom_.fill(0);
    std::copy(mac_.begin(), mac_.end(), aprom_.begin());
    aprom_[9] = 0x11;
    aprom_[14] = aprom_[15] = 'W';
    std::uint16_t sum = 0;
    for (const std::uint8_t byte : aprom_)
        sum = static_cast<std::uint16_t>(sum + byte);
    store_le<std::uint16_t>(aprom_, 12, sum);

    bcr_.fill(0);
    bcr_[0] = 0x0005;
    bcr_[1] = 0x0005;
    bcr_[bcr_misc] = 0x0002;
    bcr_[bcr_lnkst] = 0x00C0;
    bcr_[5] = 0x0084;
    bcr_[6] = 0x0088;
    bcr_[7] = 0x0090;
    bcr_[bcr_busctl] = 0x2101;
    bcr_[bcr_eecas] = 0x0002;
    bcr_[bcr_sws] = 0x0200;
    bcr_[22] = 0xFF06;
    rap_ = 0;
    csr_.fill(0);
    csr_[4] = 0x0115;
    csr_[80] = 0x1410;
    soft_reset();
}

/// S_RESET: what reading the reset register does.
void Pcnet::soft_reset() {
    csr_[0] = csr0_stop;
    csr_[3] = 0;
    csr_[4] = 0x0115;
    csr_[5] = 0;
    csr_[15] = 0;
    csr_[47] = 0;
    csr_[80] = 0x1410;
    csr_[100] = 0x0200;
    csr_[112] = 0;
    csr_[114] = 0;
    csr_[124] = 0;
    // "The address PROM's station address is copied to CSR12-14 by H_RESET."
    for (unsigned i = 0; i < 3; ++i)
        csr_[12 + i] = load_le<std::uint16_t>(aprom_, i * 2U);
    receive_wait_.end();
    poll_timer_.cancel();
    update_interrupt();
}

bool Pcnet::stopped_or_suspended() const {
    return (csr_[0] & csr0_stop) != 0 || (csr_[5] & csr5_spnd) != 0;
}

bool Pcnet::dwio() const {
    return (bcr_[bcr_busctl] & bcr18_dwio) != 0;
}

unsigned Pcnet::software_style() const {
    return bcr_[bcr_sws] & 3U;
}

void Pcnet::update_interrupt() {
    const auto csr4 = csr_[4];
    const auto csr5 = csr_[5];
    bool pending = (csr_[0] & csr0_interrupts & ~csr_[3]) != 0;
    // In CSR4 each request is followed by its mask one bit below; UINT has none.
    pending = pending || (csr4 & (csr4_mfco | csr4_rcvcco | csr4_txstrt | csr4_jab) & ~(csr4 << 1U)) != 0;
    pending = pending || (csr4 & csr4_uint) != 0;
    // In CSR5 each request is followed by its enable one bit below.
    pending = pending || (csr5 & (csr5_sint | csr5_exdint | csr5_mpint) & (csr5 << 1U)) != 0;
    csr_[0] = static_cast<std::uint16_t>(pending ? csr_[0] | csr0_intr : csr_[0] & ~csr0_intr);
    irq_.set(pending && (csr_[0] & csr0_iena) != 0);
}

void Pcnet::raise(std::uint16_t csr0_bits) {
    csr_[0] = static_cast<std::uint16_t>(csr_[0] | csr0_bits);
    update_interrupt();
}

std::uint16_t Pcnet::csr_read(std::uint16_t index) const {
    switch (index) {
    case 0: {
        const bool error = (csr_[0] & (csr0_babl | csr0_cerr | csr0_miss | csr0_merr)) != 0;
        return static_cast<std::uint16_t>(csr_[0] | (error ? csr0_err : 0));
    }
    case 16: // another address of CSR1 and CSR2
        return csr_[1];
    case 17:
        return csr_[2];
    case 58:
        return bcr_[bcr_sws];
    case 72: // RCVRC counts from the ring length down to 1, 0 is the last descriptor
        return static_cast<std::uint16_t>(receive_ring().length - receive_current_);
    case 74:
        return static_cast<std::uint16_t>(transmit_ring().length - transmit_current_);
    case 88: // chip identification: 2621h, AMD, version 0
        return 0x1003;
    case 89:
        return 0x0262;
    default:
        return index < csr_.size() ? csr_[index] : 0;
    }
}

void Pcnet::csr0_write(std::uint16_t value) {
    csr_[0] = static_cast<std::uint16_t>(csr_[0] & ~(value & csr0_write_one_to_clear));
    csr_[0] = static_cast<std::uint16_t>((csr_[0] & ~csr0_iena) | (value & csr0_iena));
    if ((value & csr0_stop) != 0) { // overrides STRT and INIT
        csr_[0] = csr0_stop;
        csr_[5] = static_cast<std::uint16_t>(csr_[5] & ~csr5_spnd);
        poll_timer_.cancel();
        receive_wait_.end();
        update_interrupt();
        return;
    }
    if ((value & csr0_init) != 0 && (csr_[0] & csr0_init) == 0) {
        csr_[0] = static_cast<std::uint16_t>((csr_[0] | csr0_init) & ~csr0_stop);
        read_initialization_block();
        csr_[0] = static_cast<std::uint16_t>(csr_[0] | csr0_idon);
    }
    if ((value & csr0_strt) != 0 && (csr_[0] & csr0_strt) == 0) {
        csr_[0] = static_cast<std::uint16_t>((csr_[0] | csr0_strt) & ~csr0_stop);
        if ((csr_[15] & mode_drx) == 0)
            csr_[0] = static_cast<std::uint16_t>(csr_[0] | csr0_rxon);
        if ((csr_[15] & mode_dtx) == 0)
            csr_[0] = static_cast<std::uint16_t>(csr_[0] | csr0_txon);
        network_.receive_ready();
    }
    update_interrupt();
    if ((value & csr0_tdmd) != 0 || (value & csr0_strt) != 0)
        poll_transmit();
    // The driver was here: it may have given back descriptors.
    if (receive_wait_.waiting())
        network_.receive_ready();
}

void Pcnet::csr_write(std::uint16_t index, std::uint16_t value) {
    switch (index) {
    case 0:
        return csr0_write(value);
    case 3:
        csr_[3] = value & csr3_writable;
        return update_interrupt();
    case 4: {
        const auto kept = static_cast<std::uint16_t>(csr_[4] & csr4_write_one_to_clear & ~value);
        csr_[4] = static_cast<std::uint16_t>((value & ~(csr4_write_one_to_clear | csr4_uintcmd)) | kept);
        if ((value & csr4_uintcmd) != 0)
            csr_[4] = static_cast<std::uint16_t>(csr_[4] | csr4_uint);
        return update_interrupt();
    }
    case 5: {
        const auto kept = static_cast<std::uint16_t>(csr_[5] & csr5_write_one_to_clear & ~value);
        const bool was_suspended = (csr_[5] & csr5_spnd) != 0;
        csr_[5] = static_cast<std::uint16_t>((value & ~csr5_write_one_to_clear) | kept);
        update_interrupt();
        if (was_suspended && (csr_[5] & csr5_spnd) == 0) {
            poll_transmit();
            network_.receive_ready();
        }
        return;
    }
    case 16:
    case 17:
        return csr_write(static_cast<std::uint16_t>(index - 15), value);
    case 58:
        return bcr_write(bcr_sws, value);
    case 112: // counters are cleared by writing, whatever is written
    case 114:
        csr_[index] = 0;
        return;
    default:
        break;
    }
    if (index >= csr_.size() || !plain_storage(index) || (needs_stop(index) && !stopped_or_suspended()))
        return;
    csr_[index] = value;
    if (index == 72) // RCVRC, XMTRC: where in the ring to go on
        receive_current_ = (receive_ring().length - value) % receive_ring().length;
    else if (index == 74)
        transmit_current_ = (transmit_ring().length - value) % transmit_ring().length;
}

std::uint16_t Pcnet::bcr_read(std::uint16_t index) const {
    if (index >= bcr_.size())
        return 0;
    if (index == bcr_lnkst) { // LEDOUT shows the enabled condition: here the link status
        const bool lit = (bcr_[index] & bcr4_lnkste) != 0 && network_.link_up();
        return static_cast<std::uint16_t>(bcr_[index] | (lit ? bcr4_ledout : 0));
    }
    return bcr_[index];
}

void Pcnet::bcr_write(std::uint16_t index, std::uint16_t value) {
    switch (index) {
    case bcr_misc:
    case 9:
    case 16:
    case 17:
    case 21:
    case 22:
        bcr_[index] = value;
        break;
    case bcr_lnkst:
    case 5:
    case 6:
    case 7:
        bcr_[index] = static_cast<std::uint16_t>(value & ~bcr4_ledout);
        break;
    case bcr_busctl: // DWIO is set by a dword write to RDP only
        bcr_[index] = static_cast<std::uint16_t>((value & ~bcr18_dwio) | (bcr_[index] & bcr18_dwio));
        break;
    case bcr_sws:
        if (stopped_or_suspended()) {
            // SSIZE32 (bit 8) and CSRPCNET (bit 9) follow from the style: 0 is LANCE with 16-bit structures,
            // 1 ILACC.
            static constexpr std::uint16_t derived[4] = {0x0200, 0x0100, 0x0300, 0x0300};
            bcr_[index] = static_cast<std::uint16_t>(derived[value & 3U] | (value & 0x00FFU));
        }
        break;
    default: // the rest is read-only or belongs to what is left out
        break;
    }
}

std::uint32_t Pcnet::register_read(std::uint32_t offset, unsigned width) {
    if (offset < aprom_.size()) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < width && offset + i < aprom_.size(); ++i)
            value |= static_cast<std::uint32_t>(aprom_[offset + i]) << (8U * i);
        return value;
    }
    const std::uint32_t step = dwio() ? 4 : 2;
    if (!dwio() && width == 4) // two neighbouring word registers
        return register_read(offset, 2) | register_read(offset + 2, 2) << 16U;
    const std::uint32_t shift = 8U * (offset % step);
    std::uint32_t value = 0;
    switch ((offset - 16) / step) {
    case 0:
        value = csr_read(rap_);
        break;
    case 1:
        value = rap_;
        break;
    case 2:
        soft_reset();
        break;
    case 3:
        value = bcr_read(rap_);
        break;
    default:
        break;
    }
    return value >> shift & (0xFFFFFFFFU >> (32U - 8U * width));
}

void Pcnet::register_write(std::uint32_t offset, unsigned width, std::uint32_t value) {
    if (offset < aprom_.size()) {
        if ((bcr_[bcr_misc] & bcr2_apromwe) != 0)
            for (unsigned i = 0; i < width && offset + i < aprom_.size(); ++i)
                aprom_[offset + i] = static_cast<std::uint8_t>(value >> (8U * i));
        return;
    }
    if (!dwio() && width == 4 && offset == 16) // "a 32-bit write to RDP changes to double word mode"
        bcr_[bcr_busctl] = static_cast<std::uint16_t>(bcr_[bcr_busctl] | bcr18_dwio);
    const std::uint32_t step = dwio() ? 4 : 2;
    if (offset % step != 0)
        return;
    const auto word = static_cast<std::uint16_t>(value);
    switch ((offset - 16) / step) {
    case 0:
        csr_write(rap_, word);
        break;
    case 1:
        rap_ = word & 0x7FU;
        break;
    case 3:
        bcr_write(rap_, word);
        break;
    default:
        break;
    }
}

std::uint32_t Pcnet::port_read(std::uint16_t port, unsigned width) {
    return register_read(static_cast<std::uint32_t>(port - io_bar_.base()) & (window - 1U), width);
}

void Pcnet::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    register_write(static_cast<std::uint32_t>(port - io_bar_.base()) & (window - 1U), width, value);
}

std::uint64_t Pcnet::mmio_read(std::uint64_t offset, unsigned width) {
    return register_read(static_cast<std::uint32_t>(offset), std::min(width, 4U));
}

void Pcnet::mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    register_write(static_cast<std::uint32_t>(offset), std::min(width, 4U),
                   static_cast<std::uint32_t>(value));
}

void Pcnet::config_written(std::uint8_t, unsigned) {
    io_bar_.update(load_le<std::uint32_t>(config(), 0x10), io_enabled());
    memory_bar_.update(load_le<std::uint32_t>(config(), 0x14), memory_enabled());
    collected_.move(io_bar_.base());
}

void Pcnet::link_changed() {
    if (network_.link_up())
        poll_transmit();
}

void Pcnet::save(StateWriter& writer) const {
    writer.version(1);
    save_config(writer);
    writer.put_bytes(aprom_);
    for (const std::uint16_t value : csr_)
        writer.put(value);
    for (const std::uint16_t value : bcr_)
        writer.put(value);
    writer.put(rap_);
    writer.put(receive_current_);
    writer.put(transmit_current_);
}

void Pcnet::load(StateReader& reader) {
    reader.version(1, 1);
    load_config(reader);
    reader.get_bytes(aprom_);
    for (std::uint16_t& value : csr_)
        value = reader.get<std::uint16_t>();
    for (std::uint16_t& value : bcr_)
        value = reader.get<std::uint16_t>();
    rap_ = reader.get<std::uint16_t>() & 0x7FU;
    receive_current_ = reader.get<std::uint32_t>() % receive_ring().length;
    transmit_current_ = reader.get<std::uint32_t>() % transmit_ring().length;
    receive_wait_.end();
    config_written(0, 4);
    update_interrupt();
    if ((csr_[0] & csr0_txon) != 0)
        schedule_poll(true);
}

} // namespace ntferry::vmm::net
