// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/hardware_profiles.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ntferry::nt {
namespace {

constexpr std::size_t profiles_limit = 64;
constexpr std::size_t devices_limit = 2048; // of one profile
/// CSCONFIGFLAG_DISABLED, _DO_NOT_CREATE and _DO_NOT_START (Windows DDK, regstr.h).
constexpr std::uint32_t disabling_flags = 0x7;

unsigned profile_number(const std::string& key) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
    return error == std::errc() && end == key.data() + key.size() ? number : 0;
}

/// Enum\ENUMERATOR\DEVICE\INSTANCE of the profile holds the flags, the same path of the control set the
/// service.
std::vector<std::string> disabled_services(const registry::Hive& system, const std::string& control_set,
                                           const registry::Key& profile) {
    std::vector<std::string> services;
    const auto devices = profile.find("System\\CurrentControlSet\\Enum");
    if (!devices)
        return services;
    std::size_t seen = 0;
    for (const registry::Key& enumerator : devices->children())
        for (const registry::Key& device : enumerator.children())
            for (const registry::Key& instance : device.children()) {
                if (seen++ == devices_limit)
                    return services;
                if ((instance.dword("CSConfigFlags").value_or(0) & disabling_flags) == 0)
                    continue;
                const std::string path =
                    fmt::format("{}\\{}\\{}", enumerator.name(), device.name(), instance.name());
                const std::string service =
                    system.string(control_set + "\\Enum\\" + path, "Service").value_or(path);
                services.push_back(text::printable(service, 100));
            }
    return services;
}

} // namespace

std::vector<HardwareProfile> read_hardware_profiles(const registry::Hive& system,
                                                    const std::string& control_set) {
    std::vector<HardwareProfile> profiles;
    const auto root = system.find(control_set + "\\Hardware Profiles");
    if (!root)
        return profiles;
    const std::string names = control_set + "\\Control\\IDConfigDB";
    const std::uint32_t current = system.dword(names, "CurrentConfig").value_or(1);
    for (const registry::Key& key : root->children()) {
        if (profiles.size() == profiles_limit)
            break;
        HardwareProfile profile;
        profile.number = profile_number(key.name());
        if (profile.number == 0)
            continue;
        profile.name = text::printable(system.string(names, "FriendlyName" + key.name()).value_or(""), 100);
        profile.current = profile.number == current;
        profile.disabled = disabled_services(system, control_set, key);
        profiles.push_back(std::move(profile));
    }
    std::sort(profiles.begin(), profiles.end(),
              [](const HardwareProfile& a, const HardwareProfile& b) { return a.number < b.number; });
    return profiles;
}

} // namespace ntferry::nt
