// The hives: NTLDR loads SYSTEM, the kernel the others.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/check/walk.hpp"

#include "converter/base/text.hpp"
#include "converter/nt/file_access.hpp"
#include "converter/patch/hive_files.hpp"
#include "converter/registry/editor.hpp"

#include <fmt/format.h>

namespace ntferry::check {
namespace {

constexpr std::uint64_t largest_hive = std::uint64_t{128} << 20U;
/// Hive and kernel lie below 16 MB while NTLDR runs; Microsoft names 11.5 MB (KB 216369).
constexpr std::size_t system_limit = std::size_t{23} << 19U;

std::string last_known_good(const std::string& path) {
    return fmt::format("'Windows NT could not start because the following file is missing or corrupt: {}', "
                       "then the Last Known "
                       "Good menu",
                       path);
}

/// Minor format versions that the system loads: 1.3, from Windows XP on 1.5 and 1.6 as well.
std::uint32_t newest_format(patch::Subject& subject) {
    const bool newer = subject.has_nt() && subject.product().version > "5.0";
    return newer ? 6 : 3;
}

/// What NTLDR or the kernel would not like about a hive as it lies on the disk.
std::string hive_problem(ByteView image, const std::string& name, std::uint32_t newest = 3) {
    try {
        const registry::BaseBlock base = registry::parse_base_block(image, name);
        if (!base.checksum_good())
            return "the checksum of its base block is wrong";
        if (base.major != 1 || base.minor > newest)
            return fmt::format("its format is {}.{}, NT 4.0 knows 1.3", base.major, base.minor);
        const auto bins = registry::check_bins(image, base);
        if (!bins.empty())
            return bins.front();
    } catch (const Error& error) {
        return error.problem();
    }
    return {};
}

bool is_dirty(ByteView image) {
    return !registry::parse_base_block(image, "hive").sequences_equal();
}

void check_system(Walk& walk) {
    patch::Subject& subject = walk.subject();
    const std::string path = patch::hive_path(subject.system().root, patch::HiveId::system);
    const auto primary = nt::read_if_there(subject.files(), path, largest_hive);
    const auto alternate = nt::read_if_there(subject.files(), path + ".alt", largest_hive);
    std::string problem =
        primary ? hive_problem(*primary, "SYSTEM", newest_format(subject)) : "it is missing";
    if (problem.empty() && is_dirty(*primary))
        problem = "it was being written when the server stopped";
    const bool alternate_good = alternate &&
                                hive_problem(*alternate, "SYSTEM.ALT", newest_format(subject)).empty() &&
                                !is_dirty(*alternate);
    if (!problem.empty())
        walk.defect(!alternate_good, "hive.system", fmt::format("{}: {}", path, problem),
                    alternate_good ? "NTLDR takes SYSTEM.ALT instead" : last_known_good(path),
                    "any patch writes a clean SYSTEM and an equal SYSTEM.ALT");
    else if (!alternate || *alternate != *primary)
        walk.notice("hive.system", path + " is good, SYSTEM.ALT is not equal to it",
                    "no second chance when SYSTEM is damaged", "any patch writes both");
    else
        walk.good("hive.system",
                  fmt::format("{} and SYSTEM.ALT are clean and equal, {} bytes", path, primary->size()));
    if (!primary)
        return;
    if (primary->size() > system_limit)
        walk.broken("hive.system.size", fmt::format("SYSTEM has {} bytes", primary->size()),
                    last_known_good(path), "NTLDR loads about 11.5 MB: the hive must shrink (KB 216369)");
    else if (primary->size() > registry::system_hive_warn)
        walk.notice("hive.system.size", fmt::format("SYSTEM has {} bytes", primary->size()),
                    "near the limit of 11.5 MB");
    else
        walk.good("hive.system.size", fmt::format("SYSTEM has {} bytes", primary->size()));
    if (const std::string reach = walk.out_of_reach(subject.system().volume, path); !reach.empty())
        walk.broken("hive.system.reach", reach, last_known_good(path), "the file must lie below the limit");
}

void check_select(Walk& walk) {
    const registry::Hive& system = walk.subject().hive(patch::HiveId::system);
    const auto number = system.dword("Select", "Default");
    const std::string set = number ? patch::Subject::control_set_key(*number) : "";
    if (!number || !system.find(set + "\\Services"))
        walk.broken(
            "hive.select",
            fmt::format("Select\\Default names {}", number ? set + ", which does not exist" : "nothing"),
            last_known_good("SYSTEM"));
    else
        walk.good("hive.select", fmt::format("Select\\Default is {}", set));
}

void check_other(Walk& walk, const char* name, const char* symptom) {
    patch::Subject& subject = walk.subject();
    const std::string path = fmt::format("{}\\system32\\config\\{}", subject.system().root, name);
    const std::string id = fmt::format("hive.{}", name);
    const auto image = nt::read_if_there(subject.files(), path, largest_hive);
    if (!image) {
        walk.notice(id, path + " is missing", symptom);
        return;
    }
    if (const std::string problem = hive_problem(*image, name, newest_format(subject)); !problem.empty()) {
        const auto log = nt::read_if_there(subject.files(), path + ".log", largest_hive);
        bool recovers = false;
        if (log) {
            try {
                registry::recover_hive({*image, ByteView(*log), std::nullopt}, name);
                recovers = true;
            } catch (const Error&) {
                recovers = false;
            }
        }
        walk.defect(!recovers, id,
                    fmt::format("{}: {}{}", path, problem, recovers ? "; its log mends it" : ""), symptom);
        return;
    }
    walk.good(id, fmt::format("{}, {}", path, is_dirty(*image) ? "NT replays its log" : "clean"));
}

} // namespace

void walk_registry(Walk& walk) {
    check_system(walk);
    if (walk.subject().has_nt())
        check_select(walk);
    check_other(walk, "software", "STOP C0000218");
    check_other(walk, "default", "STOP C0000218");
    check_other(walk, "sam", "STOP C0000218 or no logon");
    check_other(walk, "security", "STOP C0000218 or no logon");
}

} // namespace ntferry::check
