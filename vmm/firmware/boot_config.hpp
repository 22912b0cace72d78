// What the firmware is told: fw_cfg files and CMOS bytes that agree with each other.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/firmware/fw_cfg.hpp"

#include <array>
#include <functional>
#include <optional>
#include <string>

namespace ntferry::vmm {

struct BootDisk {
    std::uint64_t sectors = 0;
    /// INT 13h geometry the disk was written with; unset: the firmware's LBA translation.
    struct Geometry {
        std::uint32_t cylinders = 0;
        std::uint32_t heads = 0;
        std::uint32_t sectors = 0;
    };
    std::optional<Geometry> geometry;
};

enum class BootFrom : std::uint8_t { disk, cdrom, floppy };

struct BootConfig {
    std::uint64_t memory = 0; ///< bytes
    unsigned cpus = 1;
    BootFrom boot = BootFrom::disk;
    std::array<std::optional<BootDisk>, 4> disks; ///< by IDE position
    std::optional<unsigned> cdrom;                ///< IDE position
    bool floppy_drive = false;
    bool mouse = true;
    unsigned ide_device = 1; ///< PCI address of the IDE function
    unsigned ide_function = 1;
};

/// etc/e820, bootorder, bios-geometry, no boot menu, no reboot loop. SeaBIOS src/fw/paravirt.c, src/boot.c.
void fill_fw_cfg(FwCfg& fw_cfg, const BootConfig& config);
/// @param set stores a CMOS byte. IBM PC AT Technical Reference; Ralf Brown's CMOS list for 2Eh and up.
void fill_cmos(const std::function<void(std::uint8_t index, std::uint8_t value)>& set,
               const BootConfig& config);

/// Text of the fw_cfg files, for tests and for people.
std::string boot_order(const BootConfig& config);
std::string bios_geometry(const BootConfig& config);

} // namespace ntferry::vmm
