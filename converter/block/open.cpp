// Recognises what the user gave as a disk.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"

#include "converter/block/busy.hpp"
#include "converter/block/nbd.hpp"
#include "converter/block/raw.hpp"
#include "converter/block/rescued.hpp"
#include "converter/block/split.hpp"
#include "converter/block/ssh.hpp"
#include "converter/block/stream.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "converter/block/vhdx.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <string>

namespace ntferry::block {
namespace {

constexpr std::string_view map_option = ",map=";

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

void refuse_busy(const std::string& path, const OpenOptions& options) {
    if (options.allow_busy)
        return;
    if (const auto why = why_busy(path))
        throw Error(path, *why, "unmount it or boot the machine from a rescue system (nothing was read)");
}

/// Zeros where a dying disk was not read are not what it held.
void refuse_half_rescued(const std::string& path) {
    if (const auto map = unfinished_map_beside(path))
        throw Error(path, fmt::format("was not read whole, says the map of GNU ddrescue beside it, {}", *map),
                    fmt::format("name it '{},map={}', so that what is missing is told; or move the map away",
                                path, *map),
                    ErrorKind::decision);
}

/// with_map: the user named the image's map.
BlockDevicePtr open_path(const std::string& path, const OpenOptions& options, bool with_map = false) {
    auto file = std::make_unique<PosixFile>(path, Access::read_only);
    if (!file->is_block_device()) {
        if (vhd::looks_like_vhd(*file)) {
            file.reset();
            return vhd::open(path, options.access);
        }
        if (looks_like_vhdx(*file)) {
            if (options.access == Access::read_write)
                throw Error(path, "is a VHDX image, which can only be read", "convert it to VHD first");
            return open_vhdx(path);
        }
        if (const std::vector<std::string> parts = split_parts(path); !parts.empty()) {
            if (options.access == Access::read_write)
                throw Error(path, "is a split image, which can only be read", "convert it to VHD first");
            return std::make_unique<SplitDevice>(parts);
        }
        refuse_foreign(*file);
        if (!with_map && options.access == Access::read_only)
            refuse_half_rescued(path);
    }
    refuse_busy(path, options);
    if (options.access == Access::read_write)
        return std::make_unique<RawDevice>(path, options.access);
    return std::make_unique<RawDevice>(std::move(file), options.access);
}

} // namespace

BlockDevicePtr open_disk(std::string_view spec, const OpenOptions& options) {
    if (spec.empty())
        throw Error("source", "no name given", {}, ErrorKind::usage);
    const bool writing = options.access == Access::read_write;
    if (spec == "-") {
        if (writing)
            throw Error("-", "standard input cannot be written");
        return open_standard_input();
    }
    if (is_nbd_uri(spec))
        return open_nbd(std::string(spec), options.access);
    if (spec.starts_with("ssh://")) {
        if (writing)
            throw Error(std::string(spec), "a disk over ssh can only be read");
        return open_ssh(spec, options.allow_busy);
    }
    if (const std::size_t comma = spec.rfind(map_option); comma != std::string_view::npos) {
        if (writing)
            throw Error(std::string(spec), "an image with a map can only be read");
        auto image = open_path(std::string(spec.substr(0, comma)), options, true);
        return std::make_unique<RescuedDevice>(
            std::move(image), RescueMap::load(std::string(spec.substr(comma + map_option.size()))));
    }
    return open_path(std::string(spec), options);
}

} // namespace ntferry::block
