// Recognises what the user gave as a disk.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"

#include "converter/block/busy.hpp"
#include "converter/block/raw.hpp"
#include "converter/block/vhd/vhd.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <string>

namespace ntferry::block {
namespace {

struct Magic {
    std::size_t offset;
    std::string_view bytes;
    std::string_view name;
};

/// Formats that are served by qemu-nbd or nbdkit rather than read here.
constexpr std::array<Magic, 6> foreign{{{0, "QFI\xFB", "QCOW2"},
                                        {0, "KDMV", "VMDK"},
                                        {0, "COWD", "VMDK"},
                                        {0, "# Disk DescriptorFile", "VMDK"},
                                        {0x40, "\x7F\x10\xDA\xBE", "VDI"},
                                        {0, "QED\0", "QED"}}};

void refuse_foreign(const File& file) {
    Bytes start(std::min<std::uint64_t>(file.size(), 512));
    file.read(0, start);
    for (const Magic& magic : foreign)
        if (magic.offset + magic.bytes.size() <= start.size() &&
            std::memcmp(start.data() + magic.offset, magic.bytes.data(), magic.bytes.size()) == 0)
            throw Error(file.name(), fmt::format("is a {} image", magic.name),
                        "serve it with 'qemu-nbd --read-only --socket=/tmp/disk.sock FILE' and give "
                        "nbd+unix:///?socket=/tmp/disk.sock",
                        ErrorKind::unsupported);
}

BlockDevicePtr open_path(const std::string& path, const OpenOptions& options) {
    auto file = std::make_unique<PosixFile>(path, Access::read_only);
    if (file->is_block_device()) {
        if (!options.allow_busy)
            if (const auto why = why_busy(path))
                throw Error(path, *why,
                            "unmount it or boot the machine from a rescue system (nothing was read)");
    } else {
        if (vhd::looks_like_vhd(*file)) {
            file.reset();
            return vhd::open(path, options.access);
        }
        refuse_foreign(*file);
    }
    if (options.access == Access::read_write)
        return std::make_unique<RawDevice>(path, options.access);
    return std::make_unique<RawDevice>(std::move(file), options.access);
}

} // namespace

BlockDevicePtr open_disk(std::string_view spec, const OpenOptions& options) {
    if (spec.empty())
        throw Error("source", "no name given", {}, ErrorKind::usage);
    return open_path(std::string(spec), options);
}

} // namespace ntferry::block
