// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID.
#include "vmm/machine/cpuid.hpp"

#include "profiles/device_types.hpp"

#include <cstring>

namespace ntferry::vmm {
namespace {

constexpr std::uint32_t BIT_APIC = 1U << 9U;

std::uint32_t word(const std::string& text, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4 && at + i < text.size(); ++i)
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i])) << (8U * i);
    return value;
}

/// Descriptor bytes fill EAX (above the count), EDX, ECX, EBX, as Intel's processors show them.
kvm::CpuidEntry cache_leaf(const std::vector<std::uint8_t>& descriptors) {
    kvm::CpuidEntry leaf;
    leaf.function = 2;
    leaf.eax = 1;
    std::uint32_t* const registers[] = {&leaf.eax, &leaf.edx, &leaf.ecx, &leaf.ebx};
    for (std::size_t i = 0; i < descriptors.size() && i < 15; ++i) {
        const std::size_t byte = i + 1;
        *registers[byte / 4] |= static_cast<std::uint32_t>(descriptors[i]) << (8U * (byte % 4));
    }
    return leaf;
}

} // namespace

std::vector<kvm::CpuidEntry> cpuid_leaves(const profiles::CpuModel& model, std::uint32_t host_features,
                                          unsigned apic_id, unsigned cpus) {
    static_cast<void>(cpus);
    std::vector<kvm::CpuidEntry> leaves;
    kvm::CpuidEntry vendor;
    vendor.eax = model.max_leaf;
    vendor.ebx = word(model.vendor, 0);
    vendor.edx = word(model.vendor, 4);
    vendor.ecx = word(model.vendor, 8);
    leaves.push_back(vendor);

    kvm::CpuidEntry features;
    features.function = 1;
    features.eax = static_cast<std::uint32_t>(model.family << 8U | model.model << 4U | model.stepping);
    features.ebx = apic_id << 24U;
    for (const std::string& name : model.features)
        if (const auto where = profiles::cpu_feature(name))
            (where->ecx ? features.ecx : features.edx) |= 1U << where->bit;
    features.edx &= host_features | BIT_APIC;
    leaves.push_back(features);

    if (model.max_leaf >= 2)
        leaves.push_back(cache_leaf(model.cache_descriptors));
    if (model.max_leaf >= 3)
        leaves.push_back({.function = 3}); // serial number switched off
    if (model.max_extended_leaf >= 0x80000000) {
        leaves.push_back({.function = 0x80000000, .eax = model.max_extended_leaf});
        for (std::uint32_t leaf = 0x80000001; leaf <= model.max_extended_leaf; ++leaf) {
            kvm::CpuidEntry entry;
            entry.function = leaf;
            if (leaf >= 0x80000002 && leaf <= 0x80000004) {
                const std::size_t at = (leaf - 0x80000002) * std::size_t{16};
                entry.eax = word(model.brand, at);
                entry.ebx = word(model.brand, at + 4);
                entry.ecx = word(model.brand, at + 8);
                entry.edx = word(model.brand, at + 12);
            }
            leaves.push_back(entry);
        }
    }
    return leaves;
}

} // namespace ntferry::vmm
