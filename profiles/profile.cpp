// Profile as a value: look-ups and the settings one machine may change.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/profile.hpp"

#include "converter/base/error.hpp"
#include "profiles/device_types.hpp"
#include "profiles/xml_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

namespace ntferry::profiles {
namespace {

std::uint64_t bounded(const std::string& name, const std::string& text, std::uint64_t minimum,
                      std::uint64_t maximum) {
    std::uint64_t value = 0;
    if (!parse_size(text, value) || value < minimum || value > maximum)
        throw Error(name, fmt::format("\"{}\"", text), fmt::format("allowed: {} to {}", minimum, maximum),
                    ErrorKind::usage);
    return value;
}

/// "+mmx -tsc" changes the list, "fpu tsc" replaces it.
void change_features(CpuModel& cpu, const std::string& name, const std::string& text) {
    const std::vector<std::string> words = split_words(text);
    const bool relative = !words.empty() && (words[0][0] == '+' || words[0][0] == '-');
    if (!relative)
        cpu.features.clear();
    for (const std::string& word : words) {
        const std::string feature = relative ? word.substr(1) : word;
        if (!cpu_feature(feature))
            throw Error(name, fmt::format("unknown feature \"{}\"", feature),
                        fmt::format("allowed: {}", fmt::join(cpu_feature_names(), " ")), ErrorKind::usage);
        std::erase(cpu.features, feature);
        if (!relative || word[0] == '+')
            cpu.features.push_back(feature);
    }
}

struct Setting {
    const char* name;
    std::function<void(Profile&, const std::string& name, const std::string& text)> apply;
};

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all = {
        {"cpu.max_leaf",
         [](Profile& p, const std::string& n, const std::string& t) {
             p.cpu.max_leaf = static_cast<std::uint32_t>(bounded(n, t, 1, 3));
         }},
        {"cpu.family",
         [](Profile& p, const std::string& n, const std::string& t) {
             p.cpu.family = static_cast<std::uint8_t>(bounded(n, t, 4, 15));
         }},
        {"cpu.model",
         [](Profile& p, const std::string& n, const std::string& t) {
             p.cpu.model = static_cast<std::uint8_t>(bounded(n, t, 0, 15));
         }},
        {"cpu.stepping",
         [](Profile& p, const std::string& n, const std::string& t) {
             p.cpu.stepping = static_cast<std::uint8_t>(bounded(n, t, 0, 15));
         }},
        {"cpu.features",
         [](Profile& p, const std::string& n, const std::string& t) { change_features(p.cpu, n, t); }},
        {"ide.interrupt_delay_us",
         [](Profile& p, const std::string& n, const std::string& t) {
             p.ide_interrupt_delay_us = static_cast<unsigned>(bounded(n, t, 0, 10000));
         }},
        {"rtc.time",
         [](Profile& p, const std::string& n, const std::string& t) {
             if (t != "local" && t != "utc")
                 throw Error(n, fmt::format("\"{}\"", t), "allowed: local, utc", ErrorKind::usage);
             p.rtc_local_time = t == "local";
         }},
        {"limits.memory_maximum",
         [](Profile& p, const std::string& n, const std::string& t) {
             p.limits.memory_maximum = bounded(n, t, 1U << 20U, std::uint64_t{3} << 30U);
         }},
    };
    return all;
}

} // namespace

bool CpuModel::has(std::string_view feature) const {
    return std::find(features.begin(), features.end(), feature) != features.end();
}

const DeviceSpec* Profile::find(std::string_view type) const {
    const auto at =
        std::find_if(devices.begin(), devices.end(), [&](const DeviceSpec& d) { return d.type == type; });
    return at == devices.end() ? nullptr : &*at;
}

void apply_override(Profile& profile, const std::string& name, const std::string& value) {
    std::vector<std::string> names;
    for (const Setting& setting : settings()) {
        if (name == setting.name) {
            setting.apply(profile, name, value);
            return;
        }
        names.emplace_back(setting.name);
    }
    throw Error(name, "no such setting", fmt::format("allowed: {}", fmt::join(names, ", ")),
                ErrorKind::usage);
}

} // namespace ntferry::profiles
