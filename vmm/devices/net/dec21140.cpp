// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/net/dec21140.hpp"

#include "vmm/devices/net/dec21140_registers.hpp"

#include <algorithm>
#include <utility>

namespace ntferry::vmm::net {

using namespace dec21140;

namespace {

constexpr std::uint16_t window = 128;
constexpr Nanoseconds timer_tick = 81'920; // CSR11 counts 2048 bit times of 100 Mb/s in units of four
constexpr std::uint32_t subsystem = 0x21140A00;

/// ID block checksum of the Serial ROM Format, 3.1: CRC-8, polynomial x^8 + x^2 + x + 1, over 16 bits a word,
/// MSB first.
std::uint8_t id_block_crc(ByteView id_block) {
    std::uint8_t crc = 0xFF;
    for (std::size_t word = 0; word < 9; ++word) {
        const std::size_t at = word * 2;
        std::uint16_t value = load_le<std::uint16_t>(id_block, at);
        const unsigned bits = word == 8 ? 8 : 16; // the last word holds the checksum itself in its low half
        if (word == 8)
            value = static_cast<std::uint16_t>(value & 0xFF00U);
        for (unsigned bit = 0; bit < bits; ++bit) {
            const bool feedback = (crc >> 7U) != (value >> 15U);
            crc = static_cast<std::uint8_t>(crc << 1U);
            if (feedback)
                crc ^= 0x07;
            value = static_cast<std::uint16_t>(value << 1U);
        }
    }
    return crc;
}

} // namespace

std::array<std::uint8_t, SerialRom::bytes> Dec21140::serial_rom_content(const MacAddress& mac) {
    std::array<std::uint8_t, SerialRom::bytes> rom{};
    const MutableByteView bytes(rom);
    // ID block.
    store_le<std::uint16_t>(bytes, 0, subsystem & 0xFFFFU);
    store_le<std::uint16_t>(bytes, 2, subsystem >> 16U);
    rom[18] = 0x01; // format version: the one the 21140's own drivers know
    rom[19] = 1;    // controllers
    std::copy(mac.begin(), mac.end(), rom.begin() + 20);
    rom[26] = 0;                            // controller 0: device number
    store_le<std::uint16_t>(bytes, 27, 30); // its information leaf
    rom[16] = id_block_crc(bytes);
    // 21140 information leaf: connection type, general-purpose control, blocks.
    store_le<std::uint16_t>(bytes, 30, 0x0800); // power-up autosense
    rom[32] = 0x00;                             // all general-purpose pins are inputs
    rom[33] = 1;                                // one block
    // Extended format block type 1: MII PHY.
    static constexpr std::uint8_t block[] = {
        0x80 | 12, // length after this byte
        1,         // type
        0,         // PHY number
        0,         // general-purpose sequence: none
        0,         // reset sequence: none
        0x00,
        0x78, // media capabilities: 10 and 100BASE-TX, both duplexes (layout of the PHY's status register)
        0xE0,
        0x01, // advertisement
        0x00,
        0x50, // full duplex map
        0x00,
        0x18, // transmit threshold map
    };
    std::copy(std::begin(block), std::end(block), rom.begin() + 34);
    // Checksum of the whole: the low half of the Ethernet CRC.
    store_le<std::uint16_t>(bytes, 126,
                            static_cast<std::uint16_t>(~crc32_register(ByteView(rom).first(126))));
    return rom;
}

Dec21140::Dec21140(Config config, PortBus& ports, MmioBus& mmio, GuestMemory& memory, Clock& clock,
                   IrqLine& irq, NetBackend& network)
    : name_(std::move(config.name)), memory_(memory), clock_(clock), irq_(irq), network_(network),
      io_bar_(ports, *this, name_, window), memory_bar_(mmio, *this, name_, window),
      collected_(config.collector, {{0x28, 4}}), // CSR5, which acknowledges
      srom_(serial_rom_content(config.mac)), general_timer_(clock, [this] { timer_expired(); }),
      poll_timer_(clock,
                  [this] {
                      collected_.settle();
                      poll_transmit();
                  }),
      receive_wait_(clock, [this] { network_.receive_ready(); }) {
    reset();
    network_.attach(this);
}

Dec21140::~Dec21140() {
    network_.attach(nullptr);
}

void Dec21140::reset() {
    reset_header(0x1011, 0x0009, 0x020000, 0x20);
    store_le<std::uint16_t>(config(), 0x06, 0x0280);
    config()[0x10] = 0x01;
    store_le<std::uint32_t>(write_mask(), 0x10, io_bar_.write_mask());
    store_le<std::uint32_t>(write_mask(), 0x14, memory_bar_.write_mask());
    store_le<std::uint32_t>(config(), 0x2C, subsystem);
    config()[0x3D] = 0x01;
    config()[0x3E] = 0x14;                                   // MIN_GNT
    config()[0x3F] = 0x28;                                   // MAX_LAT
    store_le<std::uint32_t>(write_mask(), 0x40, 0xC000FF00); // CFDD: sleep, snooze, driver area
    write_mask()[0x0C] = 0xFF;                               // cache line size
    io_bar_.update(0, false);
    memory_bar_.update(0, false);
    collected_.move(0);
    phy_.reset();
    phy_.set_link(network_.link_up());
    setup_.fill(0xFF);
    soft_reset();
}

void Dec21140::soft_reset() {
    csr_.fill(0xFFFFFFFF);
    csr_[0] = 0xFE000000;
    csr_[3] = 0;
    csr_[4] = 0;
    csr_[5] = csr5_reserved_ones;
    csr_[6] = 0x32000040;
    csr_[7] = 0xFFFE0000;
    csr_[9] = 0xFFF483FF;
    csr_[11] = 0xFFFE0000;
    csr_[12] = 0xFFFFFE00;
    csr_[15] = 0xFFFFFEC8;
    receive_next_ = transmit_next_ = 0;
    partial_length_ = 0;
    missed_ = 0;
    missed_overflow_ = false;
    receive_wait_.end();
    general_timer_.cancel();
    poll_timer_.cancel();
    update_interrupt();
}

void Dec21140::update_interrupt() {
    // A summary bit counts only what is enabled (CSR5, bits 15 and 16).
    const std::uint32_t enabled = csr_[5] & csr_[7];
    csr_[5] &= ~(std::uint32_t{csr5_nis} | csr5_ais);
    if ((enabled & csr5_normal) != 0)
        csr_[5] |= csr5_nis;
    if ((enabled & csr5_abnormal) != 0)
        csr_[5] |= csr5_ais;
    irq_.set((csr_[5] & csr_[7] & (std::uint32_t{csr5_nis} | csr5_ais)) != 0);
}

void Dec21140::raise(std::uint32_t status) {
    csr_[5] |= status;
    update_interrupt();
}

void Dec21140::set_receive_state(std::uint32_t state) {
    csr_[5] = (csr_[5] & ~(7U << csr5_rs_shift)) | state << csr5_rs_shift;
}

void Dec21140::set_transmit_state(std::uint32_t state) {
    csr_[5] = (csr_[5] & ~(7U << csr5_ts_shift)) | state << csr5_ts_shift;
}

std::uint32_t Dec21140::csr_read(unsigned index) {
    switch (index) {
    case 8: { // missed frames, cleared by reading
        const std::uint32_t value = 0xFFFE0000U | (missed_overflow_ ? 0x10000U : 0U) | missed_;
        missed_ = 0;
        missed_overflow_ = false;
        return value;
    }
    case 9: {
        std::uint32_t value = csr_[9] & ~(std::uint32_t{csr9_srom_out} | csr9_mdi);
        if (srom_.data_out())
            value |= csr9_srom_out;
        if (phy_.mdi())
            value |= csr9_mdi;
        return value;
    }
    case 11: {
        if (!general_timer_.armed())
            return csr_[11] & 0xFFFF0000U;
        const Nanoseconds left = std::max<Nanoseconds>(0, general_timer_.deadline() - clock_.now());
        return (csr_[11] & 0xFFFF0000U) | (static_cast<std::uint32_t>(left / timer_tick) & 0xFFFFU);
    }
    case 12: // pins that are inputs are pulled up
        return 0xFFFFFE00U | (gp_output_ & gp_direction_) | static_cast<std::uint8_t>(~gp_direction_);
    default:
        return csr_[index];
    }
}

void Dec21140::csr_write(unsigned index, std::uint32_t value) {
    switch (index) {
    case 0:
        if ((value & csr0_swr) != 0) {
            soft_reset();
            return;
        }
        csr_[0] = value | 0xFE000000U;
        schedule_poll();
        break;
    case 1:
        poll_transmit();
        break;
    case 2:
        if ((csr_[6] & csr6_sr) != 0) {
            set_receive_state(receive_waiting);
            network_.receive_ready();
        }
        break;
    case 3:
        csr_[3] = receive_next_ = value & ~3U;
        break;
    case 4:
        csr_[4] = transmit_next_ = value & ~3U;
        break;
    case 5:
        csr_[5] &= ~(value & csr5_write_one_to_clear);
        update_interrupt();
        // The driver was here: it may have given back descriptors.
        if (receive_wait_.waiting())
            network_.receive_ready();
        break;
    case 6:
        csr6_write(value);
        break;
    case 7:
        csr_[7] = value | 0xFFFE0000U;
        update_interrupt();
        if (receive_wait_.waiting())
            network_.receive_ready();
        break;
    case 9:
        csr9_write(value);
        break;
    case 11:
        csr11_write(value);
        break;
    case 12:
        if ((value & csr12_direction) != 0)
            gp_direction_ = static_cast<std::uint8_t>(value);
        else
            gp_output_ = static_cast<std::uint8_t>(value);
        break;
    case 10:
    case 15:
        csr_[index] = value;
        break;
    default:
        break;
    }
}

void Dec21140::csr6_write(std::uint32_t value) {
    const std::uint32_t before = csr_[6];
    // The filtering mode is what the last setup frame said, whatever is written.
    csr_[6] = (value & ~std::uint32_t{csr6_filter}) | (before & csr6_filter) | 0x02000000U;
    const std::uint32_t changed = before ^ csr_[6];
    if ((changed & csr6_sr) != 0) {
        if ((csr_[6] & csr6_sr) != 0) {
            set_receive_state(receive_waiting);
            network_.receive_ready();
        } else {
            set_receive_state(process_stopped);
            receive_wait_.end();
            raise(csr5_rps);
        }
    }
    if ((changed & csr6_st) != 0) {
        if ((csr_[6] & csr6_st) != 0) {
            poll_transmit();
        } else {
            set_transmit_state(process_stopped);
            partial_length_ = 0;
            poll_timer_.cancel();
            raise(csr5_tps);
        }
    }
}

void Dec21140::csr9_write(std::uint32_t value) {
    csr_[9] = (value & 0x0007FF07U) | 0xFFF00000U;
    const bool selected = (value & csr9_srom_select) != 0 && (value & csr9_srom_cs) != 0;
    srom_.set_pins(selected, (value & csr9_srom_clock) != 0, (value & csr9_srom_in) != 0);
    phy_.set_pins((value & csr9_mdc) != 0, (value & csr9_mdo) != 0, (value & csr9_mii_read) != 0);
}

void Dec21140::csr11_write(std::uint32_t value) {
    csr_[11] = value | 0xFFFE0000U;
    const std::uint32_t count = value & 0xFFFFU;
    if (count == 0)
        general_timer_.cancel();
    else
        general_timer_.arm(clock_.now() + static_cast<Nanoseconds>(count) * timer_tick);
}

void Dec21140::timer_expired() {
    collected_.settle();
    if ((csr_[11] & csr11_continuous) != 0)
        csr11_write(csr_[11]);
    raise(csr5_gte);
}

std::uint32_t Dec21140::port_read(std::uint16_t port, unsigned width) {
    return static_cast<std::uint32_t>(mmio_read(static_cast<std::uint32_t>(port - io_bar_.base()), width));
}

void Dec21140::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    mmio_write(static_cast<std::uint32_t>(port - io_bar_.base()), width, value);
}

std::uint64_t Dec21140::mmio_read(std::uint64_t offset, unsigned width) {
    // CSRs are dwords on quadword boundaries; narrower reads see their part.
    const auto at = static_cast<std::uint32_t>(offset) & (window - 1U);
    if ((at & 4U) != 0)
        return 0xFFFFFFFFU >> (32U - 8U * std::min(width, 4U));
    const std::uint32_t value = csr_read(at / 8);
    return value >> (8U * (at & 3U)) & (0xFFFFFFFFU >> (32U - 8U * std::min(width, 4U)));
}

void Dec21140::mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    const auto at = static_cast<std::uint32_t>(offset) & (window - 1U);
    if ((at & 7U) == 0 && width >= 4) // "CSRs are accessed by longwords"
        csr_write(at / 8, static_cast<std::uint32_t>(value));
}

void Dec21140::config_written(std::uint8_t, unsigned) {
    io_bar_.update(load_le<std::uint32_t>(config(), 0x10), io_enabled());
    memory_bar_.update(load_le<std::uint32_t>(config(), 0x14), memory_enabled());
    collected_.move(io_bar_.base());
}

void Dec21140::link_changed() {
    phy_.set_link(network_.link_up());
}

void Dec21140::save(StateWriter& writer) const {
    writer.version(1);
    save_config(writer);
    for (const std::uint32_t value : csr_)
        writer.put(value);
    srom_.save(writer);
    phy_.save(writer);
    writer.put(gp_direction_);
    writer.put(gp_output_);
    writer.put(receive_next_);
    writer.put(transmit_next_);
    writer.put_bytes(setup_);
    writer.put(missed_);
    writer.put(missed_overflow_);
    writer.put(partial_length_);
    writer.put_bytes(ByteView(frame_).first(partial_length_));
    writer.put(static_cast<std::int64_t>(general_timer_.deadline()));
}

void Dec21140::load(StateReader& reader) {
    reader.version(1, 1);
    load_config(reader);
    for (std::uint32_t& value : csr_)
        value = reader.get<std::uint32_t>();
    srom_.load(reader);
    phy_.load(reader);
    gp_direction_ = reader.get<std::uint8_t>();
    gp_output_ = reader.get<std::uint8_t>();
    receive_next_ = reader.get<std::uint32_t>();
    transmit_next_ = reader.get<std::uint32_t>();
    reader.get_bytes(setup_);
    missed_ = reader.get<std::uint16_t>();
    missed_overflow_ = reader.get_bool();
    partial_length_ = reader.get<std::uint32_t>();
    if (partial_length_ > frame_.size())
        throw Error(name_, "saved state holds a frame that is too long");
    reader.get_bytes(MutableByteView(frame_).first(partial_length_));
    general_timer_.arm(reader.get_signed());
    receive_wait_.end();
    config_written(0, 4);
    update_interrupt();
    schedule_poll();
}

} // namespace ntferry::vmm::net
