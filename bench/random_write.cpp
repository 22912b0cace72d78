// random-write: writes of 4 KiB all over a dynamic VHD, in the order of `qemu-img bench -S STEP`; driven by
// bench/vhd-write. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/vhd.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>

namespace {

std::uint64_t number(const char* text) {
    std::uint64_t value = 0;
    const char* end = text + std::strlen(text);
    if (std::from_chars(text, end, value).ptr != end)
        throw ntferry::Error(text, "is not a number");
    return value;
}

} // namespace

/// FILE.vhd COUNT STEP FLUSH: COUNT writes, each STEP bytes behind the last and wrapped at the disk's end; a
/// flush after every FLUSH of them (0: only at the end).
int main(int argc, char** argv) {
    if (argc != 5) {
        std::fputs("usage: random-write FILE.vhd COUNT STEP FLUSH\n", stderr);
        return 2;
    }
    try {
        constexpr std::size_t length = 4096;
        const ntferry::block::vhd::ImagePtr disk =
            ntferry::block::vhd::open(argv[1], ntferry::block::Access::read_write);
        const std::uint64_t count = number(argv[2]);
        const std::uint64_t step = number(argv[3]);
        const std::uint64_t flush_every = number(argv[4]);
        const ntferry::Bytes data(length, 0xA5);
        std::uint64_t offset = 0;
        for (std::uint64_t done = 1; done <= count; ++done) {
            disk->write(offset, data);
            offset += step;
            if (offset + length > disk->size())
                offset %= disk->size() / length * length;
            if (offset + length > disk->size())
                offset = 0;
            if (flush_every != 0 && done % flush_every == 0)
                disk->flush();
        }
        disk->flush();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "random-write: %s\n", error.what());
        return 1;
    }
    return 0;
}
