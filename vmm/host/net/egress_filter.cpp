// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/net/egress_filter.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include <arpa/inet.h>

namespace ntferry::vmm::net {
namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_arp = 0x0806;
constexpr std::uint8_t protocol_icmp = 1;
constexpr std::uint8_t protocol_tcp = 6;
constexpr std::uint8_t protocol_udp = 17;
constexpr std::uint32_t broadcast = 0xFFFFFFFF;

[[noreturn]] void bad_rule(std::string_view item, std::string_view why) {
    throw Error("allow", fmt::format("'{}': {}", item, why),
                "write ADDRESS[/BITS][:tcp/PORT|:udp/PORT|:icmp], or any", ErrorKind::usage);
}

unsigned parse_number(std::string_view text, unsigned limit, std::string_view item) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > limit)
        bad_rule(item, fmt::format("'{}' is not a number up to {}", text, limit));
    return value;
}

} // namespace

EgressFilter::Rule EgressFilter::parse_rule(std::string_view item) {
    Rule rule;
    std::string_view address = item;
    if (const auto colon = item.find(':'); colon != std::string_view::npos) {
        address = item.substr(0, colon);
        const std::string_view service = item.substr(colon + 1);
        const auto slash = service.find('/');
        const std::string_view protocol = service.substr(0, slash);
        if (protocol == "icmp" && slash == std::string_view::npos)
            rule.protocol = protocol_icmp;
        else if (protocol == "tcp" || protocol == "udp")
            rule.protocol = protocol == "tcp" ? protocol_tcp : protocol_udp;
        else
            bad_rule(item, fmt::format("'{}' is not a protocol", protocol));
        if (slash != std::string_view::npos) {
            rule.port = static_cast<std::uint16_t>(parse_number(service.substr(slash + 1), 65535, item));
            if (rule.port == 0)
                bad_rule(item, "there is no port 0");
        }
    }
    unsigned bits = 32;
    if (const auto slash = address.find('/'); slash != std::string_view::npos) {
        bits = parse_number(address.substr(slash + 1), 32, item);
        address = address.substr(0, slash);
    }
    in_addr parsed{};
    if (inet_pton(AF_INET, std::string(address).c_str(), &parsed) != 1)
        bad_rule(item, fmt::format("'{}' is not an IPv4 address", address));
    rule.mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32U - bits);
    rule.network = ntohl(parsed.s_addr) & rule.mask;
    return rule;
}

EgressFilter::EgressFilter(std::string_view allowed, std::uint32_t own_network, bool dns)
    : own_network_(own_network & 0xFFFFFF00U), dns_(dns) {
    while (!allowed.empty()) {
        const auto end = allowed.find_first_of(", \t");
        const std::string_view item = allowed.substr(0, end);
        allowed.remove_prefix(end == std::string_view::npos ? allowed.size() : end + 1);
        if (item == "any")
            any_ = true;
        else if (!item.empty())
            rules_.push_back(parse_rule(item));
    }
}

bool EgressFilter::listed(std::uint32_t destination, std::uint8_t protocol, std::uint16_t port) const {
    if (any_)
        return true;
    for (const Rule& rule : rules_)
        if ((destination & rule.mask) == rule.network && (rule.protocol == 0 || rule.protocol == protocol) &&
            (rule.port == 0 || rule.port == port))
            return true;
    return false;
}

bool EgressFilter::permits(ByteView frame) const {
    if (frame.size() < 14)
        return false;
    const auto type = load_be<std::uint16_t>(frame, 12);
    return type == ethertype_arp || (type == ethertype_ipv4 && permits_ipv4(frame.subspan(14)));
}

bool EgressFilter::permits_ipv4(ByteView packet) const {
    if (packet.size() < 20 || packet[0] >> 4U != 4)
        return false;
    const std::size_t header = (packet[0] & 15U) * 4U;
    if (header < 20 || packet.size() < header + 8)
        return false;
    const auto fragment = load_be<std::uint16_t>(packet, 6);
    if ((fragment & 0x1FFFU) != 0)
        return any_;
    const std::uint8_t protocol = packet[9];
    const auto destination = load_be<std::uint32_t>(packet, 16);
    const ByteView payload = packet.subspan(header);
    const bool own = (destination & 0xFFFFFF00U) == own_network_;
    const auto source_port = load_be<std::uint16_t>(payload, 0);
    const auto port = load_be<std::uint16_t>(payload, 2);
    if (protocol == protocol_udp) {
        if (port == 67 && (own || destination == broadcast)) // DHCP: to the virtual gateway
            return true;
        if (own && port == 53)
            return dns_;
        return udp_sources_.contains(source_port) || listed(destination, protocol, port);
    }
    if (protocol == protocol_tcp) {
        if (payload.size() < 20)
            return false;
        constexpr std::uint8_t syn = 0x02;
        constexpr std::uint8_t ack = 0x10;
        const bool opens = (payload[13] & (syn | ack)) == syn;
        if (own && port == 53 && dns_)
            return true;
        return !opens || listed(destination, protocol, port);
    }
    if (protocol == protocol_icmp)
        return own || listed(destination, protocol, 0);
    return any_;
}

} // namespace ntferry::vmm::net
