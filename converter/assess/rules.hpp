// The rules, one function per condition or family of conditions. Registered in rules.cpp.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/assess/assess.hpp"

namespace ntferry::assess {

// disk.cpp: tables, geometry, sizes, signatures, fault-tolerant sets
void disk_tables(const Context& context, Findings& findings);
void disk_geometry(const Context& context, Findings& findings);
void disk_sizes(const Context& context, Findings& findings);
void disk_signatures(const Context& context, Findings& findings);
void disk_letters(const Context& context, Findings& findings);
void ft_sets(const Context& context, Findings& findings);
void ft_state(const Context& context, Findings& findings);

// volume.cpp: file systems
void volume_state(const Context& context, Findings& findings);
void volume_boot_copy(const Context& context, Findings& findings);
void volume_format(const Context& context, Findings& findings);
void volume_space(const Context& context, Findings& findings);

// boot.cpp: MBR to NTLDR to boot.ini
void boot_sector(const Context& context, Findings& findings);
void boot_loader(const Context& context, Findings& findings);
void boot_reach(const Context& context, Findings& findings);
void boot_ini_entries(const Context& context, Findings& findings);
void boot_ini_switches(const Context& context, Findings& findings);

// product.cpp: what is installed
void product_version(const Context& context, Findings& findings);
void product_role(const Context& context, Findings& findings);
void product_state(const Context& context, Findings& findings);

// hive.cpp: registry files and control sets
void hive_state(const Context& context, Findings& findings);
void hive_size(const Context& context, Findings& findings);
void control_sets(const Context& context, Findings& findings);

// kernel.cpp: HAL and kernel
void hal_fit(const Context& context, Findings& findings);
void hal_consistency(const Context& context, Findings& findings);

// profile.cpp: hardware profiles and load order
void hardware_profiles(const Context& context, Findings& findings);
void load_order(const Context& context, Findings& findings);

// storage.cpp: what the boot disk hangs on
void storage_ide(const Context& context, Findings& findings);
void storage_adapters(const Context& context, Findings& findings);
void storage_dma(const Context& context, Findings& findings);

// network.cpp
void network_adapters(const Context& context, Findings& findings);
void network_settings(const Context& context, Findings& findings);

// display.cpp: video, input, logon
void video_drivers(const Context& context, Findings& findings);
void serial_mouse(const Context& context, Findings& findings);
void logon(const Context& context, Findings& findings);

// settings.cpp: STOP screen, page files, BootExecute
void crash_control(const Context& context, Findings& findings);
void clock_basis(const Context& context, Findings& findings);
void page_files(const Context& context, Findings& findings);
void boot_execute(const Context& context, Findings& findings);

// drivers.cpp: drivers and services of hardware that will be gone, and what the server is for
void boot_chain_files(const Context& context, Findings& findings);
void driver_files(const Context& context, Findings& findings);
void driver_imports(const Context& context, Findings& findings);
void oem_drivers(const Context& context, Findings& findings);
void known_services(const Context& context, Findings& findings);
void ports(const Context& context, Findings& findings);

/// Files that the profile's devices need, and kernel and HAL where they have to change.
std::vector<NeededFile> needed_files(const Context& context);

/// The HAL has to be replaced on this profile's machine.
bool needs_other_hal(const Context& context);

} // namespace ntferry::assess
