// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/ranges.hpp"

#include "converter/base/error.hpp"

#include <algorithm>

namespace ntferry::capture {

void SkipList::add(std::uint64_t offset, std::uint64_t length, SkipKind kind) {
    if (length == 0)
        return;
    if (!ranges_.empty()) {
        Skip& last = ranges_.back();
        if (offset < last.end())
            throw Error({}, "ranges to skip are not in order");
        if (last.end() == offset && last.kind == kind) {
            last.length += length;
            return;
        }
        if (last.length < shortest_)
            ranges_.pop_back(); // now that it cannot grow any more
    }
    ranges_.push_back({offset, length, kind});
    if (ranges_.size() > most_)
        thin_out();
}

void SkipList::thin_out() {
    while (ranges_.size() > most_ / 2) {
        shortest_ = std::max<std::uint64_t>(512, shortest_ * 2);
        const Skip last = ranges_.back();
        ranges_.pop_back();
        std::erase_if(ranges_, [&](const Skip& range) { return range.length < shortest_; });
        ranges_.push_back(last);
    }
}

std::uint64_t SkipList::bytes(SkipKind kind) const {
    std::uint64_t sum = 0;
    for (const Skip& range : ranges_)
        sum += range.kind == kind ? range.length : 0;
    return sum;
}

std::size_t SkipList::first_after(std::uint64_t offset) const {
    const auto at = std::partition_point(ranges_.begin(), ranges_.end(),
                                         [&](const Skip& range) { return range.end() <= offset; });
    return static_cast<std::size_t>(at - ranges_.begin());
}

} // namespace ntferry::capture
