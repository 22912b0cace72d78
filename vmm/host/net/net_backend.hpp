// The networks a machine can be connected to.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/backends.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace ntferry::vmm::net {

/// What a network needs from its machine.
struct NetHost {
    std::mutex& machine_lock; ///< held by every caller of the back end, taken for every delivery
    std::function<void(const std::string&)>
        fault; ///< the network broke; called without the lock, once per break
    std::function<void(const std::string&)> cured{}; ///< it is there again; as fault
};

/// Makes a network by name.
///
/// - "isolated": nothing in, nothing out.
/// - "nat": libslirp. "forward" = "tcp:[ADDRESS:]PORT:GUESTPORT" separated by commas; "allow" = outgoing
/// destinations (see
///   EgressFilter), empty: none; "dns" = "yes" to answer name queries.
/// - "bridge": "tap" = name of an existing tap device the user may open.
/// - "switch": "path" = folder of sockets shared by the machines of one group; "port" = name of this port,
/// unique in the folder.
///
/// Every kind takes "pcap" = file that gets every frame.
/// @throws Error for unknown names, bad options and networks that cannot be reached
std::unique_ptr<NetBackend> make_net_backend(const std::string& kind,
                                             const std::map<std::string, std::string>& options,
                                             const NetHost& host);

/// Nothing in, nothing out; the cable is plugged in, because some drivers will not start without a link.
class IsolatedNet final : public NetBackend {
  public:
    void attach(NetReceiver*) override {}
    void send_frame(ByteView) override {}
    void receive_ready() override {}
    bool link_up() const override { return true; }
};

} // namespace ntferry::vmm::net
