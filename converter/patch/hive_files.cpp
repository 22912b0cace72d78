// The files of a hive on a volume.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/hive_files.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::patch {
namespace {

constexpr std::uint64_t largest_hive = std::uint64_t{128} << 20U;

std::optional<Bytes> read_optional(volume::FileSystem& files, const std::string& path) {
    const auto found = files.lookup(path);
    if (!found || found->is_directory())
        return std::nullopt;
    return files.read_file(path, largest_hive);
}

/// Overwrites in place where the size allows: fewer clusters and no index entry change.
void put(volume::FileSystem& files, const std::string& path, ByteView content) {
    const auto found = files.lookup(path);
    if (found && found->size == content.size())
        files.write_at(path, 0, content);
    else
        files.write_file(path, content);
}

} // namespace

std::string hive_path(const std::string& system_root, HiveId hive) {
    return fmt::format("{}\\system32\\config\\{}", system_root, text::to_lower(hive_name(hive)));
}

LoadedHive load_hive(volume::FileSystem& files, const std::string& system_root, HiveId hive) {
    const std::string path = hive_path(system_root, hive);
    const auto primary = read_optional(files, path);
    const auto log = read_optional(files, path + ".log");
    const auto alternate = hive == HiveId::system ? read_optional(files, path + ".alt") : std::nullopt;
    if (!primary && !alternate)
        throw Error(path, "is missing", "the registry of this system cannot be read");
    registry::HiveFiles parts;
    if (primary)
        parts.primary = *primary;
    if (log)
        parts.log = ByteView(*log);
    if (alternate)
        parts.alternate = ByteView(*alternate);
    registry::RecoveredHive recovered = registry::recover_hive(parts, std::string(hive_name(hive)));
    return {std::move(recovered.image), std::move(recovered.report)};
}

std::vector<std::string> store_hive(volume::FileSystem& files, const std::string& system_root, HiveId hive,
                                    ByteView image) {
    const std::string path = hive_path(system_root, hive);
    std::vector<std::string> written;
    const std::string backup = path + ".p2v";
    if (!files.lookup(backup)) {
        if (const auto original = read_optional(files, path)) {
            files.write_file(backup, *original);
            written.push_back(backup);
        }
    }
    put(files, path, image);
    written.push_back(path);
    if (hive == HiveId::system) {
        put(files, path + ".alt", image);
        written.push_back(path + ".alt");
    }
    if (files.lookup(path + ".log")) {
        put(files, path + ".log", registry::empty_log(image));
        written.push_back(path + ".log");
    }
    return written;
}

std::vector<std::string> check_stored_hive(volume::FileSystem& files, const std::string& system_root,
                                           HiveId hive, ByteView image) {
    std::vector<std::string> problems;
    const std::string path = hive_path(system_root, hive);
    const auto primary = read_optional(files, path);
    if (!primary || !std::equal(primary->begin(), primary->end(), image.begin(), image.end())) {
        problems.push_back(path + " does not hold what was written");
        return problems;
    }
    const registry::BaseBlock base = registry::parse_base_block(*primary, path);
    if (!base.checksum_good() || !base.sequences_equal())
        problems.push_back(path + " is not marked clean");
    if (base.major != 1 || base.minor > 3)
        problems.push_back(
            fmt::format("{} has format {}.{}, which NT 4.0 does not load", path, base.major, base.minor));
    for (const std::string& problem : registry::check_bins(*primary, base))
        problems.push_back(path + ": " + problem);
    if (hive == HiveId::system) {
        const auto alternate = read_optional(files, path + ".alt");
        if (!alternate || *alternate != *primary)
            problems.push_back(path + ".alt differs from " + path);
    }
    if (const auto log = read_optional(files, path + ".log");
        log && !registry::log_problem(*log, base, *primary)) {
        const LoadedHive again = load_hive(files, system_root, hive);
        if (again.report.pages_applied != 0)
            problems.push_back(path + ".log would still be replayed");
    }
    return problems;
}

} // namespace ntferry::patch
