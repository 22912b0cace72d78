// Services and drivers as the registry declares them, and the order in which NT loads them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/hive.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::nt {

enum ServiceType : std::uint32_t {
    service_kernel_driver = 1,
    service_file_system = 2,
    service_adapter = 4,
    service_recogniser = 8,
    service_own_process = 0x10,
    service_share_process = 0x20,
    service_interactive = 0x100,
};

enum ServiceStart : std::uint32_t {
    start_boot = 0,
    start_system = 1,
    start_auto = 2,
    start_demand = 3,
    start_disabled = 4
};

struct Service {
    std::string name;
    std::uint32_t type = 0;
    std::uint32_t start = start_disabled;
    std::uint32_t error_control = 0; ///< 0 ignore, 1 normal, 2 severe, 3 critical
    std::string group;
    std::optional<std::uint32_t> tag;
    std::string image_path; ///< as stored; empty: NT's default
    std::string display_name;
    std::string account;
    std::vector<std::string> depends_on_groups;
    std::vector<std::string> depends_on_services;

    bool is_driver() const {
        return (type & (service_kernel_driver | service_file_system | service_recogniser)) != 0;
    }
    bool is_program() const { return (type & (service_own_process | service_share_process)) != 0; }
    bool in_group(std::string_view name_of_group) const;
    /// ImagePath, or system32\drivers\NAME.sys for a driver without one.
    std::string effective_image() const;
};

/// "boot", "system", "automatic", "manual", "disabled".
const char* start_name(std::uint32_t start);

/// All keys below Services that have a Type, in registry order.
std::vector<Service> read_services(const registry::Hive& system, const std::string& control_set);
const Service* find_service(const std::vector<Service>& services, std::string_view name);

/// Names of drivers with this Start (boot or system) in the order in which NT initialises them: by group
/// after ServiceGroupOrder, in a group by tag after GroupOrderList; no group, no tag and unlisted ones last.
std::vector<std::string> load_order(const registry::Hive& system, const std::string& control_set,
                                    const std::vector<Service>& services, std::uint32_t start);

} // namespace ntferry::nt
