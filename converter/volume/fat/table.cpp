// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/fat/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::volume::fat {

std::uint32_t Table::end_minimum() const {
    switch (layout_.kind) {
    case FileSystemKind::fat12:
        return 0xFF8;
    case FileSystemKind::fat16:
        return 0xFFF8;
    default:
        return 0x0FFFFFF8;
    }
}

std::uint8_t& Table::byte(std::uint64_t offset, bool dirty) {
    const std::uint64_t number = offset / page_size;
    auto it = pages_.find(number);
    if (it == pages_.end()) {
        if (pages_.size() >= max_pages) {
            flush();
            pages_.clear();
        }
        Page page;
        const std::uint64_t start = number * page_size;
        page.bytes.resize(
            static_cast<std::size_t>(std::min<std::uint64_t>(page_size, layout_.fat_size - start)));
        device_.read(layout_.fat_offset + start, page.bytes);
        it = pages_.emplace(number, std::move(page)).first;
    }
    Page& page = it->second;
    const auto at = static_cast<std::size_t>(offset % page_size);
    if (dirty) {
        page.dirty_begin = std::min(page.dirty_begin, at);
        page.dirty_end = std::max(page.dirty_end, at + 1);
    }
    return page.bytes.at(at);
}

std::uint32_t Table::get(std::uint32_t cluster) {
    const auto load = [&](std::uint64_t offset, unsigned bytes) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < bytes; ++i)
            value |= std::uint32_t{byte(offset + i, false)} << (8U * i);
        return value;
    };
    switch (layout_.kind) {
    case FileSystemKind::fat12: {
        const std::uint32_t pair = load(std::uint64_t{cluster} * 3U / 2U, 2);
        return (cluster & 1U) != 0 ? pair >> 4U : pair & 0xFFFU;
    }
    case FileSystemKind::fat16:
        return load(std::uint64_t{cluster} * 2U, 2);
    default:
        return load(std::uint64_t{cluster} * 4U, 4) & 0x0FFFFFFFU;
    }
}

void Table::set(std::uint32_t cluster, std::uint32_t value) {
    const auto store = [&](std::uint64_t offset, unsigned bytes, std::uint32_t bits, std::uint32_t mask) {
        for (unsigned i = 0; i < bytes; ++i) {
            const auto keep = static_cast<std::uint8_t>(~(mask >> (8U * i)) & 0xFFU);
            std::uint8_t& target = byte(offset + i, true);
            target = static_cast<std::uint8_t>((target & keep) | (bits >> (8U * i) & 0xFFU));
        }
    };
    switch (layout_.kind) {
    case FileSystemKind::fat12:
        if ((cluster & 1U) != 0)
            store(std::uint64_t{cluster} * 3U / 2U, 2, value << 4U & 0xFFF0U, 0xFFF0U);
        else
            store(std::uint64_t{cluster} * 3U / 2U, 2, value & 0xFFFU, 0x0FFFU);
        break;
    case FileSystemKind::fat16:
        store(std::uint64_t{cluster} * 2U, 2, value & 0xFFFFU, 0xFFFFU);
        break;
    default: // the top four bits are not ours
        store(std::uint64_t{cluster} * 4U, 4, value & 0x0FFFFFFFU, 0x0FFFFFFFU);
    }
}

std::vector<std::uint32_t> Table::chain(std::uint32_t first, std::uint64_t limit) {
    std::vector<std::uint32_t> clusters;
    std::uint32_t cluster = first;
    while (clusters.size() < limit) {
        if (!layout_.valid(cluster))
            throw Error(
                {},
                fmt::format("the cluster chain that starts at {} leads to cluster {}, which does not exist",
                            first, cluster));
        if (clusters.size() >= layout_.cluster_count)
            throw Error({}, fmt::format("the cluster chain that starts at {} leads in a circle", first));
        clusters.push_back(cluster);
        const std::uint32_t next = get(cluster);
        if (is_end(next))
            break;
        if (next == 0 || is_bad(next))
            throw Error({}, fmt::format("the cluster chain that starts at {} ends in a {} cluster", first,
                                        next == 0 ? "free" : "bad"));
        cluster = next;
    }
    return clusters;
}

std::vector<std::uint32_t> Table::allocate(std::size_t count, std::uint32_t tail) {
    std::vector<std::uint32_t> clusters;
    if (count == 0)
        return clusters;
    const auto last = static_cast<std::uint32_t>(layout_.cluster_count + 1);
    // Behind the tail first: a file stays in one piece where it can.
    std::uint32_t at = tail != 0 ? tail + 1 : next_;
    for (std::uint64_t seen = 0; seen < layout_.cluster_count && clusters.size() < count; ++seen, ++at) {
        if (at < 2 || at > last)
            at = 2;
        if (get(at) == 0)
            clusters.push_back(at);
    }
    if (clusters.size() < count)
        throw Error({}, fmt::format("the volume is full: {} clusters of {} bytes are needed, {} are free",
                                    count, layout_.cluster_size, clusters.size()));
    for (std::size_t i = 0; i < count; ++i)
        set(clusters[i], i + 1 < count ? clusters[i + 1] : end_mark());
    if (tail != 0)
        set(tail, clusters.front());
    next_ = clusters.back() + 1;
    return clusters;
}

void Table::release(const std::vector<std::uint32_t>& clusters) {
    for (const std::uint32_t cluster : clusters)
        set(cluster, 0);
}

std::uint64_t Table::count_free() {
    std::uint64_t free = 0;
    for (std::uint64_t i = 0; i < layout_.cluster_count; ++i)
        free += get(static_cast<std::uint32_t>(i + 2)) == 0 ? 1U : 0U;
    return free;
}

void Table::write_page(std::uint64_t number, Page& page) {
    if (page.dirty_begin >= page.dirty_end)
        return;
    const ByteView changed(page.bytes.data() + page.dirty_begin, page.dirty_end - page.dirty_begin);
    for (std::uint32_t copy = 0; copy < layout_.fat_count; ++copy)
        device_.write(layout_.fat_offset + copy * layout_.fat_size + number * page_size + page.dirty_begin,
                      changed);
    page.dirty_begin = SIZE_MAX;
    page.dirty_end = 0;
}

void Table::revert() {
    std::erase_if(pages_, [](const auto& item) { return item.second.dirty_begin < item.second.dirty_end; });
}

void Table::flush() {
    for (auto& [number, page] : pages_)
        write_page(number, page);
}

} // namespace ntferry::volume::fat
