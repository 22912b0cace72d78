// Where a machine can be exported to, and what each of those hypervisors has.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/export_geometry.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::exports {

enum class Target : std::uint8_t { qemu, libvirt, proxmox, hyperv, vmware };

enum class DiskFormat : std::uint8_t {
    raw,
    qcow2,
    vmdk,        ///< monolithicSparse, for Workstation
    vmdk_stream, ///< streamOptimized, for OVF
    vhd,         ///< dynamic, by our own writer
    vhd_fixed,
};
/// "qcow2", "vhd-fixed". @throws Error (usage)
DiskFormat disk_format(const std::string& name);
std::string_view name_of(DiskFormat format);
/// With the dot.
std::string_view extension_of(DiskFormat format);

struct TargetTraits {
    Target target;
    std::string_view name;           ///< "hyperv"
    std::string_view title;          ///< "Hyper-V"
    std::vector<DiskFormat> formats; ///< the first is the default
    /// Its BIOS can be told the INT 13h geometry that a disk was written with: nothing is rewritten.
    bool keeps_geometry;
    std::vector<std::string_view> nics; ///< models of ours that it has
    bool guesses_from_table = false;    ///< every partition must seem to end at head 254
    bool keeps_slots = false; ///< network cards can stand in the PCI slots that the guest's registry names
};

/// @throws Error (usage) that lists the targets
const TargetTraits& find_target(const std::string& name);
std::vector<std::string> target_names();

/// The INT 13h geometry that the target's BIOS gives a disk.
///
/// QEMU without a geometry (Proxmox) takes the first partition's last head for a hint
/// (hw/block/hd-geometry.c): from 16 on the disk is a translated one, which up to 8192 cylinders of 16 heads
/// is translated by doubling heads, not by LBA assist; below, it is the number of heads. See
/// TargetTraits::guesses_from_table.
patch::TargetGeometry bios_geometry(const TargetTraits& target, std::uint64_t disk_bytes);

} // namespace ntferry::exports
