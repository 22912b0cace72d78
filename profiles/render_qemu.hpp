// The same machine as a QEMU command line: fallback engine and export.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profiles/machine.hpp"
#include "profiles/profile.hpp"

#include <string>
#include <vector>

namespace ntferry::profiles {

struct QemuOptions {
    std::string accelerator = "tcg"; ///< "kvm" or "tcg"
    std::string folder;              ///< relative paths are relative to it; empty: leave them
    std::string program = "qemu-system-i386";
};

/// Arguments without quoting. Closest equivalent: same processor, slots, NIC and disks.
std::vector<std::string> qemu_arguments(const Profile& profile, const MachineDescription& machine,
                                        const QemuOptions& options = {});
/// One line a shell takes.
std::string shell_line(const std::vector<std::string>& arguments);

/// libvirt domain XML of the same machine.
std::string libvirt_xml(const Profile& profile, const MachineDescription& machine,
                        const QemuOptions& options = {});

} // namespace ntferry::profiles
