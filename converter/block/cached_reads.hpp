// CachedReads: reads of what lies in the host's memory already, for callers that must not wait.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/file.hpp"

namespace ntferry::block {

/// A device that knows whether a read would have to wait for a disk.
class CachedReads {
  public:
    CachedReads() = default;
    CachedReads(const CachedReads&) = delete;
    CachedReads& operator=(const CachedReads&) = delete;
    virtual ~CachedReads() = default;

    /// As BlockDevice::read() when no part of it has to wait. False: nothing else happened than that out may
    /// hold anything; read() will tell. From any thread. @throws Error for a range outside the disk
    virtual bool read_cached(std::uint64_t offset, MutableByteView out) = 0;
};

/// The same for a file: preadv2(2) with RWF_NOWAIT, where the file system knows it.
bool read_cached(const File& file, std::uint64_t offset, MutableByteView out);

} // namespace ntferry::block
