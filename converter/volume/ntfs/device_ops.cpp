// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/device_ops.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <fcntl.h>

namespace ntferry::volume::ntfs {
namespace {

DeviceState& state_of(ntfs_device* dev) {
    return *static_cast<DeviceState*>(dev->d_private);
}

/// Bytes of [offset, offset + count) inside the device; -1 with errno for senseless arguments.
s64 clip(const DeviceState& state, s64 count, s64 offset) {
    if (count < 0 || offset < 0) {
        errno = EINVAL;
        return -1;
    }
    const auto size = static_cast<s64>(state.device->size());
    return offset >= size ? 0 : std::min(count, size - offset);
}

bool spend(DeviceState& state) {
    if (state.budget == 0) {
        state.error = "the volume's structures lead in a circle";
        errno = EIO;
        return false;
    }
    --state.budget;
    return true;
}

/// Exceptions must not cross the library's C frames: they become errno, the text is kept.
template <typename Request>
s64 guarded(DeviceState& state, s64 count, Request&& request) {
    try {
        request();
        return count;
    } catch (const std::exception& error) {
        state.error = error.what();
        errno = EIO;
        return -1;
    }
}

s64 op_pread(ntfs_device* dev, void* buffer, s64 count, s64 offset) {
    DeviceState& state = state_of(dev);
    const s64 length = clip(state, count, offset);
    if (length <= 0)
        return length;
    if (!spend(state))
        return -1;
    return guarded(state, length, [&] {
        const MutableByteView out{static_cast<std::uint8_t*>(buffer), static_cast<std::size_t>(length)};
        if (state.read_only)
            state.cache.read(*state.device, static_cast<std::uint64_t>(offset), out);
        else
            state.device->read(static_cast<std::uint64_t>(offset), out);
    });
}

s64 op_pwrite(ntfs_device* dev, const void* buffer, s64 count, s64 offset) {
    DeviceState& state = state_of(dev);
    if (state.read_only) {
        errno = EROFS;
        return -1;
    }
    const s64 length = clip(state, count, offset);
    if (length <= 0)
        return length;
    if (!spend(state))
        return -1;
    NDevSetDirty(dev);
    return guarded(state, length, [&] {
        state.device->write(static_cast<std::uint64_t>(offset),
                            {static_cast<const std::uint8_t*>(buffer), static_cast<std::size_t>(length)});
    });
}

int op_open(ntfs_device* dev, int flags) {
    if ((flags & O_ACCMODE) == O_RDONLY)
        NDevSetReadOnly(dev);
    NDevSetOpen(dev);
    return 0;
}

int op_close(ntfs_device* dev) {
    NDevClearOpen(dev);
    return 0;
}

s64 op_seek(ntfs_device* dev, s64 offset, int whence) {
    DeviceState& state = state_of(dev);
    s64 base = 0;
    if (whence == SEEK_CUR)
        base = state.position;
    else if (whence == SEEK_END)
        base = static_cast<s64>(state.device->size());
    s64 target = 0;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) {
        errno = EINVAL;
        return -1;
    }
    state.position = target;
    return target;
}

s64 op_read(ntfs_device* dev, void* buffer, s64 count) {
    DeviceState& state = state_of(dev);
    const s64 done = op_pread(dev, buffer, count, state.position);
    if (done > 0)
        state.position += done;
    return done;
}

s64 op_write(ntfs_device* dev, const void* buffer, s64 count) {
    DeviceState& state = state_of(dev);
    const s64 done = op_pwrite(dev, buffer, count, state.position);
    if (done > 0)
        state.position += done;
    return done;
}

int op_sync(ntfs_device* dev) {
    NDevClearDirty(dev);
    return 0; // flushing the BlockDevice is its owner's decision
}

int op_stat(ntfs_device* dev, struct stat* buffer) {
    *buffer = {};
    buffer->st_mode = S_IFREG | S_IRUSR | S_IWUSR;
    buffer->st_size = static_cast<off_t>(state_of(dev).device->size());
    return 0;
}

int op_ioctl(ntfs_device*, unsigned long, void*) {
    errno = EOPNOTSUPP;
    return -1;
}

} // namespace

const ReadCache::Slot* ReadCache::fetch(block::BlockDevice& device, std::uint64_t begin) {
    Slot& slot = slots_[begin / piece % pieces];
    if (!slot.bytes.empty() && slot.begin == begin)
        return &slot;
    slot.begin = begin;
    slot.bytes.resize(std::min<std::uint64_t>(piece, device.size() - begin));
    try {
        device.read(begin, slot.bytes);
        return &slot;
    } catch (const block::ReadError&) {
        slot.bytes.clear();
        return nullptr;
    } catch (...) {
        slot.bytes.clear();
        throw;
    }
}

void ReadCache::read(block::BlockDevice& device, std::uint64_t offset, MutableByteView out) {
    if (out.size() >= piece)
        return device.read(offset, out);
    while (!out.empty()) {
        const std::uint64_t begin = offset / piece * piece;
        const std::size_t length = std::min<std::uint64_t>(out.size(), begin + piece - offset);
        if (const Slot* slot = fetch(device, begin))
            std::copy_n(slot->bytes.begin() + static_cast<std::ptrdiff_t>(offset - begin), length,
                        out.begin());
        else
            device.read(offset, out.first(length));
        offset += length;
        out = out.subspan(length);
    }
}

ntfs_device* make_device(DeviceState& state) {
    // The library never writes to the table; it only lacks the const.
    static ntfs_device_operations operations{op_open,  op_close,  op_seek, op_read, op_write,
                                             op_pread, op_pwrite, op_sync, op_stat, op_ioctl};
    return ntfs_device_alloc(state.device->name().c_str(), 0, &operations, &state);
}

} // namespace ntferry::volume::ntfs
