// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/net/pcap.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

namespace ntferry::vmm::net {

PcapNet::PcapNet(std::unique_ptr<NetBackend> inner, const std::string& path,
                 std::function<void(const std::string&)> fault)
    : file_(std::fopen(path.c_str(), "wbe")), path_(path), fault_(std::move(fault)),
      inner_(std::move(inner)) {
    if (!file_)
        throw SystemError(path, "cannot make the packet capture", errno);
    std::array<std::uint8_t, 24> header{};
    store_le<std::uint32_t>(header, 0, 0xA1B23C4D); // nanoseconds
    store_le<std::uint16_t>(header, 4, 2);
    store_le<std::uint16_t>(header, 6, 4);
    store_le<std::uint32_t>(header, 16, 65535);
    store_le<std::uint32_t>(header, 20, 1);
    std::fwrite(header.data(), header.size(), 1, file_.get());
}

PcapNet::~PcapNet() {
    inner_->attach(nullptr);
}

void PcapNet::attach(NetReceiver* receiver) {
    receiver_ = receiver;
    inner_->attach(receiver != nullptr ? this : nullptr);
}

void PcapNet::send_frame(ByteView frame) {
    record(frame);
    inner_->send_frame(frame);
}

bool PcapNet::receive_frame(ByteView frame) {
    if (receiver_ == nullptr)
        return true;
    if (!receiver_->receive_frame(frame))
        return false; // it will come again
    record(frame);
    return true;
}

void PcapNet::record(ByteView frame) {
    if (!file_)
        return;
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    std::array<std::uint8_t, 16> header{};
    store_le<std::uint32_t>(header, 0, static_cast<std::uint32_t>(now.tv_sec));
    store_le<std::uint32_t>(header, 4, static_cast<std::uint32_t>(now.tv_nsec));
    store_le<std::uint32_t>(header, 8, static_cast<std::uint32_t>(frame.size()));
    store_le<std::uint32_t>(header, 12, static_cast<std::uint32_t>(frame.size()));
    if (std::fwrite(header.data(), header.size(), 1, file_.get()) == 1 &&
        std::fwrite(frame.data(), frame.size(), 1, file_.get()) == 1)
        return;
    const int error = errno;
    file_.reset();
    if (fault_)
        fault_(fmt::format("{}: packet capture ended: {}", path_, std::generic_category().message(error)));
}

} // namespace ntferry::vmm::net
