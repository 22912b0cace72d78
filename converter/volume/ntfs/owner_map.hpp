// Which file a cluster belongs to: the MFT turned round.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/bpb.hpp"
#include "converter/volume/ntfs/mount.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::volume::ntfs {

/// Built by one pass over $MFT. Memory is bounded: a volume with more runs than the map holds is scanned
/// again for each question about the part that is not in the map.
class OwnerMap {
  public:
    /// @param max_runs 16 bytes each
    explicit OwnerMap(Mount& mount, const Bpb& bpb, std::size_t max_runs = 2'000'000);

    /// The record of the file that owns a cluster, base record for what lies in extension records.
    std::optional<std::uint64_t> owner(std::uint64_t cluster);

  private:
    struct Entry {
        std::uint32_t lcn;
        std::uint32_t length;
        std::uint64_t record;
    };
    template <typename Visit>
    void scan(Visit&& visit);

    Mount& mount_;
    std::uint64_t clusters_;
    std::vector<Entry> entries_; ///< ascending lcn
    bool complete_ = true;
};

} // namespace ntferry::volume::ntfs
