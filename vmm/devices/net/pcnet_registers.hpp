// AMD Am79C970A: bits of its control and status registers and of its descriptors.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// AMD publication 19436 Rev. E, "User Accessible Registers" and "Descriptor Rings".
#pragma once

#include <cstdint>

namespace ntferry::vmm::net::pcnet {

/// CSR0, controller status.
enum Csr0 : std::uint16_t {
    csr0_err = 0x8000, ///< BABL, CERR, MISS or MERR
    csr0_babl = 0x4000,
    csr0_cerr = 0x2000,
    csr0_miss = 0x1000,
    csr0_merr = 0x0800,
    csr0_rint = 0x0400,
    csr0_tint = 0x0200,
    csr0_idon = 0x0100,
    csr0_intr = 0x0080,
    csr0_iena = 0x0040,
    csr0_rxon = 0x0020,
    csr0_txon = 0x0010,
    csr0_tdmd = 0x0008,
    csr0_stop = 0x0004,
    csr0_strt = 0x0002,
    csr0_init = 0x0001,
};
/// Bits of CSR0 that a one clears.
inline constexpr std::uint16_t csr0_write_one_to_clear =
    csr0_babl | csr0_cerr | csr0_miss | csr0_merr | csr0_rint | csr0_tint | csr0_idon;
/// Bits of CSR0 that interrupt, each masked by the same bit of CSR3. CERR does not interrupt.
inline constexpr std::uint16_t csr0_interrupts =
    csr0_babl | csr0_miss | csr0_merr | csr0_rint | csr0_tint | csr0_idon;

/// CSR3, interrupt masks and deferral control.
enum Csr3 : std::uint16_t { csr3_dxsuflo = 0x0040, csr3_lappen = 0x0020, csr3_writable = 0x5F7C };

/// CSR4, test and features control.
enum Csr4 : std::uint16_t {
    csr4_dpoll = 0x1000,
    csr4_apad_xmt = 0x0800,
    csr4_astrp_rcv = 0x0400,
    csr4_mfco = 0x0200,
    csr4_mfcom = 0x0100,
    csr4_uintcmd = 0x0080,
    csr4_uint = 0x0040,
    csr4_rcvcco = 0x0020,
    csr4_rcvccom = 0x0010,
    csr4_txstrt = 0x0008,
    csr4_txstrtm = 0x0004,
    csr4_jab = 0x0002,
    csr4_jabm = 0x0001,
};
inline constexpr std::uint16_t csr4_write_one_to_clear =
    csr4_mfco | csr4_uint | csr4_rcvcco | csr4_txstrt | csr4_jab;

/// CSR5, extended control and interrupt.
enum Csr5 : std::uint16_t {
    csr5_tokintd = 0x8000, ///< no interrupt for frames sent without error
    csr5_ltinten = 0x4000, ///< TINT where the descriptor asks for it (LTINT)
    csr5_sint = 0x0800,
    csr5_sinte = 0x0400,
    csr5_exdint = 0x0080,
    csr5_exdinte = 0x0040,
    csr5_mpint = 0x0010,
    csr5_mpinte = 0x0008,
    csr5_spnd = 0x0001,
};
inline constexpr std::uint16_t csr5_write_one_to_clear = csr5_sint | 0x0200 | csr5_exdint | csr5_mpint;

/// CSR15, mode.
enum Csr15 : std::uint16_t {
    mode_prom = 0x8000,
    mode_drcvbc = 0x4000,
    mode_drcvpa = 0x2000,
    mode_dxmtfcs = 0x0008,
    mode_loop = 0x0004,
    mode_dtx = 0x0002,
    mode_drx = 0x0001,
};

enum Bcr : std::uint8_t { bcr_misc = 2, bcr_lnkst = 4, bcr_busctl = 18, bcr_eecas = 19, bcr_sws = 20 };
inline constexpr std::uint16_t bcr2_apromwe = 0x0100;
inline constexpr std::uint16_t bcr18_dwio = 0x0080;
inline constexpr std::uint16_t bcr4_ledout = 0x8000;
inline constexpr std::uint16_t bcr4_lnkste = 0x0040;

/// Status bits of a receive descriptor, as the upper half of RMD1 in the 32-bit styles.
enum Rmd : std::uint16_t {
    rmd_own = 0x8000,
    rmd_err = 0x4000,
    rmd_fram = 0x2000,
    rmd_oflo = 0x1000,
    rmd_crc = 0x0800,
    rmd_buff = 0x0400,
    rmd_stp = 0x0200,
    rmd_enp = 0x0100,
    rmd_pam = 0x0040,
    rmd_lafm = 0x0020,
    rmd_bam = 0x0010,
};

/// Status bits of a transmit descriptor, as the upper half of TMD1 in the 32-bit styles.
enum Tmd : std::uint16_t {
    tmd_own = 0x8000,
    tmd_err = 0x4000,
    tmd_add_fcs = 0x2000,
    tmd_ltint = 0x1000,
    tmd_stp = 0x0200,
    tmd_enp = 0x0100,
};
/// Error bits of a transmit descriptor: the upper half of TMD2 (TMD3 in the 16-bit style).
enum TmdError : std::uint16_t { tmd_buff = 0x8000, tmd_uflo = 0x4000, tmd_lcar = 0x0800 };

} // namespace ntferry::vmm::net::pcnet
