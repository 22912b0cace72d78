// DECchip 21140A: bits of its control and status registers and of its descriptors.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Digital Semiconductor 21140A Hardware Reference Manual, EC-QN7NF-TE, chapters 3 and 4.
#pragma once

#include <cstdint>

namespace ntferry::vmm::net::dec21140 {

/// CSR0, bus mode.
enum Csr0 : std::uint32_t { csr0_swr = 0x1, csr0_dsl_shift = 2, csr0_tap_shift = 17 };

/// CSR5, status; CSR7 masks the same bits.
enum Csr5 : std::uint32_t {
    csr5_ti = 1U << 0U,   ///< transmit interrupt
    csr5_tps = 1U << 1U,  ///< transmit process stopped
    csr5_tu = 1U << 2U,   ///< transmit buffer unavailable
    csr5_unf = 1U << 5U,  ///< transmit underflow
    csr5_ri = 1U << 6U,   ///< receive interrupt
    csr5_ru = 1U << 7U,   ///< receive buffer unavailable
    csr5_rps = 1U << 8U,  ///< receive process stopped
    csr5_gte = 1U << 11U, ///< general-purpose timer expired
    csr5_ais = 1U << 15U,
    csr5_nis = 1U << 16U,
    csr5_rs_shift = 17,
    csr5_ts_shift = 20,
};
inline constexpr std::uint32_t csr5_write_one_to_clear = 0x0001EFEF;
inline constexpr std::uint32_t csr5_normal = csr5_ti | csr5_tu | csr5_ri;
inline constexpr std::uint32_t csr5_abnormal = 0x00002FAA; // TPS TJT UNF RU RPS RWT ETI GTE FBE
inline constexpr std::uint32_t csr5_reserved_ones = 0xFC000000;

/// Process states of CSR5.
enum Process : std::uint32_t {
    process_stopped = 0,
    receive_waiting = 3,
    receive_suspended = 4,
    transmit_suspended = 6
};

/// CSR6, operation mode.
enum Csr6 : std::uint32_t {
    csr6_hp = 1U << 0U, ///< hash filtering (follows from the setup frame)
    csr6_sr = 1U << 1U,
    csr6_ho = 1U << 2U, ///< hash-only
    csr6_if = 1U << 4U, ///< inverse filtering
    csr6_pr = 1U << 6U, ///< promiscuous
    csr6_pm = 1U << 7U, ///< pass all multicast
    csr6_om = 3U << 10U,
    csr6_st = 1U << 13U,
    csr6_filter = csr6_hp | csr6_ho | csr6_if,
};

/// CSR9, boot ROM, serial ROM and MII management.
enum Csr9 : std::uint32_t {
    csr9_srom_cs = 1U << 0U,
    csr9_srom_clock = 1U << 1U,
    csr9_srom_in = 1U << 2U,
    csr9_srom_out = 1U << 3U,
    csr9_srom_select = 1U << 11U,
    csr9_mdc = 1U << 16U,
    csr9_mdo = 1U << 17U,
    csr9_mii_read = 1U << 18U,
    csr9_mdi = 1U << 19U,
};

inline constexpr std::uint32_t csr11_continuous = 1U << 16U;
inline constexpr std::uint32_t csr12_direction = 1U << 8U;

inline constexpr std::uint32_t descriptor_own = 1U << 31U;

/// RDES0.
enum Rdes0 : std::uint32_t {
    rdes0_filter_fail = 1U << 30U,
    rdes0_length_shift = 16,
    rdes0_error_summary = 1U << 15U,
    rdes0_descriptor_error = 1U << 14U,
    rdes0_multicast = 1U << 10U,
    rdes0_first = 1U << 9U,
    rdes0_last = 1U << 8U,
    rdes0_frame_type = 1U << 5U, ///< Ethernet type field, not an 802.3 length
};

/// TDES0.
enum Tdes0 : std::uint32_t {
    tdes0_error_summary = 1U << 15U,
    tdes0_loss_of_carrier = 1U << 11U,
    tdes0_no_carrier = 1U << 10U,
    tdes0_underflow = 1U << 1U,
};
inline constexpr std::uint32_t setup_done = 0x7FFFFFFF;

/// TDES1; RDES1 shares end of ring, chained and the buffer sizes.
enum Tdes1 : std::uint32_t {
    tdes1_interrupt = 1U << 31U,
    tdes1_last = 1U << 30U,
    tdes1_first = 1U << 29U,
    tdes1_filter1 = 1U << 28U,
    tdes1_setup = 1U << 27U,
    tdes1_no_crc = 1U << 26U,
    des1_end_of_ring = 1U << 25U,
    des1_chained = 1U << 24U,
    tdes1_filter0 = 1U << 22U,
};

} // namespace ntferry::vmm::net::dec21140
