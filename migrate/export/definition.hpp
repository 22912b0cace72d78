// The files beside the disks that make another hypervisor run the machine.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/export/disk.hpp"
#include "profiles/machine.hpp"
#include "profiles/profile.hpp"

#include <string>
#include <vector>

namespace ntferry::exports {

struct DefinitionFile {
    std::string name;
    std::string text;
    bool program = false; ///< gets mode 0755
};

/// What a definition is made from: paths of disks relative to the folder, in the order of `disks`.
struct ExportedMachine {
    profiles::Profile profile; ///< with the machine's overrides applied
    profiles::MachineDescription machine;
    std::vector<ExportedDisk> disks;
    DiskFormat format = DiskFormat::raw;
    std::string folder; ///< where the export will lie, absolute

    std::uint64_t mebibytes() const;
    /// Model of each card: "pcnet", "dec21140".
    std::vector<std::string> nic_models() const;
    /// PCI slot of card i as the guest knows it; 0 where it has none.
    unsigned nic_slot(std::size_t i) const;
    /// Disk number of the machine's disk i is i.
    const ExportedDisk& disk(std::size_t i) const { return disks.at(i); }
};

std::vector<DefinitionFile> qemu_definition(const ExportedMachine& machine);
std::vector<DefinitionFile> libvirt_definition(const ExportedMachine& machine);
std::vector<DefinitionFile> proxmox_definition(const ExportedMachine& machine);
std::vector<DefinitionFile> hyperv_definition(const ExportedMachine& machine);
std::vector<DefinitionFile> vmware_definition(const ExportedMachine& machine);
std::vector<DefinitionFile> ovf_definition(const ExportedMachine& machine);

/// "00:50:56:01:02:03", or without or with another separator.
std::string mac_text(const profiles::NicSpec& nic, std::string_view separator = ":");
/// Letters, digits, '-' and '.' of a name; never empty, never a dot in front: for files and host-like names.
std::string plain_name(const std::string& name);

} // namespace ntferry::exports
