// Finding the right copy of a file.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/driver_source.hpp"

#include "converter/base/text.hpp"
#include "converter/patch/drivers/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::patch {
namespace {

/// What is on the CD and in neither the SP3 nor the SP5 file list (KB Q172965, Q235373).
constexpr std::array<std::string_view, 4> only_on_cd{"amdpcn.sys", "dc21x4.sys", "ne2000.sys",
                                                     "buslogic.sys"};

bool is_image_name(std::string_view name) {
    const std::string lower = text::to_lower(name);
    return lower.ends_with(".sys") || lower.ends_with(".dll") || lower.ends_with(".exe");
}

/// Higher is better.
int rank(const DriverCopy& copy, const DriverNeed& need) {
    int score = 0;
    const unsigned wanted = need.service_pack.value_or(0);
    if (!copy.service_pack)
        score = 20;
    else if (*copy.service_pack == wanted)
        score = 100;
    else if (*copy.service_pack < wanted)
        score = 50 + static_cast<int>(*copy.service_pack);
    else
        score = 10 - static_cast<int>(*copy.service_pack);
    if (copy.terminal_server != need.terminal_server)
        score -= 200;
    if (copy.kind == MediumKind::installed)
        score += 1; // the file that already worked on this server
    return score;
}

/// Microsoft's own files carry the system's version and build (4.0.1381.N); makers' drivers carry their own.
bool looks_like_nt(const nt::pe::VersionNumber& version) {
    return (version[0] == 3 && (version[1] == 50 || version[1] == 51)) ||
           (version[0] == 4 && version[2] == 1381) || (version[0] == 5 && version[2] >= 2195);
}

std::string unfit_reason(const DriverCopy& copy, const DriverNeed& need) {
    if (is_image_name(copy.name))
        if (std::string problem = native_image_problem(copy.facts); !problem.empty())
            return problem;
    const auto& version = copy.facts.version;
    if (!need.system_version.empty() && version[0] != 0 && copy.kind != MediumKind::installed &&
        fmt::format("{}.{}", version[0], version[1]) != need.system_version && looks_like_nt(version))
        return fmt::format("it is of Windows NT {}.{}, installed is {}", version[0], version[1],
                           need.system_version);
    if (!need.exact)
        return {};
    if (!copy.facts.original_name.empty() && !text::iequals(copy.facts.original_name, copy.name))
        return fmt::format("it is {} under another name", text::to_lower(copy.facts.original_name));
    if (copy.facts.original_name.empty() && copy.kind == MediumKind::installed)
        return "nothing says which file it was on the CD";
    if (copy.terminal_server != need.terminal_server)
        return copy.terminal_server ? "it is of Terminal Server Edition, the installed system is not"
                                    : "it is not of Terminal Server Edition, the installed system is";
    if (copy.service_pack && need.service_pack && *copy.service_pack != *need.service_pack)
        return fmt::format("it is of service pack {}, installed is {}", *copy.service_pack,
                           *need.service_pack);
    if (!copy.service_pack && !need.version)
        return "its service pack is not known";
    if (need.version && copy.facts.version != *need.version)
        return fmt::format("its version is {}, installed is {}", nt::pe::to_string(copy.facts.version),
                           nt::pe::to_string(*need.version));
    return {};
}

} // namespace

const DriverSource::Index& DriverSource::index(std::size_t medium) const {
    const auto [at, fresh] = indices_.try_emplace(medium);
    if (fresh)
        for (const MediumFile& file : media_[medium]->files())
            at->second.paths.emplace(text::to_lower(text::file_name(file.path)), file.path);
    return at->second;
}

FoundDriver DriverSource::find(std::string_view name, const DriverNeed& need) const {
    FoundDriver found;
    std::vector<DriverCopy> good;
    for (std::size_t number = 0; number < media_.size(); ++number) {
        const Medium& medium = *media_[number];
        for (const std::string& stored : {text::to_lower(name), packed_name(name)}) {
            const auto [first, last] = index(number).paths.equal_range(stored);
            for (auto at = first; at != last; ++at) {
                DriverCopy copy;
                copy.name = name;
                copy.kind = medium.info().kind;
                copy.origin = fmt::format("{}{}: {}", medium_kind_name(copy.kind),
                                          copy.kind == MediumKind::installed ? "" : " " + medium.info().name,
                                          at->second);
                copy.service_pack = medium.service_pack_of(at->second);
                copy.terminal_server = medium.terminal_server_of(at->second);
                try {
                    copy.content = expand(medium.read(at->second), name, copy.origin);
                } catch (const Error& error) {
                    found.rejected.push_back(fmt::format("{}: {}", copy.origin, error.problem()));
                    continue;
                }
                copy.facts = image_facts(copy.content, copy.origin);
                if (const std::string reason = unfit_reason(copy, need); !reason.empty())
                    found.rejected.push_back(fmt::format("{}: {}", copy.origin, reason));
                else
                    good.push_back(std::move(copy));
            }
        }
    }
    const auto best =
        std::max_element(good.begin(), good.end(), [&](const DriverCopy& a, const DriverCopy& b) {
            return rank(a, need) < rank(b, need);
        });
    if (best != good.end())
        found.copy = std::move(*best);
    return found;
}

std::string where_to_find(std::string_view name, std::string_view version) {
    const std::string lower = text::to_lower(name);
    const std::string packed = text::to_upper(packed_name(name));
    const std::string cd = version == "5.0" ? "a Windows 2000 CD"
                                            : fmt::format("an NT {} CD", version.empty() ? "4.0" : version);
    if (std::find(only_on_cd.begin(), only_on_cd.end(), lower) != only_on_cd.end())
        return fmt::format("{} has it (\\I386\\{}); no service pack does", cd, packed);
    return fmt::format("the installed service pack has it ({}), else {} (\\I386\\{})", text::to_upper(lower),
                       cd, packed);
}

} // namespace ntferry::patch
