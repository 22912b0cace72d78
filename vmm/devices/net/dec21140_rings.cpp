// 21140A: descriptor lists, setup frames, address filters.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// 21140A Hardware Reference Manual, chapter 4.
#include "vmm/devices/net/dec21140.hpp"
#include "vmm/devices/net/dec21140_registers.hpp"

#include <algorithm>

namespace ntferry::vmm::net {

using namespace dec21140;

namespace {

/// A list has no length of its own: a chain that a guest bends into a circle of owned descriptors ends a
/// visit here.
constexpr unsigned descriptors_per_visit = 1024;
constexpr Nanoseconds retry_soon = 100'000;
constexpr unsigned descriptors_per_frame = 64;

} // namespace

std::uint32_t Dec21140::Descriptor::size2() const {
    return (words[1] & des1_chained) != 0 ? 0 : words[1] >> 11U & 0x7FFU;
}

Dec21140::Descriptor Dec21140::load_descriptor(std::uint32_t address) const {
    Descriptor descriptor;
    descriptor.address = address;
    std::array<std::uint8_t, 16> raw{};
    memory_.read(address, raw);
    for (unsigned i = 0; i < 4; ++i)
        descriptor.words[i] = load_le<std::uint32_t>(raw, i * 4U);
    return descriptor;
}

std::uint32_t Dec21140::next_descriptor(const Descriptor& descriptor, std::uint32_t base) const {
    if ((descriptor.words[1] & des1_end_of_ring) != 0)
        return base;
    if ((descriptor.words[1] & des1_chained) != 0)
        return descriptor.words[3] & ~3U;
    const std::uint32_t skip = (csr_[0] >> csr0_dsl_shift & 31U) * 4;
    return descriptor.address + 16 + skip;
}

/// Transmit automatic polling (CSR0, bits 19-17) at the intervals of table 3-11 for 100 Mb/s.
void Dec21140::schedule_poll() {
    static constexpr Nanoseconds intervals[8] = {0,      200'000, 800'000, 1'600'000,
                                                 12'800, 25'600,  51'200,  102'400};
    const Nanoseconds interval = intervals[csr_[0] >> csr0_tap_shift & 7U];
    if (interval == 0 || (csr_[6] & csr6_st) == 0)
        poll_timer_.cancel();
    else // anything faster than a millisecond would only burn the host
        poll_timer_.arm(clock_.now() + std::max<Nanoseconds>(interval, 1'000'000));
}

void Dec21140::poll_transmit() {
    if ((csr_[6] & csr6_st) == 0 || in_loop_)
        return;
    unsigned visited = 0;
    while (visited < descriptors_per_visit && (csr_[6] & csr6_st) != 0 && transmit_descriptor())
        ++visited;
    if (visited == descriptors_per_visit) {
        poll_timer_.arm(clock_.now() + retry_soon);
        return;
    }
    if ((csr_[6] & csr6_st) != 0) {
        set_transmit_state(transmit_suspended);
        raise(csr5_tu);
    }
    schedule_poll();
}

/// Takes one descriptor. False when the chip does not own it.
bool Dec21140::transmit_descriptor() {
    const Descriptor descriptor = load_descriptor(transmit_next_);
    if ((descriptor.words[0] & descriptor_own) == 0)
        return false;
    const std::uint32_t control = descriptor.words[1];
    transmit_next_ = next_descriptor(descriptor, csr_[4]);
    if ((control & tdes1_setup) != 0) {
        take_setup_frame(descriptor);
        memory_.write32(descriptor.address, setup_done);
        if ((control & tdes1_interrupt) != 0)
            raise(csr5_ti);
        return true;
    }
    if ((control & tdes1_first) != 0)
        partial_length_ = 0;
    bool oversized = false;
    for (const auto& [buffer, size] : {std::pair(descriptor.words[2], descriptor.size1()),
                                       std::pair(descriptor.words[3], descriptor.size2())}) {
        if (size > frame_.size() - partial_length_) {
            oversized = true;
            break;
        }
        memory_.read(buffer, MutableByteView(frame_).subspan(partial_length_, size));
        partial_length_ += size;
    }
    std::uint32_t status = 0;
    if ((control & tdes1_last) != 0) {
        status =
            oversized ? tdes0_error_summary | tdes0_underflow : send(ByteView(frame_).first(partial_length_));
        partial_length_ = 0;
    } else if (oversized) {
        partial_length_ = static_cast<std::uint32_t>(frame_.size());
    }
    memory_.write32(descriptor.address, status);
    if ((control & tdes1_last) != 0 && (control & tdes1_interrupt) != 0)
        raise(csr5_ti);
    return true;
}

/// @return the status for TDES0
std::uint32_t Dec21140::send(ByteView frame) {
    if (frame.size() < header_length || frame.size() > maximum_frame)
        return 0;
    if ((csr_[6] & csr6_om) != 0) { // internal or external loopback
        in_loop_ = true;            // the frame lies in the transmit buffer
        bool filter_failed = false;
        if ((csr_[6] & csr6_sr) != 0 && accepts(frame.first(6), filter_failed))
            deliver(frame, filter_failed);
        in_loop_ = false;
        return 0;
    }
    if (!network_.link_up())
        return tdes0_error_summary | tdes0_loss_of_carrier | tdes0_no_carrier;
    network_.send_frame(frame);
    return 0;
}

void Dec21140::take_setup_frame(const Descriptor& descriptor) {
    if (descriptor.size1() == setup_.size())
        memory_.read(descriptor.words[2], setup_);
    // FT1 FT0: perfect, hash with one perfect address, inverse, hash only (table 4-10).
    static constexpr std::uint32_t modes[4] = {0, csr6_hp, csr6_if, csr6_hp | csr6_ho};
    const unsigned type = ((descriptor.words[1] & tdes1_filter1) != 0 ? 2U : 0U) |
                          ((descriptor.words[1] & tdes1_filter0) != 0 ? 1U : 0U);
    csr_[6] = (csr_[6] & ~std::uint32_t{csr6_filter}) | modes[type];
}

bool Dec21140::accepts(ByteView destination, bool& filter_failed) const {
    // In a setup frame the low half of each longword counts: three longwords an address, first byte first.
    const auto matches_slot = [&](unsigned longword) {
        for (unsigned i = 0; i < 3; ++i)
            if (load_le<std::uint16_t>(setup_, (longword + i) * 4U) !=
                load_le<std::uint16_t>(destination, i * 2U))
                return false;
        return true;
    };
    bool match = false;
    const bool hash_for_all = (csr_[6] & csr6_ho) != 0;
    if ((csr_[6] & csr6_hp) != 0) {
        if (hash_for_all || is_multicast(destination)) {
            const std::uint32_t hash = crc32_register(destination) & 0x1FFU;
            match = (load_le<std::uint16_t>(setup_, (hash >> 4U) * 4U) >> (hash & 15U) & 1U) != 0;
        } else {
            match = matches_slot(39);
        }
    } else {
        for (unsigned slot = 0; slot < 16 && !match; ++slot)
            match = matches_slot(slot * 3);
        if ((csr_[6] & csr6_if) != 0)
            match = !match;
    }
    if (!match && (csr_[6] & csr6_pm) != 0 && is_multicast(destination))
        match = true;
    filter_failed = !match;
    return match || (csr_[6] & csr6_pr) != 0;
}

bool Dec21140::receive_frame(ByteView frame) {
    collected_.settle(); // an interrupt that the guest has acknowledged before is not this frame's
    if ((csr_[6] & csr6_sr) == 0 || (csr_[6] & csr6_om) != 0 || frame.size() < header_length ||
        frame.size() > maximum_frame)
        return true;
    bool filter_failed = false;
    if (!accepts(frame.first(6), filter_failed))
        return true;
    std::array<std::uint8_t, minimum_frame> padded{};
    if (frame.size() < minimum_frame) {
        std::copy(frame.begin(), frame.end(), padded.begin());
        frame = padded;
    }
    if (deliver(frame, filter_failed)) {
        receive_wait_.end();
        return true;
    }
    if (!receive_wait_.waiting()) {
        set_receive_state(receive_suspended);
        raise(csr5_ru);
    }
    if (receive_wait_.keep_frame())
        return false;
    missed_overflow_ = missed_overflow_ || missed_ == 0xFFFF;
    ++missed_;
    return true;
}

/// False, with nothing changed, when the chip does not own enough descriptors.
bool Dec21140::deliver(ByteView frame, bool filter_failed) {
    std::array<std::uint8_t, fcs_length> fcs{};
    store_le<std::uint32_t>(fcs, 0, frame_check_sequence(frame));
    const std::size_t total = frame.size() + fcs_length;

    std::array<Descriptor, descriptors_per_frame> list;
    std::size_t count = 0;
    std::size_t room = 0;
    std::uint32_t next = receive_next_;
    while (room < total) {
        if (count == list.size())
            return false; // a list of empty buffers
        Descriptor& descriptor = list[count];
        descriptor = load_descriptor(next);
        if ((descriptor.words[0] & descriptor_own) == 0)
            return false;
        room += descriptor.size1() + descriptor.size2();
        next = next_descriptor(descriptor, csr_[3]);
        ++count;
    }

    std::size_t at = 0;
    const auto fill = [&](std::uint32_t address, std::size_t size) {
        const std::size_t end = std::min(total, at + size);
        const std::size_t body_end = std::min(end, frame.size());
        if (at < body_end) {
            memory_.write(address, frame.subspan(at, body_end - at));
            address += static_cast<std::uint32_t>(body_end - at);
            at = body_end;
        }
        if (at < end) {
            memory_.write(address, ByteView(fcs).subspan(at - frame.size(), end - at));
            at = end;
        }
    };
    for (std::size_t i = 0; i < count; ++i) {
        const Descriptor& descriptor = list[i];
        fill(descriptor.words[2], descriptor.size1());
        fill(descriptor.words[3], descriptor.size2());
        std::uint32_t status = i == 0 ? std::uint32_t{rdes0_first} : 0U;
        if (i + 1 == count) {
            status |= rdes0_last | static_cast<std::uint32_t>(total) << rdes0_length_shift;
            if (is_multicast(frame))
                status |= rdes0_multicast;
            if (load_be<std::uint16_t>(frame, 12) > 1500)
                status |= rdes0_frame_type;
            if (filter_failed)
                status |= rdes0_filter_fail;
        }
        memory_.write32(descriptor.address, status);
    }
    receive_next_ = next;
    set_receive_state(receive_waiting);
    raise(csr5_ri);
    return true;
}

} // namespace ntferry::vmm::net
