// A file in memory that remembers every write and sync, and can be cut off anywhere.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/file.hpp"

#include <memory>
#include <random>
#include <vector>

namespace ntferry::test {

struct FileStep {
    enum class Kind : std::uint8_t { write, resize, sync } kind = Kind::write;
    std::uint64_t offset = 0; ///< or the new size
    Bytes data;
};

/// Shared between the disk under test and the test.
struct FileLog {
    Bytes start; ///< content before the first step
    std::vector<FileStep> steps;
};

class MemoryFile final : public block::File {
  public:
    explicit MemoryFile(Bytes content, std::shared_ptr<FileLog> log = nullptr);
    const std::string& name() const override { return name_; }
    std::uint64_t size() const override { return content_.size(); }
    void read(std::uint64_t offset, MutableByteView out) const override;
    void write(std::uint64_t offset, ByteView data) override;
    void resize(std::uint64_t size) override;
    void sync() override;
    bool punch(std::uint64_t, std::uint64_t) override { return false; }
    const Bytes& content() const { return content_; }

  private:
    std::string name_ = "memory.vhd";
    Bytes content_;
    std::shared_ptr<FileLog> log_;
};

void apply_step(Bytes& content, const FileStep& step);

/// What a power cut after the first `count` steps may leave: everything before the last sync, and of what
/// came after it any choice of sectors, each old or new.
Bytes after_power_cut(const FileLog& log, std::size_t count, std::mt19937& random);

} // namespace ntferry::test
