// What is known about services and drivers by their names: data/vendors.inc.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/services.hpp"

#include <span>
#include <string_view>

namespace ntferry::nt {

enum class VendorClass : std::uint8_t {
    stock_storage, ///< a SCSI or disk driver that NT 4.0 came with
    oem_storage,
    stock_video,
    agent, ///< management of hardware that will be gone
    ups,
    filter, ///< sits in the path to files or disks: backup, antivirus, open files
    remote_control,
    dongle,
    network_team,
    database,
    mail,
    web,
    directory, ///< DNS, WINS, DHCP, licensing: others depend on it
    cluster,
};
const char* vendor_class_name(VendorClass kind);

struct VendorEntry {
    std::string_view pattern; ///< of service names, '*' and '?' allowed
    VendorClass kind;
    std::string_view product;
    std::string_view note; ///< what to know; may be empty
};

std::span<const VendorEntry> vendor_table();
/// The first entry whose pattern fits the service, or nullptr.
const VendorEntry* find_vendor(const Service& service);
const VendorEntry* find_vendor(std::string_view service_name);

} // namespace ntferry::nt
