// NatNet: the guest behind an address translation in this process (libslirp), with an allow-list for what it
// may reach. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/net/egress_filter.hpp"
#include "vmm/host/net/frame_queue.hpp"
#include "vmm/host/net/net_backend.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>

struct Slirp;

namespace ntferry::vmm::net {

/// The guest's network is 10.0.2.0/24: gateway .2, name server .3, first lease .15. The host's own loopback
/// cannot be reached from it. libslirp is not thread-safe: every call into it is under the machine lock.
class NatNet final : public NetBackend {
  public:
    /// options: "forward", "allow", "dns"; see make_net_backend(). @throws Error
    NatNet(const std::map<std::string, std::string>& options, const NetHost& host);
    ~NatNet() override;
    void attach(NetReceiver* receiver) override;
    void send_frame(ByteView frame) override;
    void receive_ready() override { queue_.drain(); }
    bool link_up() const override { return true; }
    /// Frames the allow-list refused so far.
    std::uint64_t refused() const { return refused_; }

  private:
    struct Callbacks; ///< the C functions libslirp calls
    struct SlirpTimer;
    void add_forward(const std::string& item);
    void run();
    void wake();
    /// What libslirp wants to wait for now.
    struct Watch {
        std::vector<pollfd> events; ///< wake_event_ first
        std::int64_t until_ms = 0;  ///< on the monotonic clock
        bool covers(const Watch& other) const;
    };
    void fill(Watch& watch);
    int poll_timeout(std::uint32_t slirp_timeout) const;
    void expire_timers();

    NetHost host_;
    EgressFilter filter_;
    FrameQueue queue_;
    std::uint64_t refused_ = 0;
    std::vector<std::unique_ptr<SlirpTimer>> timers_;
    std::unique_ptr<Slirp, void (*)(Slirp*)> slirp_;
    int wake_event_;
    Watch watch_;            ///< what the thread waits for
    Watch wanted_;           ///< what send_frame() finds is wanted, kept for its memory
    bool out_dated_ = false; ///< watch_ is no longer what is wanted
    std::atomic<bool> leaving_{false};
    std::thread thread_;
};

} // namespace ntferry::vmm::net
