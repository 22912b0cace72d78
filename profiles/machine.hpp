// MachineDescription: one machine of a bundle, the content of machine.xml.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::profiles {

/// INT 13h geometry the disk was written with.
struct DiskGeometry {
    std::uint32_t cylinders = 0;
    std::uint32_t heads = 0;   ///< 1-255
    std::uint32_t sectors = 0; ///< per track, 1-63
    bool operator==(const DiskGeometry&) const = default;
};

struct DiskSpec {
    std::string path;      ///< relative to the folder of machine.xml, or anything open_disk() takes
    unsigned position = 0; ///< 0 primary master, 1 primary slave, 2 secondary master, 3 secondary slave
    std::optional<DiskGeometry> geometry;
    bool read_only = false;
};

struct NicSpec {
    std::string model; ///< "pcnet", "dec21140"; empty: the profile's first
    std::array<std::uint8_t, 6> mac{};
    std::string backend = "isolated";           ///< isolated | nat | bridge | switch
    std::map<std::string, std::string> options; ///< forwards, allow-list, tap name, switch path, pcap file
};

struct SerialSpec {
    unsigned port = 0;   ///< 0: COM1, 1: COM2
    std::string backend; ///< "file:PATH", "pty", "unix:PATH", "tcp:HOST:PORT", "device:PATH", "stdio", "none"
};

/// keep: overlay stays; commit: merged at stop; discard: thrown away at stop.
enum class UndoMode : std::uint8_t { keep, commit, discard };

struct ResourceSpec {
    unsigned cpu_weight = 100;    ///< relative
    unsigned cpu_cap_percent = 0; ///< of one host CPU; 0: none
    unsigned cpu_reserve_percent = 0;
    std::uint64_t memory_ceiling = 0; ///< bytes; 0: guest RAM plus a fixed allowance
    std::uint64_t disk_bytes_per_second = 0;
    std::uint32_t disk_operations_per_second = 0;
};

struct MachineDescription {
    std::string name;
    std::string profile = "nt4";
    std::uint64_t memory = 0; ///< bytes; 0: the profile's default
    unsigned cpus = 1;
    std::vector<DiskSpec> disks;
    std::string cdrom; ///< image path; empty: drive without medium
    std::string floppy;
    std::vector<NicSpec> nics;
    std::vector<SerialSpec> serials;
    std::string parallel;      ///< "file:PATH", "device:PATH", empty: none
    std::string boot = "disk"; ///< disk | cdrom | floppy
    UndoMode undo = UndoMode::keep;
    ResourceSpec resources;
    std::map<std::string, std::string>
        overrides; ///< profile settings changed for this machine: "cpu.max_leaf" -> "1"
};

/// @throws Error naming file, line, element and what is allowed
MachineDescription load_machine(const std::string& path);
MachineDescription parse_machine(const std::string& xml, const std::string& name_for_messages);
std::string machine_xml(const MachineDescription& machine);
/// Written beside and renamed over the old file.
void save_machine(const MachineDescription& machine, const std::string& path);

} // namespace ntferry::profiles
