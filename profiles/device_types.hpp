// What a profile may name: device types and processor features.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::profiles {

enum class BusKind : std::uint8_t { pci, isa };

struct DeviceType {
    std::string_view name;
    BusKind bus;
    std::vector<std::string_view> options; ///< names of <option> elements it takes
};

/// Every type, or nullptr.
const DeviceType* device_type(std::string_view name);
std::vector<std::string> device_type_names();

/// Where CPUID leaf 1 shows a feature.
struct CpuFeature {
    bool ecx; ///< in ECX, else in EDX
    std::uint8_t bit;
};
std::optional<CpuFeature> cpu_feature(std::string_view name);
std::vector<std::string> cpu_feature_names();

} // namespace ntferry::profiles
