// One job of a batch: the command that converts a server, and the files it leaves.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/batch/fleet.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::batch {

/// Where a batch keeps its things: the bundles in `output`, everything else in output/.batch.
struct Layout {
    std::string output;
    std::string bundle(const std::string& name) const { return output + "/" + name; }
    std::string folder() const { return output + "/.batch"; }
    std::string journal() const { return folder() + "/journal.sqlite"; }
    std::string lock() const { return folder() + "/lock"; }
    std::string fleet() const { return folder() + "/fleet.xml"; }
    std::string log(const std::string& name) const { return folder() + "/" + name + ".log"; }
    std::string result(const std::string& name) const { return folder() + "/" + name + ".json"; }
    std::string job_lock(const std::string& name) const { return folder() + "/" + name + ".lock"; }
    std::string end_file(const std::string& name) const { return folder() + "/" + name + ".end"; }
    std::string summary(const char* extension) const { return output + "/summary." + extension; }
};

/// `PROGRAM convert SOURCE -o BUNDLE --json --yes [--disk SOURCE]... [--resume] [options]`; --resume when the
/// bundle was begun.
std::vector<std::string> job_command(const Server& server, const Layout& layout,
                                     const std::vector<std::string>& program);

/// An exclusive flock(2) on a file, kept by everybody who inherits the descriptor: it ends with the last one.
class FileLock {
  public:
    /// Empty when somebody else holds it. @throws Error when the file cannot be made
    static std::optional<FileLock> take(const std::string& path);
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();
    int fd() const { return fd_; }

  private:
    explicit FileLock(int fd) : fd_(fd) {}
    int fd_;
};

/// Why a job failed, in one line: the last line of its log that reads like an error.
std::string failure_of(const std::string& log_path, int exit_code);

/// How far a running job is by its log: "capture 42%"; empty when it does not say.
std::string progress_of(const std::string& log_path);

/// Whether trying again can help: not for a wrong command line, a decision to be made or what is unsupported.
bool worth_retrying(int exit_code);

/// Replaces a file at once.
void write_file(const std::string& path, const std::string& text);

} // namespace ntferry::batch
