// TapNet: a tap device of the host, usually a port of a bridge.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/net/reader_thread.hpp"

#include <memory>
#include <string>

namespace ntferry::vmm::net {

/// Linux Documentation/networking/tuntap.rst. A device that vanishes takes the link with it; one of the same
/// name that comes later is used again.
class TapNet final : public NetBackend {
  public:
    /// @throws Error when there is no such device or it is not ours to open
    TapNet(const std::string& device, const NetHost& host);
    ~TapNet() override;
    void attach(NetReceiver* receiver) override {
        queue_.attach(receiver);
        if (receiver != nullptr)
            reader_->start();
    }
    void send_frame(ByteView frame) override;
    void receive_ready() override;
    bool link_up() const override { return !reader_->broken(); }

  private:
    bool take_device() const;

    std::string device_;
    int descriptor_ = -1;
    int host_network_ = -1; ///< a socket of the host's network namespace: there the device is looked for
    FrameQueue queue_;
    std::unique_ptr<ReaderThread> reader_;
};

} // namespace ntferry::vmm::net
