// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/export/target.hpp"

#include "converter/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::exports {
namespace {

struct FormatName {
    DiskFormat format;
    std::string_view name;
    std::string_view extension;
};

constexpr FormatName format_names[] = {
    {DiskFormat::raw, "raw", ".img"},    {DiskFormat::qcow2, "qcow2", ".qcow2"},
    {DiskFormat::vmdk, "vmdk", ".vmdk"}, {DiskFormat::vmdk_stream, "vmdk-stream", ".vmdk"},
    {DiskFormat::vhd, "vhd", ".vhd"},    {DiskFormat::vhd_fixed, "vhd-fixed", ".vhd"},
};

const FormatName& entry_of(DiskFormat format) {
    return *std::find_if(std::begin(format_names), std::end(format_names),
                         [&](const FormatName& entry) { return entry.format == format; });
}

const std::array<TargetTraits, 5>& all_targets() {
    static const std::array<TargetTraits, 5> targets{{
        {.target = Target::qemu,
         .name = "qemu",
         .title = "QEMU",
         .formats = {DiskFormat::qcow2, DiskFormat::raw, DiskFormat::vmdk},
         .keeps_geometry = true,
         .nics = {"pcnet", "dec21140", "ne2000"},
         .guesses_from_table = false,
         .keeps_slots = true},
        {.target = Target::libvirt,
         .name = "libvirt",
         .title = "libvirt",
         .formats = {DiskFormat::qcow2, DiskFormat::raw},
         .keeps_geometry = false,
         .nics = {"pcnet", "dec21140", "ne2000"},
         .guesses_from_table = false,
         .keeps_slots = true},
        {.target = Target::proxmox,
         .name = "proxmox",
         .title = "Proxmox VE",
         .formats = {DiskFormat::qcow2, DiskFormat::raw},
         .keeps_geometry = false,
         .nics = {"pcnet", "ne2000"},
         .guesses_from_table = true,
         .keeps_slots = true},
        {.target = Target::hyperv,
         .name = "hyperv",
         .title = "Hyper-V",
         .formats = {DiskFormat::vhd, DiskFormat::vhd_fixed},
         .keeps_geometry = false,
         .nics = {"dec21140"},
         .guesses_from_table = false,
         .keeps_slots = false},
        {.target = Target::vmware,
         .name = "vmware",
         .title = "VMware",
         .formats = {DiskFormat::vmdk, DiskFormat::vmdk_stream},
         .keeps_geometry = false,
         .nics = {"pcnet"},
         .guesses_from_table = false,
         .keeps_slots = false},
    }};
    return targets;
}

} // namespace

DiskFormat disk_format(const std::string& name) {
    std::string allowed;
    for (const FormatName& entry : format_names) {
        if (entry.name == name)
            return entry.format;
        allowed += (allowed.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw Error("--format", fmt::format("'{}' is not known", name), "allowed: " + allowed, ErrorKind::usage);
}

std::string_view name_of(DiskFormat format) {
    return entry_of(format).name;
}

std::string_view extension_of(DiskFormat format) {
    return entry_of(format).extension;
}

std::vector<std::string> target_names() {
    std::vector<std::string> names;
    for (const TargetTraits& target : all_targets())
        names.emplace_back(target.name);
    return names;
}

const TargetTraits& find_target(const std::string& name) {
    for (const TargetTraits& target : all_targets())
        if (target.name == name)
            return target;
    throw Error("--to", fmt::format("'{}' is not known", name),
                fmt::format("allowed: {}", fmt::join(target_names(), ", ")), ErrorKind::usage);
}

patch::TargetGeometry bios_geometry(const TargetTraits& target, std::uint64_t disk_bytes) {
    const patch::TargetGeometry assisted = patch::lba_assist_geometry(disk_bytes);
    if (target.target != Target::proxmox)
        return assisted;
    constexpr std::uint64_t most_for_doubling = 8192; // 131072 tracks of 16 heads
    std::uint64_t cylinders = disk_bytes / 512 / (16ULL * 63ULL);
    if (assisted.heads == 16 || cylinders > most_for_doubling)
        return assisted;
    std::uint32_t heads = 16;
    for (; cylinders > 1024 && heads < 128; heads *= 2)
        cylinders /= 2;
    return {heads, 63};
}

} // namespace ntferry::exports
