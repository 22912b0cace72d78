// SwitchNet: a group of machines that reach each other and nobody else.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// There is no switch process: each port is a datagram socket in a folder, and a port sends to the sockets it
// finds there. It learns which port a station is behind from what it receives, as a switch does; unknown
// stations and groups get the frame from every port. Who may join is who may write to the folder.
#pragma once

#include "vmm/devices/net/ethernet.hpp"
#include "vmm/host/net/reader_thread.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ntferry::vmm::net {

class SwitchNet final : public NetBackend {
  public:
    /// @param folder exists
    /// @param port   name in the folder, unique; a socket left by a dead machine is taken over
    /// @throws Error when the folder cannot be used or the port is taken
    SwitchNet(const std::string& folder, const std::string& port, const NetHost& host);
    ~SwitchNet() override;
    void attach(NetReceiver* receiver) override {
        queue_.attach(receiver);
        if (receiver != nullptr)
            reader_->start();
    }
    void send_frame(ByteView frame) override;
    void receive_ready() override;
    bool link_up() const override { return true; }

  private:
    long read_frame(MutableByteView out);
    void refresh_ports();
    void send_to(const std::string& port, ByteView frame);
    bool try_send(const std::string& port, ByteView frame);
    bool send_pending();

    std::string folder_;
    std::string own_;
    int folder_descriptor_ = -1;
    int socket_ = -1;
    std::vector<std::string> ports_; ///< of the others
    std::chrono::steady_clock::time_point refreshed_{};
    std::map<MacAddress, std::string> stations_; ///< learned, bounded
    /// Frames for ports whose socket was full (net.unix.max_dgram_qlen is small), in order, bounded.
    std::deque<std::pair<std::string, Bytes>> pending_;
    FrameQueue queue_;
    std::unique_ptr<ReaderThread> reader_;
};

} // namespace ntferry::vmm::net
