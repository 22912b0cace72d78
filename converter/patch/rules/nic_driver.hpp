// The NT 4.0 drivers of the network cards that the machine offers, and the values they want.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profiles/profile.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ntferry::patch {

struct NicDriver {
    std::string service; ///< "AMDPCN"
    std::string file;    ///< "amdpcn.sys"
    std::string vendor;  ///< "AMD", also the key below SOFTWARE
    std::string title;
    std::vector<std::pair<std::string, std::uint32_t>> parameters; ///< besides BusType, BusNumber, SlotNumber
    std::vector<unsigned> slots; ///< PCI device numbers of the profile's cards
    std::string inf;             ///< Setup script of the card in system32; empty: not known
    std::string inf_option;      ///< its [Options] entry
};

/// The driver of a model ("pcnet", "dec21140"; empty: the profile's first card), or nothing when the profile
/// has no such card.
std::optional<NicDriver> nic_driver(const profiles::Profile& profile, const std::string& model);

} // namespace ntferry::patch
