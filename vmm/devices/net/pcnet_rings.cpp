// Am79C970A: initialisation block, descriptor rings, frames.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// AMD publication 19436 Rev. E, "Initialization Block", "Descriptor Rings", "Transmit/Receive Operation".
#include "vmm/devices/net/pcnet.hpp"
#include "vmm/devices/net/pcnet_registers.hpp"

#include <algorithm>

namespace ntferry::vmm::net {

using namespace pcnet;

namespace {

/// "The transmit polling interval is 1.6 ms" (CSR47). Idle it stretches: drivers set TDMD, polling only
/// catches strays.
constexpr Nanoseconds busy_poll = 1'600'000;
constexpr Nanoseconds idle_poll = 250'000'000;

/// A buffer byte count is stored as a two's complement in 12 bits.
std::uint16_t buffer_length(std::uint16_t stored) {
    return static_cast<std::uint16_t>(4096U - (stored & 0x0FFFU));
}

} // namespace

void Pcnet::read_initialization_block() {
    const std::uint32_t address = static_cast<std::uint32_t>(csr_[2]) << 16U | csr_[1];
    std::uint32_t receive_length = 0;
    std::uint32_t transmit_length = 0;
    std::uint32_t receive_base = 0;
    std::uint32_t transmit_base = 0;
    if (software_style() == 0) { // 16-bit structures, 24-bit addresses
        std::array<std::uint8_t, 24> block{};
        memory_.read(address & 0xFFFFFFU, block);
        for (unsigned i = 0; i < 8; ++i) // MODE, PADR, LADRF
            csr_[i == 0 ? 15 : i < 4 ? 11 + i : 4 + i] = load_le<std::uint16_t>(block, i * 2U);
        receive_base = load_le<std::uint32_t>(block, 16);
        transmit_base = load_le<std::uint32_t>(block, 20);
        receive_length = 1U << (receive_base >> 29U);
        transmit_length = 1U << (transmit_base >> 29U);
        receive_base &= 0xFFFFF8U;
        transmit_base &= 0xFFFFF8U;
    } else {
        std::array<std::uint8_t, 28> block{};
        memory_.read(address, block);
        const auto first = load_le<std::uint32_t>(block, 0);
        csr_[15] = static_cast<std::uint16_t>(first);
        // Lengths above 512 descriptors are encoded as 1001b and up, all 512.
        receive_length = 1U << std::min(first >> 20U & 15U, 9U);
        transmit_length = 1U << std::min(first >> 28U & 15U, 9U);
        for (unsigned i = 0; i < 3; ++i)
            csr_[12 + i] = load_le<std::uint16_t>(block, 4 + i * 2U);
        for (unsigned i = 0; i < 4; ++i)
            csr_[8 + i] = load_le<std::uint16_t>(block, 12 + i * 2U);
        receive_base = load_le<std::uint32_t>(block, 20) & ~15U;
        transmit_base = load_le<std::uint32_t>(block, 24) & ~15U;
    }
    csr_[24] = static_cast<std::uint16_t>(receive_base);
    csr_[25] = static_cast<std::uint16_t>(receive_base >> 16U);
    csr_[30] = static_cast<std::uint16_t>(transmit_base);
    csr_[31] = static_cast<std::uint16_t>(transmit_base >> 16U);
    csr_[76] = static_cast<std::uint16_t>(-static_cast<std::int32_t>(receive_length));
    csr_[78] = static_cast<std::uint16_t>(-static_cast<std::int32_t>(transmit_length));
    receive_current_ = 0;
    transmit_current_ = 0;
}

Pcnet::Ring Pcnet::receive_ring() const {
    const std::uint32_t length = 0x10000U - csr_[76];
    return {static_cast<std::uint32_t>(csr_[25]) << 16U | csr_[24], std::min(length, 0xFFFFU),
            receive_current_};
}

Pcnet::Ring Pcnet::transmit_ring() const {
    const std::uint32_t length = 0x10000U - csr_[78];
    return {static_cast<std::uint32_t>(csr_[31]) << 16U | csr_[30], std::min(length, 0xFFFFU),
            transmit_current_};
}

Pcnet::Descriptor Pcnet::load_descriptor(const Ring& ring, std::uint32_t index) const {
    Descriptor descriptor;
    descriptor.address = static_cast<std::uint32_t>(ring.base + index * descriptor_size());
    std::array<std::uint8_t, 16> raw{};
    memory_.read(descriptor.address, MutableByteView(raw).first(descriptor_size()));
    if (software_style() == 0) {
        descriptor.buffer = load_le<std::uint16_t>(raw, 0) | static_cast<std::uint32_t>(raw[2]) << 16U;
        descriptor.status = static_cast<std::uint16_t>(raw[3] << 8U);
        descriptor.length = buffer_length(load_le<std::uint16_t>(raw, 4));
        return descriptor;
    }
    descriptor.buffer = load_le<std::uint32_t>(raw, software_style() == 3 ? 8 : 0);
    descriptor.status = load_le<std::uint16_t>(raw, 6);
    descriptor.length = buffer_length(load_le<std::uint16_t>(raw, 4));
    return descriptor;
}

void Pcnet::store_receive_status(const Descriptor& descriptor, std::uint16_t message_length) {
    const std::uint64_t at = descriptor.address;
    // The status goes last: with it the buffer changes hands.
    if (software_style() == 0) {
        if ((descriptor.status & rmd_enp) != 0)
            memory_.write16(at + 6, message_length);
        memory_.write8(at + 3, static_cast<std::uint8_t>(descriptor.status >> 8U));
        return;
    }
    if ((descriptor.status & rmd_enp) != 0)
        memory_.write32(at + (software_style() == 3 ? 0 : 8), message_length);
    memory_.write16(at + 6, descriptor.status);
}

void Pcnet::store_transmit_status(const Descriptor& descriptor, std::uint16_t errors) {
    const std::uint64_t at = descriptor.address;
    if (software_style() == 0) {
        memory_.write16(at + 6, errors);
        memory_.write8(at + 3, static_cast<std::uint8_t>(descriptor.status >> 8U));
        return;
    }
    memory_.write32(at + (software_style() == 3 ? 0 : 8), static_cast<std::uint32_t>(errors) << 16U);
    memory_.write16(at + 6, descriptor.status);
}

void Pcnet::schedule_poll(bool busy) {
    if ((csr_[0] & csr0_txon) == 0 || (csr_[4] & csr4_dpoll) != 0)
        return poll_timer_.cancel();
    poll_interval_ = busy ? busy_poll : std::min(poll_interval_ * 2, idle_poll);
    poll_timer_.arm(clock_.now() + std::max(poll_interval_, busy_poll));
}

void Pcnet::poll_transmit() {
    if ((csr_[0] & csr0_txon) == 0 || (csr_[5] & csr5_spnd) != 0 || in_loop_)
        return;
    Ring ring = transmit_ring();
    // A second processor may refill the ring for ever: one turn of it is enough for one visit.
    std::uint32_t frames = 0;
    while (frames < ring.length && (csr_[0] & csr0_txon) != 0 && transmit_one(ring))
        ++frames;
    csr_[0] = static_cast<std::uint16_t>(csr_[0] & ~csr0_tdmd);
    schedule_poll(frames > 0);
}

/// Sends the frame at the head of the ring. False when the chip does not own it.
bool Pcnet::transmit_one(Ring& ring) {
    std::size_t length = 0;
    bool add_fcs = false;
    bool wants_interrupt = false;
    bool oversized = false;
    for (std::uint32_t used = 0; used < ring.length; ++used) {
        Descriptor descriptor = load_descriptor(ring, ring.current);
        if ((descriptor.status & tmd_own) == 0) {
            if (used == 0)
                return false;
            // "Buffer error: the ENP flag was not found and the next descriptor is not owned."
            descriptor.status = static_cast<std::uint16_t>(descriptor.status | tmd_err);
            transmitted(descriptor, tmd_buff | tmd_uflo, true);
            if ((csr_[3] & csr3_dxsuflo) == 0)
                csr_[0] = static_cast<std::uint16_t>(csr_[0] & ~csr0_txon);
            return true;
        }
        if ((descriptor.status & tmd_stp) != 0) {
            length = 0;
            oversized = false;
            add_fcs = (descriptor.status & tmd_add_fcs) != 0;
            wants_interrupt = (descriptor.status & tmd_ltint) != 0;
        }
        if (length + descriptor.length <= frame_.size()) {
            memory_.read(descriptor.buffer, MutableByteView(frame_).subspan(length, descriptor.length));
            length += descriptor.length;
        } else {
            oversized = true;
        }
        ring.current = transmit_current_ = (ring.current + 1) % ring.length;
        descriptor.status = static_cast<std::uint16_t>(descriptor.status & ~tmd_own);
        if ((descriptor.status & tmd_enp) == 0) {
            store_transmit_status(descriptor, 0);
            continue;
        }
        if (length < minimum_frame && (csr_[4] & csr4_apad_xmt) != 0 && !oversized) {
            std::fill(frame_.begin() + static_cast<std::ptrdiff_t>(length), frame_.begin() + minimum_frame,
                      std::uint8_t{0});
            length = minimum_frame;
        }
        std::uint16_t errors = 0;
        if (length > maximum_frame || oversized) {
            csr_[0] = static_cast<std::uint16_t>(csr_[0] | csr0_babl); // no wire of ours carries it further
        } else if ((csr_[15] & mode_loop) != 0) {
            loop_back(ByteView(frame_).first(length), (csr_[15] & mode_dxmtfcs) == 0 || add_fcs);
        } else if (!network_.link_up()) {
            errors = tmd_lcar;
            descriptor.status = static_cast<std::uint16_t>(descriptor.status | tmd_err);
        } else if (length >= header_length) {
            network_.send_frame(ByteView(frame_).first(length));
        }
        transmitted(descriptor, errors, wants_interrupt);
        return true;
    }
    return true;
}

void Pcnet::transmitted(const Descriptor& last, std::uint16_t errors, bool wants_interrupt) {
    store_transmit_status(last, errors);
    csr_[4] = static_cast<std::uint16_t>(csr_[4] | csr4_txstrt);
    // LTINTEN: only where the descriptor asks; TOKINTD: only after an error.
    const bool asked = (csr_[5] & csr5_ltinten) == 0 || wants_interrupt;
    const bool quiet = (csr_[5] & csr5_tokintd) != 0 && errors == 0;
    if (errors != 0 || (asked && !quiet))
        csr_[0] = static_cast<std::uint16_t>(csr_[0] | csr0_tint);
    update_interrupt();
}

void Pcnet::loop_back(ByteView frame, bool with_fcs) {
    const std::uint16_t match = frame.size() >= header_length ? match_address(frame) : std::uint16_t{0};
    if (match == 0 || (csr_[0] & csr0_rxon) == 0)
        return;
    in_loop_ = true; // the frame lies in the transmit buffer, which must not change under it
    if (!deliver(frame, match, with_fcs))
        raise(csr0_miss);
    in_loop_ = false;
}

std::uint16_t Pcnet::match_address(ByteView frame) const {
    const ByteView destination = frame.first(6);
    std::uint16_t match = 0;
    if (is_broadcast(destination)) {
        if ((csr_[15] & mode_drcvbc) == 0)
            match = rmd_bam;
    } else if (!is_multicast(destination)) {
        bool same = true;
        for (unsigned i = 0; i < 3; ++i)
            same = same && load_le<std::uint16_t>(destination, i * 2U) == csr_[12 + i];
        if (same && (csr_[15] & mode_drcvpa) == 0)
            match = rmd_pam;
    }
    if (match == 0 && is_multicast(destination)) {
        const std::uint32_t hash = crc32_register(destination) >> 26U;
        if ((csr_[8 + (hash >> 4U)] >> (hash & 15U) & 1U) != 0)
            match = rmd_lafm;
    }
    if (match == 0 && (csr_[15] & mode_prom) != 0)
        match = rmd_stp; // accepted without a match bit; STP is set anyway
    return match;
}

bool Pcnet::receive_frame(ByteView frame) {
    if ((csr_[0] & csr0_rxon) == 0 || (csr_[15] & mode_loop) != 0 || frame.size() < header_length ||
        frame.size() > maximum_frame)
        return true; // nobody listens: gone, as on a wire
    if ((csr_[5] & csr5_spnd) != 0)
        return false;
    const std::uint16_t match = match_address(frame);
    if (match == 0)
        return true;
    std::array<std::uint8_t, minimum_frame> padded{};
    if (frame.size() < minimum_frame) {
        std::copy(frame.begin(), frame.end(), padded.begin());
        frame = padded;
    }
    if (deliver(frame, match, true)) {
        receive_wait_.end();
        return true;
    }
    if (receive_wait_.keep_frame())
        return false;
    if (++csr_[112] == 0) // missed frame count rolled over
        csr_[4] = static_cast<std::uint16_t>(csr_[4] | csr4_mfco);
    raise(csr0_miss);
    return true;
}

/// Puts a frame into as many buffers as it needs. False, with nothing changed, when the chip does not own
/// enough of them.
bool Pcnet::deliver(ByteView frame, std::uint16_t match, bool append_fcs) {
    std::array<std::uint8_t, fcs_length> fcs{};
    std::size_t total = frame.size();
    const std::size_t type_or_length = load_be<std::uint16_t>(frame, 12);
    if ((csr_[4] & csr4_astrp_rcv) != 0 && type_or_length < minimum_frame - header_length) {
        // Automatic stripping: pad and FCS of short 802.3 frames stay out of memory.
        total = std::min(total, header_length + type_or_length);
        append_fcs = false;
    }
    if (append_fcs) {
        store_le<std::uint32_t>(fcs, 0, frame_check_sequence(frame));
        total += fcs_length;
    }

    const Ring ring = receive_ring();
    std::size_t room = 0;
    std::uint32_t count = 0;
    while (room < total && count < ring.length) {
        const Descriptor descriptor = load_descriptor(ring, (ring.current + count) % ring.length);
        if ((descriptor.status & rmd_own) == 0)
            return false;
        room += descriptor.length;
        ++count;
    }

    const bool truncated = room < total; // larger than the whole ring
    std::size_t at = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        Descriptor descriptor = load_descriptor(ring, receive_current_);
        const std::size_t end = std::min(total, at + descriptor.length);
        const std::size_t body_end = std::min(end, frame.size());
        std::uint32_t address = descriptor.buffer;
        if (at < body_end) {
            memory_.write(address, frame.subspan(at, body_end - at));
            address += static_cast<std::uint32_t>(body_end - at);
            at = body_end;
        }
        if (at < end) {
            memory_.write(address, ByteView(fcs).subspan(at - frame.size(), end - at));
            at = end;
        }
        descriptor.status = 0;
        if (i == 0)
            descriptor.status = rmd_stp;
        if (i + 1 == count) {
            descriptor.status = static_cast<std::uint16_t>(descriptor.status | rmd_enp);
            if (software_style() != 0)
                descriptor.status = static_cast<std::uint16_t>(descriptor.status | (match & ~rmd_stp));
            if (truncated)
                descriptor.status =
                    static_cast<std::uint16_t>(descriptor.status | rmd_err | rmd_oflo | rmd_buff);
        }
        store_receive_status(descriptor, static_cast<std::uint16_t>(total));
        receive_current_ = (receive_current_ + 1) % ring.length;
    }
    raise(csr0_rint);
    return true;
}

} // namespace ntferry::vmm::net
