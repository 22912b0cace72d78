// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/split.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

namespace ntferry::block {
namespace {

constexpr std::size_t most_parts = 10000;

/// The name after this one: "x.009" -> "x.010", "xaz" -> "xba"; nothing at the end of the count.
std::optional<std::string> next_name(std::string name, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
        char& c = name[name.size() - 1 - i];
        if (c == '9') {
            c = '0';
        } else if (c == 'z') {
            c = 'a';
        } else {
            ++c;
            return name;
        }
    }
    return std::nullopt;
}

/// Characters at the end that count, when they are at their start.
std::size_t counter_width(const std::string& path) {
    const std::string name = std::filesystem::path(path).filename().string();
    const std::size_t dot = name.rfind('.');
    if (dot != std::string::npos) {
        const std::string digits = name.substr(dot + 1);
        const bool zeros = digits.size() >= 2 && digits.find_first_not_of('0') == std::string::npos;
        const bool one =
            digits.size() >= 2 && digits.back() == '1' && digits.find_first_not_of('0') == digits.size() - 1;
        if (zeros || one)
            return digits.size();
    }
    return name.size() > 2 && name.ends_with("aa") ? 2 : 0;
}

} // namespace

std::vector<std::string> split_parts(const std::string& path) {
    const std::size_t width = counter_width(path);
    std::vector<std::string> parts{path};
    while (width > 0 && parts.size() < most_parts) {
        const auto next = next_name(parts.back(), width);
        if (!next || !std::filesystem::is_regular_file(*next))
            break;
        parts.push_back(*next);
    }
    if (parts.size() < 2)
        parts.clear();
    return parts;
}

SplitDevice::SplitDevice(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        auto file = std::make_unique<PosixFile>(path, Access::read_only);
        const std::uint64_t length = file->size();
        parts_.push_back({std::move(file), size_, length});
        size_ = checked_add(size_, length);
    }
    if (parts_.empty())
        throw Error({}, "a split image without parts");
}

std::size_t SplitDevice::part_at(std::uint64_t offset) const {
    const auto after = std::upper_bound(parts_.begin(), parts_.end(), offset,
                                        [](std::uint64_t at, const Part& part) { return at < part.offset; });
    return static_cast<std::size_t>(after - parts_.begin()) - 1;
}

void SplitDevice::read(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    for (std::size_t i = out.empty() ? 0 : part_at(offset); !out.empty(); ++i) {
        const Part& part = parts_[i];
        const std::size_t length = std::min<std::uint64_t>(out.size(), part.offset + part.length - offset);
        part.file->read(offset - part.offset, out.first(length));
        out = out.subspan(length);
        offset += length;
    }
}

std::vector<Extent> SplitDevice::extents(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    std::vector<Extent> found;
    const std::uint64_t end = offset + length;
    for (std::size_t i = length == 0 ? parts_.size() : part_at(offset); i < parts_.size() && offset < end;
         ++i) {
        const Part& part = parts_[i];
        const std::uint64_t bytes = std::min(end, part.offset + part.length) - offset;
        for (const Extent& extent : part.file->extents(offset - part.offset, bytes)) {
            if (!found.empty() && found.back().kind == extent.kind)
                found.back().length += extent.length;
            else
                found.push_back({part.offset + extent.offset, extent.length, extent.kind});
        }
        offset += bytes;
    }
    return found;
}

} // namespace ntferry::block
