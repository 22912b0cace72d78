// PcapNet: records every frame of another network in a file that tcpdump and Wireshark read.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// libpcap file format (pcap-savefile(5)), nanosecond magic, link type Ethernet.
#pragma once

#include "vmm/bus/backends.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

namespace ntferry::vmm::net {

class PcapNet final : public NetBackend, private NetReceiver {
  public:
    /// @param fault called once when the file can no longer be written; the network goes on without it
    /// @throws Error when the file cannot be made
    PcapNet(std::unique_ptr<NetBackend> inner, const std::string& path,
            std::function<void(const std::string&)> fault);
    ~PcapNet() override;

    void attach(NetReceiver* receiver) override;
    void send_frame(ByteView frame) override;
    void receive_ready() override { inner_->receive_ready(); }
    bool link_up() const override { return inner_->link_up(); }

  private:
    struct CloseFile {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    bool receive_frame(ByteView frame) override;
    void record(ByteView frame);
    std::unique_ptr<std::FILE, CloseFile> file_;
    std::string path_;
    std::function<void(const std::string&)> fault_;
    NetReceiver* receiver_ = nullptr;
    std::unique_ptr<NetBackend> inner_; ///< last: it may still deliver while it is taken down
};

} // namespace ntferry::vmm::net
