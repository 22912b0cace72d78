// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/device_types.hpp"

#include <algorithm>
#include <utility>

namespace ntferry::profiles {
namespace {

const std::vector<DeviceType>& types() {
    static const std::vector<DeviceType> all = {
        {"i440fx", BusKind::pci, {}},
        {"piix3-isa", BusKind::pci, {}},
        {"piix3-ide", BusKind::pci, {}},
        {"stdvga", BusKind::pci, {"memory"}},
        // A network slot: models lists what may be plugged in there, its own type is the default.
        {"pcnet", BusKind::pci, {"models"}},
        {"dec21140", BusKind::pci, {"models"}},
        {"i8042", BusKind::isa, {}},
        {"fdc", BusKind::isa, {}},
        {"serial", BusKind::isa, {}},
        {"parallel", BusKind::isa, {}},
    };
    return all;
}

// Intel SDM volume 2A, CPUID, tables 3-10 and 3-11: the bits a processor of the 1990s could have.
const std::vector<std::pair<std::string_view, CpuFeature>>& features() {
    static const std::vector<std::pair<std::string_view, CpuFeature>> all = {
        {"fpu", {false, 0}},    {"vme", {false, 1}},  {"de", {false, 2}},    {"pse", {false, 3}},
        {"tsc", {false, 4}},    {"msr", {false, 5}},  {"pae", {false, 6}},   {"mce", {false, 7}},
        {"cx8", {false, 8}},    {"apic", {false, 9}}, {"sep", {false, 11}},  {"mtrr", {false, 12}},
        {"pge", {false, 13}},   {"mca", {false, 14}}, {"cmov", {false, 15}}, {"pat", {false, 16}},
        {"pse36", {false, 17}}, {"mmx", {false, 23}}, {"fxsr", {false, 24}}, {"sse", {false, 25}},
        {"sse2", {false, 26}},
    };
    return all;
}

} // namespace

const DeviceType* device_type(std::string_view name) {
    const auto at = std::find_if(types().begin(), types().end(),
                                 [&](const DeviceType& type) { return type.name == name; });
    return at == types().end() ? nullptr : &*at;
}

std::vector<std::string> device_type_names() {
    std::vector<std::string> names;
    for (const DeviceType& type : types())
        names.emplace_back(type.name);
    return names;
}

std::optional<CpuFeature> cpu_feature(std::string_view name) {
    for (const auto& [feature, where] : features())
        if (feature == name)
            return where;
    return std::nullopt;
}

std::vector<std::string> cpu_feature_names() {
    std::vector<std::string> names;
    for (const auto& [feature, where] : features())
        names.emplace_back(feature);
    return names;
}

} // namespace ntferry::profiles
