// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/hives.hpp"

#include "converter/base/text.hpp"

#include <algorithm>

namespace ntferry::nt {
namespace {

constexpr std::uint64_t hive_limit = std::uint64_t{96} << 20U; // NT 4.0's paged pool ends earlier

std::optional<Bytes> read_quietly(volume::FileSystem& files, const std::string& path) {
    try {
        return read_if_there(files, path, hive_limit);
    } catch (const Error&) {
        return std::nullopt; // a log that cannot be read is a log that is not there
    }
}

HiveFacts load(volume::FileSystem& files, const SystemPlace& place, const std::string& name,
               std::optional<registry::Hive>* into) {
    HiveFacts facts;
    facts.name = name;
    facts.path = place.below("system32\\config\\" + name);
    try {
        std::optional<Bytes> primary = read_if_there(files, facts.path, hive_limit);
        if (!primary) {
            facts.problem = "there is no such file";
            return facts;
        }
        facts.present = true;
        facts.size = primary->size();
        const std::optional<Bytes> log = read_quietly(files, facts.path + ".LOG");
        std::optional<Bytes> alternate =
            name == "SYSTEM" ? read_quietly(files, facts.path + ".ALT") : std::nullopt;
        if (alternate) {
            facts.alternate_present = true;
            facts.alternate_equal =
                alternate->size() == primary->size() && primary->size() > registry::base_block_size &&
                std::equal(alternate->begin() + registry::base_block_size, alternate->end(),
                           primary->begin() + registry::base_block_size);
        }
        const auto view = [](const std::optional<Bytes>& bytes) {
            return bytes ? std::optional<ByteView>(*bytes) : std::nullopt;
        };
        registry::RecoveredHive recovered =
            registry::recover_hive({*primary, view(log), view(alternate)}, name);
        facts.recovery = std::move(recovered.report);
        facts.needs_recovery = facts.recovery.state != registry::HiveState::clean;
        primary.reset(); // a large SOFTWARE hive is not held three times
        alternate.reset();
        registry::Hive hive = registry::Hive::open(recovered.image, name);
        facts.minor = hive.base().minor;
        facts.usable = true;
        if (into != nullptr)
            *into = std::move(hive);
    } catch (const Error& error) {
        facts.needs_recovery = true;
        facts.problem = error.problem();
    }
    return facts;
}

} // namespace

const HiveFacts* Hives::find(std::string_view name) const {
    const auto found = std::find_if(facts.begin(), facts.end(),
                                    [&](const HiveFacts& one) { return text::iequals(one.name, name); });
    return found == facts.end() ? nullptr : &*found;
}

Hives load_hives(DiskSet& disks, const SystemPlace& place) {
    Hives hives;
    volume::FileSystem* files = disks.files(place.volume);
    if (files == nullptr)
        return hives;
    hives.facts.push_back(load(*files, place, "SYSTEM", &hives.system));
    hives.facts.push_back(load(*files, place, "SOFTWARE", &hives.software));
    hives.facts.push_back(load(*files, place, "SECURITY", &hives.security));
    hives.facts.push_back(load(*files, place, "SAM", nullptr));
    hives.facts.push_back(load(*files, place, "DEFAULT", nullptr));
    return hives;
}

} // namespace ntferry::nt
