// Profile: the hardware a family of guests gets, what it can take, and how its disks are patched for it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::profiles {

/// CPUID as the guest sees it. Nothing of the host shows through that is not named here.
struct CpuModel {
    std::string vendor = "GenuineIntel"; ///< 12 characters
    std::uint8_t family = 6;
    std::uint8_t model = 5;
    std::uint8_t stepping = 2;
    std::uint32_t max_leaf = 2;                  ///< highest basic leaf; NT 4.0 before SP6 dies above 3
    std::uint32_t max_extended_leaf = 0;         ///< 0: no extended leaves
    std::vector<std::string> features;           ///< lower-case CPUID.1 names: "fpu", "tsc", "cx8", ...
    std::vector<std::uint8_t> cache_descriptors; ///< leaf 2 bytes
    std::string brand;                           ///< only with extended leaves
    bool has(std::string_view feature) const;
};

enum class InterruptController : std::uint8_t { pic, apic };

struct PciSlot {
    std::uint8_t device = 0;
    std::uint8_t function = 0;
    bool operator==(const PciSlot&) const = default;
};

/// One device of the machine ABI: what it is and where it sits. The same in every version of a profile.
struct DeviceSpec {
    std::string type; ///< "piix3-ide", "pcnet", "dec21140", "stdvga", "serial", "fdc", "parallel", ...
    std::string id;   ///< "ide0", "net0", "com1"
    std::optional<PciSlot> pci;      ///< for PCI functions
    std::optional<std::uint16_t> io; ///< first port of a fixed ISA device
    std::optional<std::uint8_t> irq; ///< for fixed ISA devices
    std::optional<std::uint8_t> dma;
    std::map<std::string, std::string> options; ///< device-specific, validated by the schema of the type
};

struct Limits {
    std::uint64_t memory_default = 256U << 20U; ///< bytes
    std::uint64_t memory_minimum = 32U << 20U;
    std::uint64_t memory_maximum = 1U << 30U;
    unsigned cpus_maximum = 1;
    unsigned disks_maximum = 3;
    std::uint64_t disk_bytes_maximum = std::uint64_t{1} << 37U; ///< LBA28: 2^28 sectors
};

/// Which rules the planner uses by default, by name, and their settings. See converter/patch.
struct PatchDefaults {
    std::string family;                          ///< "nt4", "nt351", "win2000", "none"
    std::vector<std::string> rules;              ///< "storage", "hal", "network", "video", "agents", ...
    std::map<std::string, std::string> settings; ///< "dma" -> "auto", "nic-strategy" -> "keep-instance", ...
    std::vector<std::string>
        driver_files; ///< "atapi.sys", "amdpcn.sys", ...: what the guest needs for these devices
};

struct Profile {
    std::string name;
    std::string title;  ///< one line for people
    std::string guests; ///< which systems it is for, one line
    unsigned abi = 1;   ///< version of the machine ABI
    CpuModel cpu;
    InterruptController interrupts = InterruptController::pic;
    bool rtc_local_time = true;
    unsigned ide_interrupt_delay_us = 0;
    std::vector<DeviceSpec> devices;
    Limits limits;
    PatchDefaults patch;
    std::vector<std::string> notes; ///< reasons, shown by `profiles show`

    /// First device of a type, or nullptr.
    const DeviceSpec* find(std::string_view type) const;
};

/// Changes one setting for one machine (MachineDescription::overrides): "cpu.max_leaf" to "1".
/// @throws Error that lists the settings or the values allowed
void apply_override(Profile& profile, const std::string& name, const std::string& value);

/// Reads one profile file, following its "inherits" to files in the same folder.
/// @throws Error naming file, line, element and what is allowed
Profile load_profile(const std::string& path);
/// By name ("nt4") in the search path: $NTFERRY_PROFILES, beside the program's data, the source tree.
Profile find_profile(std::string_view name);
/// Names of all profiles in the search path, sorted.
std::vector<std::string> profile_names();

} // namespace ntferry::profiles
