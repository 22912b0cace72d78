// HiveHandle: a Hivex handle over an image in anonymous memory. Only this room includes <hivex.h>.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/base_block.hpp"

#include <hivex.h>

#include <string>

namespace ntferry::registry::detail {

/// A file in memory that Hivex, which opens paths, reaches through /proc/self/fd.
class MemoryFile {
  public:
    explicit MemoryFile(ByteView content);
    ~MemoryFile();
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::string path() const;
    Bytes read_all() const;

  private:
    int fd_;
};

/// Whether errno of Hivex means damaged cells. Not found leaves other values: iconv's E2BIG, for one.
bool is_damage(int error) noexcept;

struct HiveHandle {
    HiveHandle(ByteView image, std::string hive_name, bool writable);
    ~HiveHandle();
    HiveHandle(const HiveHandle&) = delete;
    HiveHandle& operator=(const HiveHandle&) = delete;

    /// Error of the last Hivex call, from errno. key names the key, where that is known.
    [[noreturn]] void fail(std::string_view what, std::string_view key = {}) const;

    std::string name;
    BaseBlock base;
    std::size_t size;
    MemoryFile file;
    hive_h* hivex = nullptr;
    std::size_t root = 0;
};

} // namespace ntferry::registry::detail
