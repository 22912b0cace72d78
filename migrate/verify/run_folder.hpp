// RunFolder: a short private folder for sockets and scratch files, gone with the object.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace ntferry::verify {

class RunFolder {
  public:
    /// @throws SystemError
    RunFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "ntferry-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw SystemError(pattern, "create", errno);
        path_ = pattern;
    }
    ~RunFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

} // namespace ntferry::verify
