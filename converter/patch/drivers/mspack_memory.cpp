// libmspack on memory: one input, one output, nothing on disk.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/mspack_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace ntferry::patch {
namespace {

/// A cabinet may claim sizes that it does not have; a single buffer of libmspack never needs more than this.
constexpr std::size_t largest_allocation = std::size_t{64} << 20U;

} // namespace

struct MspackMemory::File {
    MspackMemory* owner;
    std::uint64_t position;
    bool writing;
};

MspackMemory::MspackMemory(ByteView input, std::uint64_t limit) : input_(input), limit_(limit) {
    hooks_.base.open = &MspackMemory::open;
    hooks_.base.close = &MspackMemory::close;
    hooks_.base.read = &MspackMemory::read;
    hooks_.base.write = &MspackMemory::write;
    hooks_.base.seek = &MspackMemory::seek;
    hooks_.base.tell = &MspackMemory::tell;
    hooks_.base.message = &MspackMemory::message;
    hooks_.base.alloc = &MspackMemory::allocate;
    hooks_.base.free = &MspackMemory::release;
    hooks_.base.copy = &MspackMemory::copy;
    hooks_.base.null_ptr = nullptr;
    hooks_.owner = this;
}

mspack_file* MspackMemory::open(mspack_system* self, const char*, int mode) {
    auto* owner = reinterpret_cast<Hooks*>(self)->owner;
    const bool writing = mode != MSPACK_SYS_OPEN_READ;
    if (writing)
        owner->output_.clear();
    return reinterpret_cast<mspack_file*>(new (std::nothrow) File{owner, 0, writing});
}

void MspackMemory::close(mspack_file* file) {
    delete reinterpret_cast<File*>(file);
}

int MspackMemory::read(mspack_file* handle, void* buffer, int bytes) {
    auto* file = reinterpret_cast<File*>(handle);
    if (file->writing || bytes < 0)
        return -1;
    const ByteView input = file->owner->input_;
    const std::uint64_t left = file->position < input.size() ? input.size() - file->position : 0;
    const auto length = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(bytes));
    if (length != 0)
        std::memcpy(buffer, input.data() + file->position, length);
    file->position += length;
    return static_cast<int>(length);
}

int MspackMemory::write(mspack_file* handle, void* buffer, int bytes) {
    auto* file = reinterpret_cast<File*>(handle);
    if (!file->writing || bytes < 0)
        return -1;
    MspackMemory& owner = *file->owner;
    if (owner.output_.size() + static_cast<std::uint64_t>(bytes) > owner.limit_) {
        owner.over_limit_ = true;
        return -1;
    }
    const auto* from = static_cast<const std::uint8_t*>(buffer);
    try {
        owner.output_.insert(owner.output_.end(), from, from + bytes);
    } catch (const std::bad_alloc&) { // must not pass through C code
        owner.over_limit_ = true;
        return -1;
    }
    file->position += static_cast<std::uint64_t>(bytes);
    return bytes;
}

int MspackMemory::seek(mspack_file* handle, off_t offset, int mode) {
    auto* file = reinterpret_cast<File*>(handle);
    const auto size =
        static_cast<off_t>(file->writing ? file->owner->output_.size() : file->owner->input_.size());
    off_t base = 0;
    if (mode == MSPACK_SYS_SEEK_CUR)
        base = static_cast<off_t>(file->position);
    else if (mode == MSPACK_SYS_SEEK_END)
        base = size;
    off_t target = 0;
    if (__builtin_add_overflow(base, offset, &target) || target < 0 || target > size)
        return -1;
    file->position = static_cast<std::uint64_t>(target);
    return 0;
}

off_t MspackMemory::tell(mspack_file* handle) {
    return static_cast<off_t>(reinterpret_cast<File*>(handle)->position);
}

void MspackMemory::message(mspack_file*, const char*, ...) {}

void* MspackMemory::allocate(mspack_system*, std::size_t bytes) {
    // Zeroed: on a header that ends early libmspack 0.11 frees name pointers of a KWAJ file that it has not
    // set.
    return bytes > largest_allocation ? nullptr : std::calloc(1, bytes);
}

void MspackMemory::release(void* pointer) {
    std::free(pointer);
}

void MspackMemory::copy(void* source, void* target, std::size_t bytes) {
    std::memcpy(target, source, bytes);
}

std::string_view mspack_problem(int error) noexcept {
    switch (error) {
    case MSPACK_ERR_OK:
        return "no error";
    case MSPACK_ERR_READ:
    case MSPACK_ERR_SEEK:
        return "it ends too early";
    case MSPACK_ERR_WRITE:
        return "its content could not be stored";
    case MSPACK_ERR_NOMEMORY:
        return "it asks for more memory than such a file needs";
    case MSPACK_ERR_SIGNATURE:
        return "its signature is wrong";
    case MSPACK_ERR_DATAFORMAT:
        return "its headers are damaged";
    case MSPACK_ERR_CHECKSUM:
        return "a checksum is wrong";
    case MSPACK_ERR_DECRUNCH:
        return "its compressed data are damaged";
    default:
        return "it cannot be unpacked";
    }
}

} // namespace ntferry::patch
