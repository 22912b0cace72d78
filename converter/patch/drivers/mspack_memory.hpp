// libmspack on memory: one input, one output, nothing on disk.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <mspack.h>

#include <cstdint>

namespace ntferry::patch {

/// An mspack_system whose only readable file is a view and whose only writable file is a buffer with a limit.
/// The file names that libmspack passes are ignored.
class MspackMemory {
  public:
    MspackMemory(ByteView input, std::uint64_t limit);
    MspackMemory(const MspackMemory&) = delete;
    MspackMemory& operator=(const MspackMemory&) = delete;

    mspack_system* system() noexcept { return &hooks_.base; }
    Bytes take_output() { return std::move(output_); }
    /// True once a write was refused because of the limit.
    bool over_limit() const noexcept { return over_limit_; }

  private:
    struct Hooks {
        mspack_system base; ///< first, so that libmspack's pointer is ours
        MspackMemory* owner;
    };
    struct File; // libmspack's handle

    static mspack_file* open(mspack_system* self, const char* name, int mode);
    static void close(mspack_file* file);
    static int read(mspack_file* file, void* buffer, int bytes);
    static int write(mspack_file* file, void* buffer, int bytes);
    static int seek(mspack_file* file, off_t offset, int mode);
    static off_t tell(mspack_file* file);
    static void message(mspack_file* file, const char* format, ...);
    static void* allocate(mspack_system* self, std::size_t bytes);
    static void release(void* pointer);
    static void copy(void* source, void* target, std::size_t bytes);

    Hooks hooks_{};
    ByteView input_;
    Bytes output_;
    std::uint64_t limit_;
    bool over_limit_ = false;
};

/// libmspack's error numbers in words.
std::string_view mspack_problem(int error) noexcept;

} // namespace ntferry::patch
