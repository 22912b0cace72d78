// Wire: lines and bytes to and from the other end of a bundle's move.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ntferry::launch {

/// Two byte streams. Reads and writes fail with an Error that says that the other side has ended.
class Wire {
  public:
    /// @param name for messages. The descriptors stay the caller's.
    Wire(int in, int out, std::string name) : in_(in), out_(out), name_(std::move(name)) {}

    void write_line(const std::string& line); ///< without line end
    void write_bytes(ByteView bytes);
    void flush();
    /// Up to 8 KiB, without line end. @throws Error
    std::string read_line();
    void read_bytes(MutableByteView bytes);
    const std::string& name() const { return name_; }

  private:
    void fill();
    int in_;
    int out_;
    std::string name_;
    Bytes received_;
    std::size_t taken_ = 0;
    Bytes waiting_;
};

/// A program with a wire to its standard input and output; its standard error goes to this one's.
class WireProcess {
  public:
    /// @throws Error when it cannot be started
    explicit WireProcess(const std::vector<std::string>& command, const std::string& name);
    ~WireProcess();
    WireProcess(const WireProcess&) = delete;
    WireProcess& operator=(const WireProcess&) = delete;
    Wire& wire();
    /// Closes the wire and waits. Exit code, 128 + signal when killed.
    int finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace ntferry::launch
