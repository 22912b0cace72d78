// Ranges of a disk that a capture leaves out, kept small whatever the disk looks like.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ntferry::capture {

/// Why a range is left out.
enum class SkipKind : std::uint8_t {
    free_space, ///< no file has it; only leftovers of deleted files
    page_file,  ///< contents of pagefile.sys, which NT never reads again after a boot
};

struct Skip {
    std::uint64_t offset = 0; ///< bytes from the start of the disk
    std::uint64_t length = 0;
    SkipKind kind = SkipKind::free_space;
    std::uint64_t end() const { return offset + length; }
    bool operator==(const Skip&) const = default;
};

/// Ascending, disjoint ranges. When there are more than it may hold, the shortest ones are given up, which is
/// always safe: what is not skipped is copied.
class SkipList {
  public:
    static constexpr std::size_t most_ranges = 1U << 18U; ///< 6 MiB

    explicit SkipList(std::size_t most = most_ranges) : most_(most) {}
    /// offset is not below the end of the last range
    void add(std::uint64_t offset, std::uint64_t length, SkipKind kind);
    const std::vector<Skip>& ranges() const { return ranges_; }
    std::uint64_t bytes(SkipKind kind) const;
    /// Index of the first range that ends behind offset.
    std::size_t first_after(std::uint64_t offset) const;

  private:
    void thin_out();
    std::size_t most_;
    std::uint64_t shortest_ = 0;
    std::vector<Skip> ranges_;
};

} // namespace ntferry::capture
