// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/cached_reads.hpp"

#include <sys/uio.h>

namespace ntferry::block {

bool read_cached(const File& file, std::uint64_t offset, MutableByteView out) {
    const auto* posix = dynamic_cast<const PosixFile*>(&file);
    if (posix == nullptr)
        return false;
    const iovec part{out.data(), out.size()};
    return ::preadv2(posix->descriptor(), &part, 1, static_cast<off_t>(offset), RWF_NOWAIT) ==
           static_cast<ssize_t>(out.size());
}

} // namespace ntferry::block
