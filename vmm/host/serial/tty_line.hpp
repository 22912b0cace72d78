// TtyLine: a serial port of the host.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/serial/descriptor_line.hpp"

#include <string>

namespace ntferry::vmm {

/// Speed, frame, break and modem lines follow the guest; CTS, DSR, RI and DCD are those of the port.
class TtyLine final : public DescriptorLine {
  public:
    /// @throws Error when the device cannot be opened or is no tty
    static std::unique_ptr<TtyLine> open(const std::string& path, std::shared_ptr<std::mutex> machine_lock);
    TtyLine(int fd, std::shared_ptr<std::mutex> machine_lock);

    void set_line(std::uint32_t baud, std::uint8_t data_bits, char parity, std::uint8_t stop_bits) override;
    void set_break(bool on) override;
    void set_modem_lines(std::uint8_t lines) override;
    std::uint8_t modem_lines() const override;
};

} // namespace ntferry::vmm
