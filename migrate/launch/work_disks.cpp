// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/work_disks.hpp"

#include "converter/block/copy.hpp"
#include "converter/block/open.hpp"
#include "converter/block/raw.hpp"
#include "converter/patch/durable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace ntferry::launch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece = std::size_t{1} << 20U;

/// Writes the parts of `from` in which `to` differs.
void write_differences(block::BlockDevice& from, block::BlockDevice& to, Progress& progress) {
    Bytes fresh(piece);
    Bytes old(piece);
    progress.phase("write back", from.size());
    for (std::uint64_t at = 0; at < from.size(); at += piece) {
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(piece, from.size() - at));
        const MutableByteView a = MutableByteView(fresh).first(length);
        const MutableByteView b = MutableByteView(old).first(length);
        from.read(at, a);
        to.read(at, b);
        for (std::size_t unit = 0; unit < length; unit += block::zero_unit) {
            const std::size_t size = std::min(block::zero_unit, length - unit);
            if (!std::equal(a.begin() + unit, a.begin() + unit + size, b.begin() + unit))
                to.write(at + unit, ByteView(fresh).subspan(unit, size));
        }
        progress.update({at + length, from.size(), 0, 0});
    }
    to.flush();
    progress.done();
}

} // namespace

WorkDisks::WorkDisks(std::string bundle)
    : bundle_(std::move(bundle)), folder_((fs::path(bundle_) / "state/qemu").string()) {}

std::string WorkDisks::copy_of(unsigned position) const {
    return fmt::format("{}/disk{}.img", folder_, position);
}

bool WorkDisks::pending() const {
    std::error_code ignored;
    return fs::exists(fs::path(folder_) / "complete", ignored);
}

void WorkDisks::take(profiles::MachineDescription& machine, Progress& progress, const std::stop_token& stop) {
    std::error_code error;
    if (!pending()) {
        fs::remove_all(folder_, error);
        fs::create_directories(folder_, error);
        if (error)
            throw SystemError(folder_, "create", error.value());
        progress.note("copying the disks for QEMU");
        for (const profiles::DiskSpec& disk : machine.disks) {
            const block::BlockDevicePtr from = block::open_disk(
                disk.path.starts_with('/') ? disk.path : (fs::path(bundle_) / disk.path).string());
            const block::BlockDevicePtr to = block::create_raw(copy_of(disk.position), from->size());
            block::copy_disk(*from, *to, progress, stop);
        }
        patch::durable::write(folder_ + "/complete", "");
    }
    for (profiles::DiskSpec& disk : machine.disks)
        disk.path = copy_of(disk.position);
}

void WorkDisks::give_back(const profiles::MachineDescription& original, Progress& progress) {
    for (const profiles::DiskSpec& disk : original.disks) {
        if (disk.read_only)
            continue;
        const std::string path =
            disk.path.starts_with('/') ? disk.path : (fs::path(bundle_) / disk.path).string();
        const block::BlockDevicePtr from = block::open_disk(copy_of(disk.position));
        const block::BlockDevicePtr to = block::open_disk(path, {.access = block::Access::read_write});
        write_differences(*from, *to, progress);
    }
    forget();
}

void WorkDisks::forget() const {
    // The mark first: copies without it are never taken for the truth.
    patch::durable::remove(folder_ + "/complete");
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

} // namespace ntferry::launch
