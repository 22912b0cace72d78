// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/vendors.hpp"

#include "converter/base/text.hpp"

namespace ntferry::nt {
namespace {

constexpr VendorEntry table[] = {
#include "converter/nt/data/vendors.inc"
};

} // namespace

const char* vendor_class_name(VendorClass kind) {
    switch (kind) {
    case VendorClass::stock_storage:
        return "disk driver";
    case VendorClass::oem_storage:
        return "OEM disk driver";
    case VendorClass::stock_video:
        return "video driver";
    case VendorClass::agent:
        return "hardware agent";
    case VendorClass::ups:
        return "UPS";
    case VendorClass::filter:
        return "filter";
    case VendorClass::remote_control:
        return "remote control";
    case VendorClass::dongle:
        return "dongle";
    case VendorClass::network_team:
        return "network team";
    case VendorClass::database:
        return "database";
    case VendorClass::mail:
        return "mail";
    case VendorClass::web:
        return "web";
    case VendorClass::directory:
        return "network service";
    case VendorClass::cluster:
        return "cluster";
    }
    return "";
}

std::span<const VendorEntry> vendor_table() {
    return table;
}

const VendorEntry* find_vendor(std::string_view service_name) {
    for (const VendorEntry& entry : table)
        if (text::wildcard_match(entry.pattern, service_name))
            return &entry;
    return nullptr;
}

const VendorEntry* find_vendor(const Service& service) {
    return find_vendor(service.name);
}

} // namespace ntferry::nt
