// What the kernel starts after its drivers: the session manager and what it needs, a display, a network card.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/check/walk.hpp"

#include "converter/base/text.hpp"
#include "converter/nt/services.hpp"

#include <fmt/format.h>

#include <array>

namespace ntferry::check {
namespace {

struct SystemFile {
    const char* name; ///< below system32
    const char* symptom;
};

constexpr std::array<SystemFile, 7> system_files{{
    {"ntdll.dll", "STOP 0x6B (C0000034)"},
    {"smss.exe", "STOP 0x6F"},
    {"csrss.exe", "STOP C000021A"},
    {"winlogon.exe", "STOP C000021A"},
    {"win32k.sys", "STOP C000021A"},
    {"kernel32.dll", "STOP C0000135"},
    {"lsass.exe", "no logon"},
}};

void check_files(Walk& walk) {
    for (const SystemFile& file : system_files) {
        const std::string id = fmt::format("session.{}", file.name);
        const std::string path = walk.subject().system32(file.name);
        const auto content = walk.read(path);
        if (!content) {
            walk.broken(id, path + " is missing", file.symptom,
                        "restore it from the medium of the installed service pack");
            continue;
        }
        const patch::ImageFacts facts = patch::image_facts(*content, path);
        if (!facts.problem.empty() || facts.machine != nt::pe::machine_i386)
            walk.broken(id,
                        fmt::format("{}: {}", path,
                                    facts.problem.empty() ? "made for another processor" : facts.problem),
                        file.symptom);
        else if (!facts.checksum_good && std::string_view(file.name) == "ntdll.dll")
            walk.broken(id, path + ": its checksum is wrong", "STOP C0000221");
        else
            walk.good(id, path);
    }
}

/// A display miniport that starts and whose driver files are there; else vga or VgaSave.
void check_display(Walk& walk, const std::string& set, const std::vector<nt::Service>& services) {
    const registry::Hive& hive = walk.subject().hive(patch::HiveId::system);
    for (const nt::Service& service : services) {
        if (!(service.in_group("Video") || service.in_group("Video Save")) ||
            service.start > nt::start_system)
            continue;
        for (const std::string& name : hive.strings(
                 fmt::format("{}\\Services\\{}\\Device0", set, service.name), "InstalledDisplayDrivers"))
            if (walk.read(walk.subject().system32(name + ".dll"))) {
                walk.good("session.display", fmt::format("{} with {}.dll", service.name, name));
                return;
            }
    }
    walk.broken("session.display",
                "no display miniport that starts has a display driver (Device0\\InstalledDisplayDrivers)",
                "STOP C0000143", "patch with the rule 'video' (KB Q170397)");
}

void check_network(Walk& walk, const std::vector<nt::Service>& services) {
    for (const nt::Service& service : services)
        if (service.in_group("NDIS") && service.is_driver() && service.start <= nt::start_demand &&
            (text::iequals(service.name, "AMDPCN") || text::iequals(service.name, "DC21X4"))) {
            const std::string path =
                walk.subject().system32("drivers\\" + text::to_lower(service.name) + ".sys");
            const auto content = walk.read(path);
            const auto facts = content ? patch::image_facts(*content, path) : patch::ImageFacts{};
            if (!content)
                walk.notice("session.network", path + " is missing",
                            "event 7000: the network does not start");
            else if (const auto lines = walk.modules().unresolved(facts); !lines.empty())
                walk.notice("session.network", fmt::format("{} needs {}", path, lines.front()),
                            "event 7000: the network does not start");
            else
                walk.good("session.network", fmt::format("{} starts ({})", service.name, path));
            return;
        }
    walk.notice("session.network", "no driver of the machine's network card starts",
                "the machine has no network", "patch with the rule 'network'");
}

} // namespace

void walk_session(Walk& walk) {
    check_files(walk);
    const registry::Hive& system = walk.subject().hive(patch::HiveId::system);
    const std::string set = patch::Subject::control_set_key(
        system.dword("Select", "Default").value_or(walk.subject().current_set()));
    const auto services = nt::read_services(system, set);
    check_display(walk, set, services);
    check_network(walk, services);
}

} // namespace ntferry::check
