// Network cards, their drivers, IP configuration and bindings.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/services.hpp"
#include "converter/registry/hive.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::nt {

struct IpConfig {
    bool present = false; ///< the adapter has a Parameters\Tcpip key
    bool dhcp = false;
    std::vector<std::string> addresses;
    std::vector<std::string> masks;
    std::vector<std::string> gateways;
    std::string dhcp_address;
    std::string dhcp_mask;
    std::string dhcp_gateway;
    std::string dhcp_server;
    std::vector<std::string> wins; ///< NetBT\Adapters: primary, secondary
    bool security_filter = false;
    std::optional<std::uint32_t> mtu;
};

struct NetworkAdapter {
    std::string key;  ///< adapter instance below Services: "CpqNF31"
    std::string card; ///< subkey of NetworkCards: "1"; empty: not listed there
    std::string title;
    std::string manufacturer;
    std::string product;
    std::string driver; ///< service that drives it: "CpqNF3"; empty: not found
    std::string driver_image;
    std::uint32_t driver_start = start_disabled;
    std::optional<std::uint32_t> bus_type; ///< 1 ISA, 2 EISA, 3 MCA, 5 PCI
    std::optional<std::uint32_t> bus;
    std::optional<std::uint32_t> slot;
    std::string address_override;      ///< NetworkAddress: a MAC set by the administrator
    bool disabled = false;             ///< bound by nothing, or only in Linkage\Disabled
    bool virtual_adapter = false;      ///< made by a teaming or VLAN driver
    bool dial_up = false;              ///< NdisWan
    std::vector<std::string> bound_by; ///< services whose Linkage\Bind reaches it
    IpConfig ip;
};

struct NetworkBinding {
    std::string service;
    std::vector<std::string> bind;
    std::vector<std::string> disabled;
};

/// A driver between miniport and protocols that makes one adapter of several.
struct NetworkTeam {
    std::string service;
    std::vector<std::string> members;  ///< adapter keys
    std::vector<std::string> adapters; ///< the virtual ones
};

struct NetworkFacts {
    std::string host_name;
    std::string domain;
    std::vector<std::string> name_servers;
    std::vector<std::string> search_list;
    bool forwarding = false;         ///< IPEnableRouter
    std::vector<std::string> routes; ///< "10.9.0.0 mask 255.255.0.0 via 10.1.1.254 metric 1"
    std::vector<NetworkAdapter> adapters;
    std::vector<NetworkTeam> teams;
    std::vector<NetworkBinding> bindings;
    std::vector<std::string> protocols; ///< names of protocol services that start
};

NetworkFacts read_network(const registry::Hive& system, const registry::Hive* software,
                          const std::string& control_set, const std::vector<Service>& services);

} // namespace ntferry::nt
