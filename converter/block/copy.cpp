// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/copy.hpp"

#include <algorithm>
#include <cstring>

namespace ntferry::block {
namespace {

constexpr std::size_t step = 2U << 20U;

void stop_if(const std::stop_token& stop, const std::string& where) {
    if (stop.stop_requested())
        throw Interrupted(where);
}

/// Whether the whole range is known to be zeros without reading it.
bool known_zero(BlockDevice& disk, std::uint64_t offset, std::uint64_t length) {
    const auto extents = disk.extents(offset, length);
    return std::none_of(extents.begin(), extents.end(),
                        [](const Extent& extent) { return extent.kind == ExtentKind::data; });
}

/// The offset of the first byte that is not zero.
std::optional<std::uint64_t> first_nonzero(BlockDevice& disk, std::uint64_t from) {
    Bytes buffer;
    for (std::uint64_t at = from; at < disk.size(); at += buffer.size()) {
        buffer.resize(std::min<std::uint64_t>(step, disk.size() - at));
        if (known_zero(disk, at, buffer.size()))
            continue;
        disk.read(at, buffer);
        const auto found =
            std::find_if(buffer.begin(), buffer.end(), [](std::uint8_t byte) { return byte != 0; });
        if (found != buffer.end())
            return at + static_cast<std::uint64_t>(found - buffer.begin());
    }
    return std::nullopt;
}

} // namespace

void for_each_nonzero(ByteView bytes, const std::function<void(std::size_t, std::size_t)>& data) {
    std::size_t run = bytes.size(); // start of the run under way
    for (std::size_t at = 0; at < bytes.size(); at += zero_unit) {
        const ByteView unit = bytes.subspan(at, std::min(zero_unit, bytes.size() - at));
        if (!all_zero(unit)) {
            run = std::min(run, at);
        } else if (run < at) {
            data(run, at - run);
            run = bytes.size();
        }
    }
    if (run < bytes.size())
        data(run, bytes.size() - run);
}

void copy_disk(BlockDevice& from, BlockDevice& to, Progress& progress, std::stop_token stop) {
    const std::uint64_t size = from.size();
    if (to.size() < size)
        throw Error(to.name(), "is smaller than " + from.name());
    progress.phase("copy", size);
    ProgressState state{.done = 0, .total = size};
    Bytes buffer(step);
    constexpr std::uint64_t extent_step = std::uint64_t{1} << 30U; // bounds what a list of extents may hold
    for (std::uint64_t base = 0; base < size; base += extent_step) {
        for (const Extent& extent : from.extents(base, std::min(extent_step, size - base))) {
            if (extent.kind != ExtentKind::data) {
                state.skipped += extent.length;
                state.done += extent.length;
                progress.update(state);
                continue;
            }
            const std::uint64_t end = extent.offset + extent.length;
            for (std::uint64_t at = extent.offset; at < end;) {
                stop_if(stop, to.name());
                const MutableByteView part =
                    MutableByteView(buffer).first(std::min<std::uint64_t>(step - at % step, end - at));
                from.read(at, part);
                for_each_nonzero(part, [&](std::size_t offset, std::size_t length) {
                    to.write(at + offset, part.subspan(offset, length));
                });
                at += part.size();
                state.done += part.size();
                progress.update(state);
            }
        }
    }
    to.flush();
    progress.done();
}

std::optional<std::uint64_t> first_difference(BlockDevice& a, BlockDevice& b, Progress& progress,
                                              std::stop_token stop) {
    const std::uint64_t common = std::min(a.size(), b.size());
    progress.phase("compare", common);
    Bytes left;
    Bytes right;
    for (std::uint64_t at = 0; at < common; at += left.size()) {
        stop_if(stop, a.name());
        left.resize(std::min<std::uint64_t>(step, common - at));
        right.resize(left.size());
        progress.update({.done = at, .total = common});
        if (known_zero(a, at, left.size()) && known_zero(b, at, left.size()))
            continue;
        a.read(at, left);
        b.read(at, right);
        if (std::memcmp(left.data(), right.data(), left.size()) != 0) {
            const auto differ = std::mismatch(left.begin(), left.end(), right.begin());
            return at + static_cast<std::uint64_t>(differ.first - left.begin());
        }
    }
    progress.update({.done = common, .total = common});
    progress.done();
    return first_nonzero(a.size() > b.size() ? a : b, common);
}

} // namespace ntferry::block
