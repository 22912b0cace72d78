// A child process with pipes to its standard input and output.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

namespace ntferry::block {

/// Started with exec, without a shell; ended with the object (end of input, then SIGTERM).
class ChildProcess {
  public:
    /// @throws Error when it cannot be started
    explicit ChildProcess(const std::vector<std::string>& arguments);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// @throws Error when the process does not read any more
    void write(std::string_view text);
    /// Some bytes, at least one; 0 when the process closed its output.
    std::size_t read_some(MutableByteView out);

  private:
    std::string name_;
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
};

} // namespace ntferry::block
