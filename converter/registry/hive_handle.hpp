// HiveHandle: a Hivex handle over an image in anonymous memory. Only this room includes <hivex.h>.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/base_block.hpp"

#include <hivex.h>

#include <string>
#include <unordered_map>

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
    void write_at(std::size_t offset, ByteView bytes) const;

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

    /// Subkey of a key by its name, 0: none, with errno of Hivex. Hivex converts the names of all subkeys for
    /// each question; a handle that only reads remembers them.
    std::size_t child(std::size_t node, std::string_view wanted) const;

    /// Error of the last Hivex call, from errno. key names the key, where that is known.
    [[noreturn]] void fail(std::string_view what, std::string_view key = {}) const;

    std::string name;
    BaseBlock base;
    std::size_t size;
    MemoryFile file;
    hive_h* hivex = nullptr;
    std::size_t root = 0;

  private:
    using Children = std::unordered_map<std::string, std::size_t>; ///< lower-case name -> node
    /// Nothing where Hivex cannot name all of them, or where too many are remembered.
    const Children* children_of(std::size_t node) const;

    bool writable_;
    mutable std::unordered_map<std::size_t, Children> known_;
    mutable std::size_t known_names_ = 0;
};

} // namespace ntferry::registry::detail
