// EgressFilter: which frames a guest may send out of a NAT network.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

namespace ntferry::vmm::net {

/// Decides by destination. Everything not named is refused; answers within connections that came in are let
/// through, because only the first packet of a TCP connection (SYN without ACK) can open one.
///
/// Not IPv4 or ARP: refused. Fragments other than the first: refused, they cannot be judged.
class EgressFilter {
  public:
    /// @param allowed "ADDRESS[/BITS][:tcp/PORT|:udp/PORT|:icmp]" separated by commas or blanks, or "any".
    /// Empty: nothing.
    /// @param own_network address of the virtual gateway's /24, host order: ARP, DHCP and its name server
    /// live there
    /// @throws Error naming the item that is wrong
    EgressFilter(std::string_view allowed, std::uint32_t own_network, bool dns);

    /// A UDP port of the guest that is forwarded in: its answers may leave.
    void allow_udp_source(std::uint16_t port) { udp_sources_.insert(port); }
    bool permits(ByteView frame) const;

  private:
    struct Rule {
        std::uint32_t network = 0;
        std::uint32_t mask = 0;
        std::uint8_t protocol = 0; ///< 0: any
        std::uint16_t port = 0;    ///< 0: any
    };
    bool permits_ipv4(ByteView packet) const;
    bool listed(std::uint32_t destination, std::uint8_t protocol, std::uint16_t port) const;
    static Rule parse_rule(std::string_view item);

    std::vector<Rule> rules_;
    std::set<std::uint16_t> udp_sources_;
    std::uint32_t own_network_;
    bool dns_;
    bool any_ = false;
};

} // namespace ntferry::vmm::net
