// Journal: how far a conversion has come, so that an interrupted one goes on and none looks finished that is
// not.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/batch/job.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ntferry::bundle {

/// state/convert.json of a bundle. Every step is durable when mark() returns; nobody else has the folder as
/// long as it lives.
class Journal {
  public:
    /// For a new bundle, or one whose begin was cut off. @throws Error when the folder holds something else,
    /// or another conversion is at work there
    static Journal begin(const std::string& bundle, const std::vector<std::string>& sources,
                         const std::string& profile);
    /// Of an interrupted conversion. @throws Error (usage) when there is none, or for other sources or
    /// profile
    static Journal resume(const std::string& bundle, const std::vector<std::string>& sources,
                          const std::string& profile);

    bool done(std::string_view step) const;
    void mark(std::string_view step);

  private:
    explicit Journal(batch::FileLock lock) : lock_(std::move(lock)) {}
    void save() const;
    batch::FileLock lock_;
    std::string path_;
    std::vector<std::string> sources_;
    std::string profile_;
    std::vector<std::string> done_;
};

} // namespace ntferry::bundle
