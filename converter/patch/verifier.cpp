// Reading back what was written, by fresh mounts and fresh hives, and comparing it with the plan.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/patch/applier.hpp"
#include "converter/patch/hive_files.hpp"
#include "converter/patch/untouched.hpp"
#include "converter/registry/diff.hpp"

#include <fmt/format.h>

#include <map>

namespace ntferry::patch {
namespace {

[[noreturn]] void differs(const std::string& what, const std::string& seen) {
    throw Error(what, "was not found as written: " + seen,
                "this is a defect of NTFerry or of the host's storage; nothing was changed");
}

/// Key and value name without case -> what must be there; nothing: must not be there.
using Expected = std::map<std::pair<std::string, std::string>, std::optional<registry::Value>>;

Expected expected_values(const Plan& plan, HiveId hive) {
    Expected expected;
    for (const Action& action : plan.actions) {
        if (const auto* set = std::get_if<SetValue>(&action.change); set != nullptr && set->hive == hive)
            expected[{text::to_lower(set->key), text::to_lower(set->name)}] = set->value;
        if (const auto* removed = std::get_if<DeleteValue>(&action.change);
            removed != nullptr && removed->hive == hive)
            expected[{text::to_lower(removed->key), text::to_lower(removed->name)}] = std::nullopt;
    }
    return expected;
}

/// True when one of the expected values lies in this key or below it: then the key had to be made.
bool key_is_on_the_way(const Expected& expected, const std::string& key) {
    const std::string lower = text::to_lower(key);
    for (const auto& [place, value] : expected)
        if (value && (place.first == lower || place.first.starts_with(lower + "\\")))
            return true;
    return false;
}

std::string verify_hive(const Plan& plan, HiveId id, ByteView image, Volumes& before, Volumes& after) {
    const std::string name(hive_name(id));
    const std::string& root = plan.system.root;
    volume::FileSystem& files = after.files(plan.system.volume);
    const auto problems = check_stored_hive(files, root, id, image);
    if (!problems.empty())
        differs(name, problems.front());

    const registry::Hive fresh = registry::Hive::open(files.read_file(hive_path(root, id)), name);
    const LoadedHive original = load_hive(before.files(plan.system.volume), root, id);
    const registry::Hive old = registry::Hive::open(original.image, name);
    const Expected expected = expected_values(plan, id);
    for (const auto& [place, value] : expected)
        if (fresh.value(place.first, place.second) != value)
            differs(fmt::format("{}\\{}\\{}", name, place.first, place.second), "it has another value");
    std::size_t changed = 0;
    for (const registry::HiveChange& change : registry::diff_hives(old, fresh)) {
        const bool planned =
            change.value ? expected.contains({text::to_lower(change.key), text::to_lower(*change.value)})
                         : change.key_added && key_is_on_the_way(expected, change.key);
        if (!planned)
            differs(name, "something else changed as well: " + change.describe());
        ++changed;
    }
    return fmt::format("{}: {} values as planned, {} differences to the captured hive, none else", name,
                       expected.size(), changed);
}

std::string verify_file(const Action& action, Volumes& before, Volumes& after) {
    if (const auto* file = std::get_if<WriteFile>(&action.change)) {
        const auto found = after.files(file->volume).lookup(file->path);
        if (!found)
            differs(file->path, "it is not there");
        if (after.files(file->volume).read_file(file->path) != file->content)
            differs(file->path, "it has another content");
        return fmt::format("{}: {} bytes as planned", file->path, file->content.size());
    }
    if (const auto* copied = std::get_if<CopyFile>(&action.change)) {
        volume::FileSystem& old = before.files(copied->volume);
        // A copy kept from an earlier time stays.
        const std::string source = old.lookup(copied->to) ? copied->to : copied->from;
        if (!after.files(copied->volume).lookup(copied->to) ||
            after.files(copied->volume).read_file(copied->to) != old.read_file(source))
            differs(copied->to, "it is not the copy of " + source);
        return copied->to + ": kept";
    }
    if (const auto* renamed = std::get_if<RenameFile>(&action.change)) {
        volume::FileSystem& files = after.files(renamed->volume);
        if (files.lookup(renamed->from) || !files.lookup(renamed->to) ||
            files.read_file(renamed->to) != before.files(renamed->volume).read_file(renamed->from))
            differs(renamed->from, "it was not renamed to " + renamed->to);
        return renamed->from + ": renamed";
    }
    if (const auto* bytes = std::get_if<SetBytes>(&action.change)) {
        Bytes now(bytes->value.size());
        after.disk(bytes->disk).read(bytes->offset, now);
        if (now != bytes->value)
            differs(bytes->what, "the bytes are " + to_hex(now));
        return bytes->what + ": as planned";
    }
    return {};
}

} // namespace

std::vector<std::string> verify_changes(const Plan& plan, const Applied& applied, Volumes& before,
                                        Volumes& after) {
    std::vector<std::string> lines;
    for (const auto& [hive, image] : applied.hives)
        lines.push_back(verify_hive(plan, hive, image, before, after));
    for (const Action& action : plan.actions)
        if (std::string line = verify_file(action, before, after); !line.empty())
            lines.push_back(std::move(line));
    for (std::string& line : verify_untouched(plan, before, after))
        lines.push_back(std::move(line));
    return lines;
}

} // namespace ntferry::patch
