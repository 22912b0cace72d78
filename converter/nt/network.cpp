// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/network.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::nt {
namespace {

constexpr std::string_view device = "\\Device\\";
constexpr std::size_t adapters_limit = 64;
constexpr std::size_t bindings_limit = 256; // of one service

/// "\\Device\\CpqNF31" -> "CpqNF31".
std::string bare(std::string_view path) {
    return std::string(text::istarts_with(path, device) ? path.substr(device.size()) : path);
}

bool contains(const std::vector<std::string>& list, std::string_view name) {
    return std::any_of(list.begin(), list.end(),
                       [&](const std::string& one) { return text::iequals(one, name); });
}

std::vector<std::string> words(const std::string& line) {
    std::vector<std::string> all;
    std::string word;
    for (const char c : line + " ") {
        if (c != ' ' && c != ',' && c != '\t') {
            word += c;
        } else if (!word.empty()) {
            all.push_back(text::printable(word, 64));
            word.clear();
        }
    }
    return all;
}

std::vector<std::string> meaningful(std::vector<std::string> addresses) {
    std::erase_if(addresses, [](const std::string& one) { return one.empty() || one == "0.0.0.0"; });
    for (std::string& one : addresses)
        one = text::printable(one, 64);
    return addresses;
}

struct Linkage {
    std::vector<std::string> bind;
    std::vector<std::string> exports;
    std::vector<std::string> disabled;
};

Linkage read_linkage(const registry::Key& service) {
    Linkage linkage;
    const auto key = service.child("Linkage");
    if (!key)
        return linkage;
    const auto names = [](const registry::Key& from, const char* value) {
        std::vector<std::string> all = from.strings(value);
        all.resize(std::min(all.size(), bindings_limit));
        for (std::string& one : all)
            one = bare(one);
        return all;
    };
    linkage.bind = names(*key, "Bind");
    linkage.exports = names(*key, "Export");
    if (const auto disabled = key->child("Disabled"))
        linkage.disabled = names(*disabled, "Bind");
    return linkage;
}

IpConfig read_ip(const registry::Key& services, const registry::Key& adapter, const std::string& name) {
    IpConfig ip;
    if (const auto key = adapter.find("Parameters\\Tcpip")) {
        ip.present = true;
        ip.dhcp = key->dword("EnableDHCP").value_or(0) != 0;
        ip.addresses = meaningful(key->strings("IPAddress"));
        ip.masks = meaningful(key->strings("SubnetMask"));
        ip.gateways = meaningful(key->strings("DefaultGateway"));
        const auto text_of = [&](const char* value) {
            return text::printable(key->string(value).value_or(""), 64);
        };
        if (ip.dhcp) {
            ip.dhcp_address = text_of("DhcpIPAddress");
            ip.dhcp_mask = text_of("DhcpSubnetMask");
            ip.dhcp_gateway = text_of("DhcpDefaultGateway");
            ip.dhcp_server = text_of("DhcpServer");
        }
        ip.security_filter = key->dword("EnableSecurityFilter").value_or(0) != 0;
        ip.mtu = key->dword("MTU");
    }
    if (const auto wins = services.find("NetBT\\Adapters\\" + name))
        for (const char* value : {"NameServer", "NameServerBackup"})
            if (const std::string server = wins->string(value).value_or(""); !server.empty())
                ip.wins.push_back(text::printable(server, 64));
    return ip;
}

bool is_dial_up(std::string_view name) {
    return text::istarts_with(name, "NdisWan") || text::istarts_with(name, "RasHub");
}

/// Fields of a card's entry in SOFTWARE.
void read_cards(const registry::Hive& software, std::vector<NetworkAdapter>& adapters) {
    const auto cards = software.find("Microsoft\\Windows NT\\CurrentVersion\\NetworkCards");
    if (!cards)
        return;
    for (const registry::Key& card : cards->children()) {
        if (adapters.size() == adapters_limit)
            return;
        NetworkAdapter adapter;
        adapter.card = card.name();
        adapter.key = card.string("ServiceName").value_or("");
        adapter.title = text::printable(card.string("Title").value_or(""), 100);
        if (adapter.title.empty())
            adapter.title = text::printable(card.string("Description").value_or(""), 100);
        adapter.manufacturer = text::printable(card.string("Manufacturer").value_or(""), 64);
        adapter.product = text::printable(card.string("ProductName").value_or(""), 64);
        if (!adapter.key.empty())
            adapters.push_back(std::move(adapter));
    }
}

} // namespace

NetworkFacts read_network(const registry::Hive& system, const registry::Hive* software,
                          const std::string& control_set, const std::vector<Service>& services) {
    NetworkFacts facts;
    const auto root = system.find(control_set + "\\Services");
    if (!root)
        return facts;
    if (const auto tcpip = root->find("Tcpip\\Parameters")) {
        const auto text_of = [&](const char* name) {
            return text::printable(tcpip->string(name).value_or(""), 200);
        };
        facts.host_name = text_of("HostName");
        facts.domain = text_of("Domain");
        facts.name_servers = words(text_of("NameServer"));
        facts.search_list = words(text_of("SearchList"));
        facts.forwarding = tcpip->dword("IPEnableRouter").value_or(0) != 0;
        if (const auto routes = tcpip->child("PersistentRoutes"))
            for (const auto& [name, value] : routes->values(registry::Key::typed_limit)) {
                const auto parts = text::split(name, ',');
                facts.routes.push_back(parts.size() == 4 ? fmt::format("{} mask {} via {} metric {}",
                                                                       parts[0], parts[1], parts[2], parts[3])
                                                         : text::printable(name, 100));
            }
    }
    if (software != nullptr)
        read_cards(*software, facts.adapters);
    // Adapters that the Network applet forgot: keys of type 4 with IP settings of their own.
    for (const Service& service : services)
        if (service.type == service_adapter && facts.adapters.size() < adapters_limit &&
            std::none_of(facts.adapters.begin(), facts.adapters.end(),
                         [&](const NetworkAdapter& one) { return text::iequals(one.key, service.name); }) &&
            root->find(service.name + "\\Parameters\\Tcpip")) {
            NetworkAdapter adapter;
            adapter.key = service.name;
            facts.adapters.push_back(std::move(adapter));
        }

    std::vector<std::pair<const Service*, Linkage>> linkages;
    for (const Service& service : services)
        if (const auto key = root->child(service.name)) {
            Linkage linkage = read_linkage(*key);
            if (linkage.bind.empty() && linkage.disabled.empty())
                continue;
            facts.bindings.push_back({service.name, linkage.bind, linkage.disabled});
            linkages.emplace_back(&service, std::move(linkage));
        }
    for (NetworkAdapter& adapter : facts.adapters) {
        adapter.dial_up = is_dial_up(adapter.key) || is_dial_up(adapter.product);
        bool wanted = false;
        for (const auto& [service, linkage] : linkages) {
            // A miniport exports what it binds. An intermediate driver exports an adapter that it does not
            // bind and binds others: a team. Protocols export names of their own.
            const bool binds = contains(linkage.bind, adapter.key);
            const bool exports = contains(linkage.exports, adapter.key);
            if (exports && service->in_group("NDIS")) {
                adapter.driver = service->name;
                adapter.driver_image = service->effective_image();
                adapter.driver_start = service->start;
                adapter.virtual_adapter = !binds && !linkage.bind.empty();
            } else if (binds) {
                adapter.bound_by.push_back(service->name);
                wanted = true;
            }
        }
        if (adapter.driver.empty())
            if (const Service* service = find_service(services, adapter.product)) {
                adapter.driver = service->name;
                adapter.driver_image = service->effective_image();
                adapter.driver_start = service->start;
            }
        adapter.disabled = !wanted || (!adapter.driver.empty() && adapter.driver_start == start_disabled);
        if (const auto key = root->child(adapter.key)) {
            adapter.ip = read_ip(*root, *key, adapter.key);
            if (const auto parameters = key->child("Parameters")) {
                adapter.bus_type = parameters->dword("BusType");
                adapter.bus = parameters->dword("BusNumber");
                adapter.slot = parameters->dword("SlotNumber");
                adapter.address_override =
                    text::printable(parameters->string("NetworkAddress").value_or(""), 32);
            }
        }
        if (adapter.virtual_adapter && !adapter.driver.empty()) {
            auto team = std::find_if(facts.teams.begin(), facts.teams.end(),
                                     [&](const NetworkTeam& one) { return one.service == adapter.driver; });
            if (team == facts.teams.end()) {
                NetworkTeam made{adapter.driver, {}, {}};
                for (const auto& [service, linkage] : linkages)
                    if (service->name == adapter.driver)
                        made.members = linkage.bind;
                facts.teams.push_back(std::move(made));
                team = facts.teams.end() - 1;
            }
            team->adapters.push_back(adapter.key);
        }
    }
    for (const char* protocol :
         {"Tcpip", "NetBT", "Nbf", "NwlnkIpx", "NwlnkNb", "AppleTalk", "DLC", "Streams"})
        if (const Service* service = find_service(services, protocol);
            service != nullptr && service->start < start_disabled)
            facts.protocols.push_back(service->name);
    return facts;
}

} // namespace ntferry::nt
