// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/open_filesystem.hpp"

#include "converter/volume/bpb.hpp"
#include "converter/volume/fat/open.hpp"
#include "converter/volume/ntfs/open.hpp"

#include <array>

namespace ntferry::volume {
namespace {

std::optional<Bpb> read_bpb(block::BlockDevice& volume) {
    std::array<std::uint8_t, 512> sector{};
    if (volume.size() < sector.size())
        return std::nullopt;
    volume.read(0, sector);
    return parse_bpb(sector);
}

} // namespace

std::optional<FileSystemKind> recognise_filesystem(block::BlockDevice& volume) {
    const std::optional<Bpb> bpb = read_bpb(volume);
    return bpb ? std::optional(bpb->kind) : std::nullopt;
}

FileSystemPtr open_filesystem(block::SharedBlockDevice volume, const FileSystemOptions& options) {
    const std::optional<Bpb> bpb = read_bpb(*volume);
    if (!bpb)
        throw Error(volume->name(), "holds no file system that NT 4.0 knows (neither NTFS nor FAT)",
                    "it may be empty, encrypted or one member of a stripe set", ErrorKind::unsupported);
    if (options.writable && !volume->writable())
        throw Error(volume->name(), "is read-only");
    if (bpb->kind == FileSystemKind::ntfs)
        return ntfs::open(std::move(volume), *bpb, options);
    return fat::open(std::move(volume), *bpb, options);
}

} // namespace ntferry::volume
