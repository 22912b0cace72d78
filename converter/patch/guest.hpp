// Guest: what kind of system a captured machine starts, and which profile and rules are made for it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/subject.hpp"

#include <string>

namespace ntferry::patch {

struct Guest {
    std::string family;  ///< of rules: "nt4", "nt351", "win2000"; "none": no rules are made for it
    std::string profile; ///< name of the profile for it; empty: only the administrator knows
    std::string title;   ///< "Windows NT Server 4.0, service pack 6", "MS-DOS"
};

/// From the registry where there is a Windows NT, else from what the active partition starts.
Guest recognise_guest(Subject& subject);

} // namespace ntferry::patch
