// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/replacement_file.hpp"

#include <cerrno>
#include <cstdio>

#include <unistd.h>

namespace ntferry::block {

ReplacementFile::ReplacementFile(std::string path)
    : path_(std::move(path)), beside_(path_ + ".new"),
      file_(std::make_unique<PosixFile>(beside_, Access::read_write, CreateMode::replace)) {}

ReplacementFile::~ReplacementFile() {
    if (file_)
        ::unlink(beside_.c_str());
}

void ReplacementFile::commit() {
    file_->sync();
    if (std::rename(beside_.c_str(), path_.c_str()) != 0)
        throw SystemError(path_, "cannot replace", errno);
    file_.reset();
    sync_directory_of(path_);
}

} // namespace ntferry::block
