// EngineProcess: the child that runs a machine under trial.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

namespace ntferry::verify {

/// Started without a shell, in a process group of its own; killed with this object, and when this program
/// dies.
class EngineProcess {
  public:
    /// @param log gets its output. @throws Error when it cannot be started
    EngineProcess(const std::vector<std::string>& arguments, const std::string& log);
    ~EngineProcess();
    EngineProcess(const EngineProcess&) = delete;
    EngineProcess& operator=(const EngineProcess&) = delete;

    /// What it and its descendants have had of the processors, their threads that have ended left out.
    struct ProcessorTime {
        std::chrono::nanoseconds had{};
        std::chrono::nanoseconds waited{}; ///< ready to run, but others ran
    };
    ProcessorTime processor_time() const;
    bool running();
    /// Of an ended process: exit code, 128 + signal when killed.
    int exit_code() const { return exit_code_; }
    /// Last line of the log, for messages.
    std::string last_words() const;

  private:
    bool reap(bool wait);
    std::string log_;
    pid_t pid_ = -1;
    int exit_code_ = -1;
};

} // namespace ntferry::verify
