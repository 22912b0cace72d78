// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace ntferry::registry {
namespace {

constexpr std::size_t page_size = 512;
constexpr std::size_t vector_offset = log_sector_size; // "DIRT" and the bitmap
constexpr std::size_t bitmap_offset = vector_offset + 4;
/// NT 4.0 cannot load more than RegistrySizeLimit, at most some 80 MB; far above any hive of this time.
constexpr std::uint32_t bins_size_limit = 128U << 20U;

std::size_t bitmap_bytes(std::uint32_t bins_size) {
    return bins_size / page_size / 8;
}

std::size_t first_page_offset(std::uint32_t bins_size) {
    return (bitmap_offset + bitmap_bytes(bins_size) + log_sector_size - 1) / log_sector_size *
           log_sector_size;
}

std::size_t count_bits(ByteView bitmap) {
    std::size_t bits = 0;
    for (const std::uint8_t byte : bitmap)
        bits += static_cast<std::size_t>(std::popcount(byte));
    return bits;
}

/// Whether a log with this timestamp was written over this primary. With a bad base block its own timestamp
/// may be lost: the first bin holds a copy, which NT compares then; either proves that they belong together.
bool same_write(std::uint64_t log_timestamp, const BaseBlock& primary, ByteView image) {
    constexpr std::size_t bin_timestamp = 20;
    if (log_timestamp == primary.timestamp)
        return true;
    return !primary.checksum_good() && image.size() >= base_block_size + 32 &&
           log_timestamp == load_le<std::uint64_t>(image, base_block_size + bin_timestamp);
}

/// Applies the dirty pages of a log that log_problem() accepts.
Bytes replay(ByteView primary, ByteView log, const BaseBlock& log_base, std::size_t& pages) {
    const std::size_t size = base_block_size + log_base.bins_size;
    Bytes image(primary.begin(), primary.end());
    image.resize(std::max(image.size(), size));
    // A good base block stays; a bad one comes from the log, which holds its first sector.
    std::copy_n(log.begin(), log_sector_size, image.begin());
    const ByteView bitmap = slice(log, bitmap_offset, bitmap_bytes(log_base.bins_size));
    std::size_t source = first_page_offset(log_base.bins_size);
    for (std::size_t page = 0; page < bitmap.size() * 8; ++page) {
        if ((bitmap[page / 8] >> (page % 8) & 1U) == 0)
            continue;
        const ByteView from = slice(log, source, page_size);
        std::copy(from.begin(), from.end(),
                  image.begin() + static_cast<std::ptrdiff_t>(base_block_size + page * page_size));
        source += page_size;
        ++pages;
    }
    // The writer counts up once more when it has written the primary; equality is what makes it clean.
    seal_base_block(image, log_base.primary_sequence);
    return image;
}

/// The alternate as a clean hive, or why not.
std::optional<std::string> alternate_problem(ByteView alternate, const std::string& name) {
    try {
        const BaseBlock base = parse_base_block(alternate, name + ".ALT");
        if (!base.checksum_good())
            return "its checksum is wrong";
        if (!base.sequences_equal())
            return "it is dirty itself";
        const std::vector<std::string> problems = check_bins(alternate, base);
        return problems.empty() ? std::nullopt : std::optional(problems.front());
    } catch (const Error& error) {
        return error.problem();
    }
}

} // namespace

std::string RecoveryReport::summary() const {
    switch (state) {
    case HiveState::clean:
        return "clean";
    case HiveState::log_replayed:
        return fmt::format("dirty; {} pages recovered from its log", pages_applied);
    case HiveState::alternate:
        return "unusable or dirty; its alternate was used";
    case HiveState::dirty_as_is:
        return "dirty; no log applies, used as it is";
    }
    return {};
}

std::optional<std::string> log_problem(ByteView log, const BaseBlock& primary, ByteView primary_image) {
    if (log.size() < log_sector_size || all_zero(log.first(log_sector_size)))
        return "the log is empty";
    if (std::memcmp(log.data(), "regf", 4) != 0)
        return "the log has no base block";
    const BaseBlock base = parse_base_block(log, "log");
    if (base.file_type == 6 ||
        (log.size() >= vector_offset + 4 && std::memcmp(log.data() + vector_offset, "HvLE", 4) == 0))
        return "the log has the format of Windows 8.1 and later (HvLE), not one of NT 4.0";
    if (!base.checksum_good())
        return "the checksum of the log's base block is wrong";
    if (base.file_type != 1 && base.file_type != 2)
        return fmt::format("the log has file type {}", base.file_type);
    if (!base.sequences_equal())
        return "the log itself was not completed";
    if (!same_write(base.timestamp, primary, primary_image))
        return "the log belongs to another write of the hive (timestamps differ)";
    if (log.size() < bitmap_offset || std::memcmp(log.data() + vector_offset, "DIRT", 4) != 0)
        return "the log has no dirty vector";
    if (base.bins_size == 0 || base.bins_size % 4096 != 0 || base.bins_size > bins_size_limit)
        return fmt::format("the log announces {} bytes of bins", base.bins_size);
    const std::size_t bitmap = bitmap_bytes(base.bins_size);
    const std::size_t pages_at = first_page_offset(base.bins_size);
    if (log.size() < pages_at)
        return "the log is cut inside its dirty vector";
    const std::size_t pages = count_bits(log.subspan(bitmap_offset, bitmap));
    if (log.size() - pages_at < pages * page_size)
        return fmt::format("the log is cut: {} dirty pages announced, {} there", pages,
                           (log.size() - pages_at) / page_size);
    return std::nullopt;
}

RecoveredHive recover_hive(const HiveFiles& files, const std::string& name) {
    RecoveredHive result;
    RecoveryReport& report = result.report;
    std::optional<BaseBlock> base;
    std::vector<std::string> problems; // what is wrong with the primary as it is
    try {
        base = parse_base_block(files.primary, name);
        report.primary_dirty = !base->checksum_good() || !base->sequences_equal();
        if (!base->checksum_good())
            report.notes.push_back(
                fmt::format("{}: checksum {:08x}, due {:08x}", name, base->checksum, base->checksum_due));
        if (!base->sequences_equal())
            report.notes.push_back(fmt::format("{}: sequence numbers {} and {}: a write was not completed",
                                               name, base->primary_sequence, base->secondary_sequence));
        problems = check_bins(files.primary, *base);
    } catch (const Error& error) {
        report.primary_dirty = true;
        problems.push_back(error.problem());
    }

    if (base && !report.primary_dirty && problems.empty()) {
        result.image.assign(files.primary.begin(), files.primary.end());
        return result;
    }
    for (const std::string& problem : problems)
        report.notes.push_back(name + ": " + problem);

    if (base && report.primary_dirty && files.log && !files.log->empty()) {
        if (const auto problem = log_problem(*files.log, *base, files.primary)) {
            report.notes.push_back(fmt::format("{}: not replayed: {}", name, *problem));
        } else {
            const BaseBlock log_base = parse_base_block(*files.log, name + ".LOG");
            Bytes image = replay(files.primary, *files.log, log_base, report.pages_applied);
            const std::vector<std::string> left = check_bins(image, parse_base_block(image, name));
            if (left.empty()) {
                report.state = HiveState::log_replayed;
                report.notes.push_back(fmt::format("{}: {} pages of 512 bytes replayed from the log", name,
                                                   report.pages_applied));
                result.image = std::move(image);
                return result;
            }
            report.pages_applied = 0;
            report.notes.push_back(fmt::format("{}: the log does not repair it: {}", name, left.front()));
        }
    }
    if (files.alternate && !files.alternate->empty()) {
        if (const auto problem = alternate_problem(*files.alternate, name)) {
            report.notes.push_back(fmt::format("{}.ALT: not usable: {}", name, *problem));
        } else {
            report.state = HiveState::alternate;
            report.notes.push_back(fmt::format("{0}.ALT taken instead of {0}", name));
            result.image.assign(files.alternate->begin(), files.alternate->end());
            seal_base_block(result.image, load_le<std::uint32_t>(result.image, 4));
            return result;
        }
    }
    if (base && problems.empty()) {
        report.state = HiveState::dirty_as_is;
        report.notes.push_back(fmt::format("{}: dirty and nothing to recover it from; read as it is", name));
        result.image.assign(files.primary.begin(), files.primary.end());
        seal_base_block(result.image, std::max(base->primary_sequence, base->secondary_sequence));
        return result;
    }
    throw Error(name, "the hive is damaged: " + (problems.empty() ? std::string("dirty") : problems.front()),
                "look for a copy in the repair folder, on an emergency repair disk or in a backup");
}

Bytes empty_log(ByteView primary_image) {
    Bytes log(vector_offset + log_sector_size);
    std::copy_n(primary_image.begin(), log_sector_size, log.begin());
    const auto sequence = load_le<std::uint32_t>(log, 4);
    // After a clean write NT 4.0 leaves the log one step behind the primary; a bitmap of zeros follows.
    seal_base_block(log, sequence == 0 ? 0 : sequence - 1);
    constexpr std::size_t off_file_type = 28;
    constexpr std::size_t off_checksum = 508;
    store_le<std::uint32_t>(log, off_file_type, 2);
    store_le<std::uint32_t>(log, off_checksum, base_block_checksum(log));
    std::memcpy(log.data() + vector_offset, "DIRT", 4);
    const std::size_t size = first_page_offset(load_le<std::uint32_t>(log, 40));
    log.resize(std::max(log.size(), size));
    return log;
}

} // namespace ntferry::registry
