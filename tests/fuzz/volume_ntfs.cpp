// An NTFS volume: opened read-only, walked and read. Seeds: volumes of a few MiB made by mkntfs -Q.
// LINK: ntferry_volume
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/open_filesystem.hpp"
#include "tests/fuzz/volume_device.hpp"
#include "tests/support/leaks.hpp"

using namespace ntferry;

/// libntfs-3g 2022.10.3 loses some of what it allocated where a volume is refused halfway through its mount.
NTFERRY_KNOWN_LEAKS("leak:libntfs-3g.so");

namespace {

template <typename Operation>
void attempt(Operation&& operation) {
    try {
        operation();
    } catch (const Error&) {
    }
}

void walk(volume::FileSystem& fs, const std::string& path, unsigned depth) {
    unsigned left = 32;
    for (const volume::FileInfo& file : fs.list(path)) {
        if (left-- == 0)
            return;
        const std::string name = path + "\\" + file.name;
        attempt([&] { fs.lookup(name); });
        if (file.is_directory()) {
            if (depth < 3)
                attempt([&] { walk(fs, name, depth + 1); });
            continue;
        }
        attempt([&] { fs.read_file(name, 1U << 20U); });
        attempt([&] { fs.file_extents(name); });
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    attempt([&] {
        const auto device =
            std::make_shared<fuzz::FuzzDevice>(Bytes(data, data + size), std::uint64_t{4} << 20U);
        if (volume::recognise_filesystem(*device) != volume::FileSystemKind::ntfs)
            return;
        const volume::FileSystemPtr fs = volume::open_filesystem(device);
        attempt([&] { fs->info(); });
        attempt([&] { walk(*fs, "", 0); });
        attempt([&] { fs->used_ranges([](std::uint64_t, std::uint64_t) {}); });
        attempt([&] { fs->owner_of(0); });
    });
    return 0;
}
