// Inspection: everything that is known about a server from its disks. A value: print it, store it, compare
// it. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/boot_files.hpp"
#include "converter/nt/control_sets.hpp"
#include "converter/nt/hardware_profiles.hpp"
#include "converter/nt/hives.hpp"
#include "converter/nt/kernel.hpp"
#include "converter/nt/network.hpp"
#include "converter/nt/peripherals.hpp"
#include "converter/nt/product.hpp"
#include "converter/nt/services.hpp"
#include "converter/nt/vendors.hpp"

#include <boost/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace ntferry::nt {

/// A driver that starts with the system, with the file behind it.
struct DriverFacts {
    std::string service;
    std::uint32_t start = start_boot;
    std::string group;
    std::uint32_t error_control = 0;
    FileFacts file;
    const VendorEntry* vendor = nullptr;
    std::vector<std::string> missing_imports{}; ///< modules that it imports and that are in neither folder
};

/// A service with a story: an agent, a database, a dongle.
struct KnownService {
    std::string service;
    std::string display_name;
    std::uint32_t start = start_demand;
    const VendorEntry* vendor = nullptr; ///< never nullptr
};

struct Installation {
    SystemPlace place;
    std::string found_by; ///< "boot.ini, entry 1", "search"
    std::vector<HiveFacts> hives;
    ControlSets control_sets;
    Product product;
    SetupLog setup_log;
    KernelFacts kernel;
    std::vector<Service> services;         ///< of the active control set
    std::vector<std::string> group_order;  ///< ServiceGroupOrder\List
    std::vector<std::string> boot_order;   ///< names, Start 0
    std::vector<std::string> system_order; ///< names, Start 1
    std::vector<DriverFacts> drivers;      ///< boot and system start, in load order
    std::vector<KnownService> known;
    std::vector<HardwareProfile> profiles; ///< of the active control set
    NetworkFacts network;
    Peripherals peripherals;
    bool disk_key = false;                  ///< SYSTEM\DISK has the value Information
    std::string cdrom_letter;               ///< fixed by DISK\\device\CdRom0
    std::map<std::string, FileFacts> files; ///< files that booting needs, by name below system32
    std::vector<std::string> beyond_reach;  ///< files that NTLDR loads and INT 13h does not reach
    std::map<std::string, std::string>
        driver_sources;                ///< wanted driver file -> where a copy lies on these disks
    std::vector<std::string> problems; ///< what could not be read, one line each

    /// "\\WINNT on C: (disk 0 partition 1)".
    std::string title;
};

struct Inspection {
    std::vector<std::string> sources;
    std::vector<DiskFacts> disks;
    std::vector<VolumeFacts> volumes;
    std::vector<FtFacts> ft_sets;
    bool ft_dirty_shutdown = false; ///< FTDISK synchronises the sets at the next start
    BootFacts boot;
    std::vector<Installation> installations; ///< the one that boots by default first
    std::vector<std::string> problems;
    SharedVendorTable vendors; ///< what the vendor pointers above point into

    /// The vendor rule for a service, or nullptr.
    const VendorEntry* vendor_of(const Service& service) const {
        return vendors ? vendors->find(service) : nullptr;
    }
};

struct InspectOptions {
    /// Driver files to look for on the disks besides those that belong to NT: what a profile will need.
    std::vector<std::string> wanted_drivers;
    /// Nothing: load_vendor_table().
    SharedVendorTable vendors;
};

/// Reads everything. What is damaged is told and left out; only a set without any readable disk throws.
Inspection inspect(DiskSet& disks, const InspectOptions& options = {});

/// Schema: docs/inspect.md, "ntferry.inspection" version 1. No passwords, no secrets.
boost::json::object to_json(const Inspection& inspection);

} // namespace ntferry::nt
