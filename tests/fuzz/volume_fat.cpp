// A FAT volume: walked, read, then written to.
// LINK: ntferry_volume
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/open_filesystem.hpp"
#include "tests/fuzz/volume_device.hpp"

using namespace ntferry;

namespace {

template <typename Operation>
void attempt(Operation&& operation) {
    try {
        operation();
    } catch (const Error&) {
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    attempt([&] {
        const auto device =
            std::make_shared<fuzz::FuzzDevice>(Bytes(data, data + size), std::uint64_t{8} << 20U);
        if (volume::recognise_filesystem(*device) == volume::FileSystemKind::ntfs)
            return;
        volume::FileSystemOptions options;
        options.writable = true;
        options.allow_dirty = true;
        const volume::FileSystemPtr fs = volume::open_filesystem(device, options);
        attempt([&] { fs->info(); });
        attempt([&] {
            for (const volume::FileInfo& file : fs->list("\\")) {
                attempt([&] { fs->read_file("\\" + file.name, 1U << 20U); });
                attempt([&] { fs->list("\\" + file.name); });
                attempt([&] { fs->file_extents("\\" + file.name); });
            }
        });
        attempt([&] { fs->used_ranges([](std::uint64_t, std::uint64_t) {}); });
        attempt([&] { fs->owner_of(1U << 20U); });
        attempt([&] { fs->make_directory("\\New directory"); });
        attempt([&] { fs->write_file("\\New directory\\long file name", Bytes(5000, 1)); });
        attempt([&] { fs->rename("\\New directory\\long file name", "\\moved"); });
        attempt([&] { fs->remove("\\moved"); });
    });
    return 0;
}
