// The devices of NT 4.0's fault-tolerant sets, put together from their members. Read-only.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ntferry::volume::ft {

/// FTDISK stripes in units of 64 KiB (KB Q113933).
constexpr std::uint64_t stripe_unit = 65536;

/// Where the parity of row r lies among n members, and in which order the data goes round it; the names are
/// those of Linux md.
///
/// FTDISK: the paper in Microsoft's MSDN Library of June 1998 (conference papers, "Disk Striping") puts the
/// parity of row 0 on the last member and that of row 1 on the first, the data in member order; recovery
/// vendors call NT's rotation "forward". LDM of Windows 2000 is left-symmetric. No volume written by NT 4.0
/// was at hand to prove it, so detect_parity_layout() tries every layout on the file system in the set.
enum class ParityLayout : std::uint8_t {
    right_asymmetric,           ///< parity on r mod n
    right_asymmetric_from_last, ///< parity on (r + n - 1) mod n
    left_symmetric,             ///< parity on n - 1 - (r mod n), data starts after it
    left_asymmetric,
    right_symmetric,
};

std::string_view to_string(ParityLayout layout);

/// Member that holds the parity of a row.
unsigned parity_member(ParityLayout layout, std::uint64_t row, unsigned members);
/// Member that holds data unit number unit (0 to members - 2) of a row.
unsigned data_member(ParityLayout layout, std::uint64_t row, unsigned unit, unsigned members);

/// Members in set order; a null pointer is a missing one.
using Members = std::vector<block::SharedBlockDevice>;

/// Any member will do; a bad sector of one is read from another. @throws Error when none is there
block::SharedBlockDevice make_mirror(Members members);
/// @throws Error when one is missing
block::SharedBlockDevice make_stripe(Members members);
/// One member may be missing; bad sectors are made from the others. @throws Error when two are missing
block::SharedBlockDevice make_stripe_with_parity(Members members, ParityLayout layout);
/// The members end to end. @throws Error when one is missing
block::SharedBlockDevice make_volume_set(Members members);

struct DetectedParity {
    ParityLayout layout = ParityLayout::right_asymmetric_from_last;
    bool proven = false;  ///< the file system fits this layout and no other
    std::string evidence; ///< one line
};

/// Tries the layouts on the file system in the set. Not proven: the one that Microsoft's paper draws.
DetectedParity detect_parity_layout(const Members& members);

} // namespace ntferry::volume::ft
