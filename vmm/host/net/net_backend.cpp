// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/net/net_backend.hpp"

#include "vmm/host/net/nat_net.hpp"
#include "vmm/host/net/pcap.hpp"
#include "vmm/host/net/switch_net.hpp"
#include "vmm/host/net/tap_net.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace ntferry::vmm::net {
namespace {

using Options = std::map<std::string, std::string>;

void check_options(const std::string& kind, const Options& options,
                   std::initializer_list<std::string_view> allowed) {
    for (const auto& [name, value] : options)
        if (name != "pcap" && std::find(allowed.begin(), allowed.end(), name) == allowed.end())
            throw Error(
                "network " + kind, fmt::format("there is no option '{}'", name),
                fmt::format("it takes {}{}pcap", fmt::join(allowed, ", "), allowed.size() == 0 ? "" : ", "),
                ErrorKind::usage);
}

std::string option(const Options& options, const char* name) {
    const auto at = options.find(name);
    return at == options.end() ? std::string() : at->second;
}

std::unique_ptr<NetBackend> make_plain(const std::string& kind, const Options& options, const NetHost& host) {
    if (kind == "isolated") {
        check_options(kind, options, {});
        return std::make_unique<IsolatedNet>();
    }
    if (kind == "nat") {
        check_options(kind, options, {"forward", "allow", "dns"});
        return std::make_unique<NatNet>(options, host);
    }
    if (kind == "bridge") {
        check_options(kind, options, {"tap"});
        return std::make_unique<TapNet>(option(options, "tap"), host);
    }
    if (kind == "switch") {
        check_options(kind, options, {"path", "port"});
        return std::make_unique<SwitchNet>(option(options, "path"), option(options, "port"), host);
    }
    throw Error("network", fmt::format("there is no kind '{}'", kind), "use isolated, nat, bridge or switch",
                ErrorKind::usage);
}

} // namespace

std::unique_ptr<NetBackend> make_net_backend(const std::string& kind, const Options& options,
                                             const NetHost& host) {
    std::unique_ptr<NetBackend> network = make_plain(kind, options, host);
    if (const std::string file = option(options, "pcap"); !file.empty())
        network = std::make_unique<PcapNet>(std::move(network), file, host.fault);
    return network;
}

} // namespace ntferry::vmm::net
