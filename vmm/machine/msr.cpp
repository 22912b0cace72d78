// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel SDM volume 4, chapters "MSRs in the P6 family" and "MSRs in Pentium processors".
#include "vmm/machine/msr.hpp"

namespace ntferry::vmm {
namespace {

bool known(std::uint32_t index) {
    switch (index) {
    case 0x00: // P5_MC_ADDR
    case 0x01: // P5_MC_TYPE
    case 0x0E: // Pentium test register 12
    case 0x11: // Pentium CESR
    case 0x12: // CTR0
    case 0x13: // CTR1
    case 0x17: // PLATFORM_ID
    case 0x2A: // EBL_CR_POWERON
    case 0x33: // TEST_CTL
    case 0x79: // BIOS_UPDT_TRIG
    case 0x88: // BBL_CR_D0 ...
    case 0x89:
    case 0x8A:
    case 0x8B: // BIOS_SIGN
    case 0xC1: // PerfCtr0
    case 0xC2:
    case 0xFE:  // MTRRcap
    case 0x116: // BBL_CR_ADDR
    case 0x118: // BBL_CR_DECC
    case 0x119: // BBL_CR_CTL
    case 0x11E: // BBL_CR_CTL3
    case 0x179: // MCG_CAP
    case 0x17A: // MCG_STATUS
    case 0x17B: // MCG_CTL
    case 0x186: // PerfEvtSel0
    case 0x187:
    case 0x1D9: // DEBUGCTL
    case 0x1DB: // last branch and exception records
    case 0x1DC:
    case 0x1DD:
    case 0x1DE:
    case 0x1E0: // ROB_CR_BKUPTMPDR6
        return true;
    default:
        return index >= 0x400 && index <= 0x413; // machine check banks 0-4
    }
}

} // namespace

std::optional<std::uint64_t> read_msr(std::uint32_t index) {
    if (!known(index))
        return std::nullopt;
    return 0;
}

bool write_msr(std::uint32_t index) {
    return known(index);
}

} // namespace ntferry::vmm
