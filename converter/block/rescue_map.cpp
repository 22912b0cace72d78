// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/rescue_map.hpp"

#include "converter/block/replacement_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ntferry::block {
namespace {

/// A disk of 2 TiB with every other sector bad would need more; a map that long is not from a disk.
constexpr std::uint64_t largest_map_file = 256U << 20U;

bool is_status(char c) {
    return c != '\0' && std::string_view("?*/-+").find(c) != std::string_view::npos;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t begin = line.find_first_not_of(" \t\r", at);
        if (begin == std::string_view::npos)
            break;
        const std::size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
        words.push_back(line.substr(begin, end - begin));
        at = end;
    }
    return words;
}

/// Decimal, 0x hexadecimal or octal with a leading 0, as strtoll with base 0.
std::uint64_t number(std::string_view word, const std::string& where) {
    int base = 10;
    std::string_view digits = word;
    if (word.starts_with("0x") || word.starts_with("0X")) {
        base = 16;
        digits.remove_prefix(2);
    } else if (word.size() > 1 && word.starts_with('0')) {
        base = 8;
        digits.remove_prefix(1);
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc() || end != digits.data() + digits.size() || value > (std::uint64_t{1} << 62U))
        throw Error(where, fmt::format("'{}' is not a position or size", word.substr(0, 40)));
    return value;
}

} // namespace

RescueMap::RescueMap(std::uint64_t size, RescueStatus status) {
    if (size > 0)
        ranges_.push_back({0, size, status});
}

RescueMap RescueMap::parse(std::string_view text, const std::string& name) {
    RescueMap map(0);
    bool status_line_seen = false;
    std::size_t line_number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        at = end + 1;
        ++line_number;
        const std::string where = fmt::format("{}:{}", name, line_number);
        const std::vector<std::string_view> words = words_of(line);
        if (words.empty())
            continue;
        if (words[0].starts_with('#')) {
            if (!status_line_seen && map.comments.size() < 64)
                map.comments.emplace_back(line);
            continue;
        }
        if (!status_line_seen) {
            // current_pos current_status [current_pass]
            if (words.size() < 2 || words.size() > 3 || words[1].size() != 1)
                throw Error(where, "is not the status line of a ddrescue map");
            map.position = number(words[0], where);
            map.phase = words[1][0];
            map.pass = words.size() > 2
                           ? static_cast<int>(std::min<std::uint64_t>(number(words[2], where), 1000))
                           : 1;
            status_line_seen = true;
            continue;
        }
        if (words.size() != 3 || words[2].size() != 1 || !is_status(words[2][0]))
            throw Error(where, "is not a line of a ddrescue map: position, size, status");
        const std::uint64_t offset = number(words[0], where);
        const std::uint64_t length = number(words[1], where);
        if (offset < map.size())
            throw Error(where, "overlaps the line before it");
        map.resize(offset); // what is not mentioned is non-tried
        const auto status = static_cast<RescueStatus>(words[2][0]);
        if (length == 0)
            continue;
        if (!map.ranges_.empty() && map.ranges_.back().status == status)
            map.ranges_.back().length += length;
        else
            map.ranges_.push_back({offset, length, status});
    }
    if (!status_line_seen)
        throw Error(name, "is not a ddrescue map: no status line");
    return map;
}

RescueMap RescueMap::load(const std::string& path) {
    const PosixFile file(path, Access::read_only);
    if (file.size() > largest_map_file)
        throw Error(path, "is too large for a ddrescue map");
    Bytes bytes(file.size());
    file.read(0, bytes);
    return parse(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), path);
}

std::string RescueMap::to_text() const {
    std::string text;
    for (const std::string& comment : comments)
        text += comment + "\n";
    text += "# current_pos  current_status  current_pass\n";
    text += fmt::format("0x{:08X}     {}               {}\n", position, phase, pass);
    text += "#      pos        size  status\n";
    for (const RescueRange& range : ranges_)
        text += fmt::format("0x{:08X}  0x{:08X}  {}\n", range.offset, range.length,
                            static_cast<char>(range.status));
    return text;
}

void RescueMap::save(const std::string& path) const {
    const std::string text = to_text();
    ReplacementFile fresh(path);
    fresh.file().write(0, ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    fresh.commit();
}

std::size_t RescueMap::index_of(std::uint64_t offset) const {
    const auto after =
        std::upper_bound(ranges_.begin(), ranges_.end(), offset,
                         [](std::uint64_t at, const RescueRange& range) { return at < range.offset; });
    return static_cast<std::size_t>(after - ranges_.begin()) - 1;
}

const RescueRange& RescueMap::at(std::uint64_t offset) const {
    if (offset >= size())
        throw Error({}, fmt::format("offset {} lies outside the map of {} bytes", offset, size()));
    return ranges_[index_of(offset)];
}

void RescueMap::set(std::uint64_t offset, std::uint64_t length, RescueStatus status) {
    if (length == 0)
        return;
    if (offset > size() || length > size() - offset)
        throw Error({},
                    fmt::format("{} bytes at {} lie outside the map of {} bytes", length, offset, size()));
    const std::uint64_t end = offset + length;
    std::size_t first = index_of(offset);
    std::size_t last = index_of(end - 1);
    if (first == last && ranges_[first].status == status)
        return;
    // What replaces ranges first to last: what they keep on either side, and the new range, merged.
    RescueRange fresh{offset, length, status};
    std::vector<RescueRange> replacement;
    const auto put = [&](const RescueRange& range) {
        if (range.length == 0)
            return;
        if (!replacement.empty() && replacement.back().status == range.status)
            replacement.back().length += range.length;
        else
            replacement.push_back(range);
    };
    if (first > 0)
        --first;
    if (last + 1 < ranges_.size())
        ++last;
    for (std::size_t i = first; i <= last; ++i) {
        const RescueRange& old = ranges_[i];
        if (old.offset < offset)
            put({old.offset, std::min(old.end(), offset) - old.offset, old.status});
        if (fresh.length > 0 && old.end() > offset) {
            put(fresh);
            fresh.length = 0;
        }
        if (old.end() > end) {
            const std::uint64_t from = std::max(old.offset, end);
            put({from, old.end() - from, old.status});
        }
    }
    const auto at = ranges_.begin() + static_cast<std::ptrdiff_t>(first);
    const std::size_t old_count = last - first + 1;
    const std::size_t common = std::min(old_count, replacement.size());
    std::copy_n(replacement.begin(), common, at);
    if (old_count > common)
        ranges_.erase(at + static_cast<std::ptrdiff_t>(common), at + static_cast<std::ptrdiff_t>(old_count));
    else
        ranges_.insert(at + static_cast<std::ptrdiff_t>(common),
                       replacement.begin() + static_cast<std::ptrdiff_t>(common), replacement.end());
}

void RescueMap::resize(std::uint64_t size) {
    while (!ranges_.empty() && ranges_.back().offset >= size)
        ranges_.pop_back();
    if (!ranges_.empty() && ranges_.back().end() > size)
        ranges_.back().length = size - ranges_.back().offset;
    if (this->size() < size) {
        const std::uint64_t from = this->size();
        if (!ranges_.empty() && ranges_.back().status == RescueStatus::non_tried)
            ranges_.back().length += size - from;
        else
            ranges_.push_back({from, size - from, RescueStatus::non_tried});
    }
}

std::uint64_t RescueMap::bytes(RescueStatus status) const {
    std::uint64_t sum = 0;
    for (const RescueRange& range : ranges_)
        if (range.status == status)
            sum += range.length;
    return sum;
}

} // namespace ntferry::block
