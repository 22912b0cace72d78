// Layout: libntfs-3g's layout.h (MFT_RECORD, ATTR_RECORD); the same in NTFS 1.2 and 3.x for the fields read
// here. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/mft_record.hpp"

#include <algorithm>

namespace ntferry::volume::ntfs {
namespace {

constexpr std::size_t sector = 512;

std::u16string read_name(ByteView bytes) {
    std::u16string name;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
        name.push_back(static_cast<char16_t>(load_le<std::uint16_t>(bytes, i)));
    return name;
}

/// Little-endian signed integer of 0 to 8 bytes.
std::int64_t read_signed(ByteView bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
        value = value << 8U | bytes[i];
    if (!bytes.empty() && bytes.size() < 8 && (bytes.back() & 0x80U) != 0)
        value |= ~std::uint64_t{0} << (bytes.size() * 8U);
    return static_cast<std::int64_t>(value);
}

std::vector<Run> read_runs(ByteView pairs, std::uint64_t vcn, std::uint64_t clusters) {
    std::vector<Run> runs;
    std::int64_t lcn = 0;
    std::size_t at = 0;
    while (at < pairs.size() && pairs[at] != 0) {
        const std::size_t length_bytes = pairs[at] & 0x0FU;
        const std::size_t lcn_bytes = pairs[at] >> 4U;
        if (length_bytes == 0 || length_bytes > 8 || lcn_bytes > 8 ||
            length_bytes + lcn_bytes > pairs.size() - at - 1)
            break;
        const std::int64_t length = read_signed(pairs.subspan(at + 1, length_bytes));
        const std::int64_t step = read_signed(pairs.subspan(at + 1 + length_bytes, lcn_bytes));
        const auto limit = static_cast<std::int64_t>(clusters);
        if (length <= 0 || length > limit || step > limit || step < -limit)
            break;
        if (lcn_bytes != 0) {
            lcn += step;
            if (lcn < 0 || lcn > limit - length)
                break;
            runs.push_back({vcn, static_cast<std::uint64_t>(lcn), static_cast<std::uint64_t>(length)});
        }
        vcn += static_cast<std::uint64_t>(length);
        at += 1 + length_bytes + lcn_bytes;
    }
    return runs;
}

RecordAttribute read_attribute(ByteView a, std::uint64_t clusters) {
    RecordAttribute attribute;
    attribute.type = load_le<std::uint32_t>(a, 0);
    attribute.resident = a[8] == 0;
    const std::size_t name_length = std::size_t{a[9]} * 2U;
    if (name_length != 0)
        attribute.name = read_name(slice(a, load_le<std::uint16_t>(a, 10), name_length));
    if (attribute.resident) {
        attribute.data_size = load_le<std::uint32_t>(a, 16);
        return attribute;
    }
    const auto lowest = load_le<std::uint64_t>(a, 16);
    if (lowest == 0)
        attribute.data_size = load_le<std::uint64_t>(a, 48);
    const std::size_t pairs = load_le<std::uint16_t>(a, 32);
    attribute.runs = read_runs(slice(a, pairs, a.size() - std::min(a.size(), pairs)), lowest, clusters);
    return attribute;
}

} // namespace

bool apply_fixups(MutableByteView record) {
    if (record.size() < sector || record.size() % sector != 0 ||
        load_le<std::uint32_t>(record, 0) != 0x454C4946)
        return false;
    const std::size_t offset = load_le<std::uint16_t>(record, 4);
    const std::size_t count = load_le<std::uint16_t>(record, 6);
    if (count != record.size() / sector + 1 || offset % 2 != 0 || offset + count * 2 > sector - 2)
        return false;
    const auto mark = load_le<std::uint16_t>(record, offset);
    for (std::size_t i = 1; i < count; ++i) {
        const std::size_t end = i * sector - 2;
        if (load_le<std::uint16_t>(record, end) != mark)
            return false;
        store_le(record, end, load_le<std::uint16_t>(record, offset + i * 2));
    }
    return true;
}

std::optional<MftRecord> parse_mft_record(ByteView record, std::uint64_t clusters) {
    try {
        MftRecord result;
        const auto flags = load_le<std::uint16_t>(record, 22);
        result.in_use = (flags & 1U) != 0;
        result.directory = (flags & 2U) != 0;
        result.base_record = load_le<std::uint64_t>(record, 32) & 0xFFFFFFFFFFFFU;
        std::size_t at = load_le<std::uint16_t>(record, 20);
        while (load_le<std::uint32_t>(record, at) != 0xFFFFFFFFU) {
            const std::size_t length = load_le<std::uint32_t>(record, at + 4);
            if (length < 24 || length % 8 != 0)
                return std::nullopt;
            result.attributes.push_back(read_attribute(slice(record, at, length), clusters));
            at += length;
        }
        return result;
    } catch (const Error&) {
        return std::nullopt; // an offset led outside
    }
}

} // namespace ntferry::volume::ntfs
