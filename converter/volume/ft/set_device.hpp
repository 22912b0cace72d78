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
/// Recovery vendors and Microsoft's conference papers describe FTDISK's parity as moving forward by one
/// member a row with the data in member order (right-asymmetric), the papers with the first row's parity on
/// the last member. LDM of Windows 2000 is left-symmetric. detect_parity_layout() lets the volume decide.
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
    ParityLayout layout = ParityLayout::right_asymmetric;
    bool proven = false;  ///< the file system fits this layout and no other
    std::string evidence; ///< one line
};

/// Tries the layouts on the file system in the set. Not proven: FTDISK's documented one.
DetectedParity detect_parity_layout(const Members& members);

} // namespace ntferry::volume::ft
