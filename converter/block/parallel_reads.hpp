// ParallelReads: what a device says that several readers at once serve better than one.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace ntferry::block {

/// Beside BlockDevice; asked for with dynamic_cast. Disks with heads do not implement it.
class ParallelReads {
  public:
    ParallelReads() = default;
    ParallelReads(const ParallelReads&) = delete;
    ParallelReads& operator=(const ParallelReads&) = delete;
    virtual ~ParallelReads() = default;
    /// Threads that read large pieces at the same time with profit; 1 or more.
    virtual unsigned useful_readers() const = 0;
};

} // namespace ntferry::block
