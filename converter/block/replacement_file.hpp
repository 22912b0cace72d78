// ReplacementFile: a file that takes another's place at once, or leaves it alone.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/file.hpp"

#include <memory>
#include <string>

namespace ntferry::block {

/// Written beside the file that it replaces (PATH.new). A reader sees the old content or the new, also after
/// a power cut.
class ReplacementFile {
  public:
    /// @throws SystemError
    explicit ReplacementFile(std::string path);
    ReplacementFile(const ReplacementFile&) = delete;
    ReplacementFile& operator=(const ReplacementFile&) = delete;
    /// Removes what was written, unless it was committed.
    ~ReplacementFile();

    PosixFile& file() { return *file_; }
    /// Makes it durable and gives it its name. @throws SystemError; then the old file is still there
    void commit();

  private:
    std::string path_;
    std::string beside_;
    std::unique_ptr<PosixFile> file_;
};

} // namespace ntferry::block
