// Rules about the network.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::assess {
namespace {

std::string address_text(const nt::IpConfig& ip) {
    if (ip.dhcp)
        return "DHCP" + (ip.dhcp_address.empty() ? "" : ", last " + ip.dhcp_address);
    return ip.addresses.empty() ? std::string("no address")
                                : fmt::format("{}", fmt::join(ip.addresses, ", "));
}

bool is_emulated(std::string_view driver) {
    return text::iequals(driver, "AMDPCN") || text::iequals(driver, "DC21X4");
}

} // namespace

void network_adapters(const Context& context, Findings& findings) {
    const nt::NetworkFacts& network = context.system.network;
    const auto slots =
        static_cast<std::size_t>(std::count_if(context.profile.devices.begin(), context.profile.devices.end(),
                                               [](const profiles::DeviceSpec& device) {
                                                   return device.type == "pcnet" || device.type == "dec21140";
                                               }));
    std::size_t needed = 0;
    for (const nt::NetworkAdapter& adapter : network.adapters) {
        const std::string key = context.service_key(adapter.key);
        const std::string title = adapter.title.empty() ? adapter.key : adapter.title;
        if (adapter.dial_up) {
            findings.push_back({"network.dial-up", Severity::info,
                                fmt::format("{} is for dial-up", adapter.key), key,
                                "Modems and ISDN cards are not in the machine.",
                                "Connect a serial modem to a COM port if it is needed"});
            continue;
        }
        if (adapter.virtual_adapter) {
            findings.push_back(
                {"network.team", Severity::change,
                 fmt::format("{} is made of several cards by {}", adapter.key, adapter.driver),
                 fmt::format("{}\\Linkage; address {}", context.service_key(adapter.driver),
                             address_text(adapter.ip)),
                 "Teaming drivers drive certain cards only; the address lies on the virtual adapter.",
                 "One card of the machine takes the virtual adapter's place and keeps its address"});
            ++needed;
            continue;
        }
        const bool in_team =
            std::any_of(network.teams.begin(), network.teams.end(), [&](const nt::NetworkTeam& team) {
                return std::any_of(team.members.begin(), team.members.end(),
                                   [&](const std::string& one) { return text::iequals(one, adapter.key); });
            });
        if (in_team)
            continue;
        if (adapter.disabled) {
            findings.push_back({"network.unbound", Severity::info, fmt::format("{} has no bindings", title),
                                key + "; no protocol uses it",
                                "It is a card that was taken out or switched off.", "It is left as it is"});
            continue;
        }
        ++needed;
        if (is_emulated(adapter.driver))
            findings.push_back({"network.same-card", Severity::info,
                                fmt::format("{} has a driver that the machine can use", title), key,
                                "Bus and slot still have to fit.", "The slot number is set"});
        else
            findings.push_back(
                {"network.replace", Severity::change, fmt::format("{} is not in the machine", title),
                 fmt::format("{} driven by {}; {}", key, adapter.driver.empty() ? "?" : adapter.driver,
                             address_text(adapter.ip)),
                 "Its driver finds no card.",
                 "The adapter keeps its name, bindings and address; the driver below it changes to the "
                 "machine's card"});
        if (adapter.driver.empty())
            findings.push_back({"network.no-driver", Severity::warning,
                                fmt::format("The driver of {} was not found", title), key,
                                "Bindings may be damaged.", "Compare with the Network applet on the server"});
        else if (adapter.driver_start <= nt::start_system)
            findings.push_back(
                {"network.driver-start", Severity::change,
                 fmt::format("The card's driver {} starts too early", adapter.driver),
                 fmt::format("{}\\Start = {}", context.service_key(adapter.driver), adapter.driver_start),
                 "A network driver that starts at boot ends in STOP 1E (KB Q172353).",
                 "It is disabled with its card"});
        if (adapter.address_override.empty())
            findings.push_back({"network.mac-unknown", Severity::info,
                                fmt::format("The MAC address of {} is not on the disk", title),
                                key + "\\Parameters has no NetworkAddress",
                                "Licences, DHCP reservations and filters may depend on it.",
                                "Note it on the server (ipconfig /all) and give it to the machine"});
        else
            findings.push_back(
                {"network.mac-set", Severity::info,
                 fmt::format("{} has a MAC address set by hand: {}", title, adapter.address_override),
                 key + "\\Parameters\\NetworkAddress", "The new card should have it too.",
                 "It is given to the machine's card"});
        if (adapter.card.empty())
            findings.push_back({"network.not-listed", Severity::info,
                                fmt::format("{} is not listed as a network card", adapter.key),
                                "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\NetworkCards",
                                "The Network applet does not show it.", "Nothing to do"});
    }
    if (needed > slots)
        findings.push_back(
            {"network.count", Severity::decision, "The server has more network cards than the machine",
             fmt::format("{} in use, {} in profile {}", needed, slots, context.profile.name),
             "Not every address can be kept on a card of its own.", "Say which cards are to be kept"});
    if (network.adapters.empty())
        findings.push_back({"network.none", Severity::info, "No network card is installed",
                            "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\NetworkCards is empty",
                            "Networking was not installed.",
                            "Install the machine's card in the Network applet"});
}

void network_settings(const Context& context, Findings& findings) {
    const nt::NetworkFacts& network = context.system.network;
    for (const nt::NetworkAdapter& adapter : network.adapters) {
        if (adapter.ip.dhcp && !adapter.disabled)
            findings.push_back(
                {"network.dhcp", Severity::info, fmt::format("{} gets its address by DHCP", adapter.key),
                 fmt::format("last {} from {}", adapter.ip.dhcp_address, adapter.ip.dhcp_server),
                 "Reservations go by MAC address.", "Keep the MAC address"});
        if (adapter.ip.security_filter)
            findings.push_back(
                {"network.filter", Severity::info, fmt::format("{} filters ports", adapter.key),
                 "Parameters\\Tcpip\\EnableSecurityFilter = 1", "It stays in force.", "Nothing to do"});
    }
    if (network.forwarding)
        findings.push_back(
            {"network.router", Severity::warning, "The server forwards packets between networks",
             "Tcpip\\Parameters\\IPEnableRouter = 1", "Other machines may reach each other only through it.",
             "Keep as many cards as networks"});
    for (const std::string& protocol : network.protocols)
        if (text::istarts_with(protocol, "Nwlnk") || text::iequals(protocol, "AppleTalk") ||
            text::iequals(protocol, "DLC") || text::iequals(protocol, "Nbf"))
            findings.push_back(
                {"network.protocol", Severity::info, fmt::format("The protocol {} is in use", protocol),
                 context.service_key(protocol), "It needs a network that carries more than IP.",
                 "Bridge the machine's network if clients use it"});
}

} // namespace ntferry::assess
