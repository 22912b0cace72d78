// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/mmio_bus.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::vmm {

void MmioBus::claim(GuestAddress start, std::uint64_t length, MmioDevice& device, std::string_view name) {
    for (const Claim& claim : claims_)
        if (start < claim.start + claim.length && claim.start < start + length)
            throw Error(std::string(name), fmt::format("memory {:X}h-{:X}h overlaps {:X}h-{:X}h of {}", start,
                                                       start + length - 1, claim.start,
                                                       claim.start + claim.length - 1, claim.name));
    const auto at = std::upper_bound(claims_.begin(), claims_.end(), start,
                                     [](GuestAddress a, const Claim& claim) { return a < claim.start; });
    claims_.insert(at, Claim{start, length, &device, std::string(name)});
}

void MmioBus::release(GuestAddress start, MmioDevice& device) {
    std::erase_if(claims_,
                  [&](const Claim& claim) { return claim.start == start && claim.device == &device; });
}

MmioBus::Claim* MmioBus::find(GuestAddress address, unsigned width) {
    const auto after = std::upper_bound(claims_.begin(), claims_.end(), address,
                                        [](GuestAddress a, const Claim& claim) { return a < claim.start; });
    if (after == claims_.begin())
        return nullptr;
    Claim& claim = *(after - 1);
    const std::uint64_t offset = address - claim.start;
    return offset < claim.length && width <= claim.length - offset ? &claim : nullptr;
}

std::uint64_t MmioBus::read(GuestAddress address, unsigned width) {
    if (Claim* claim = find(address, width))
        return claim->device->mmio_read(address - claim->start, width);
    return ~std::uint64_t{0} >> (64U - 8U * width);
}

void MmioBus::write(GuestAddress address, unsigned width, std::uint64_t value) {
    if (Claim* claim = find(address, width))
        claim->device->mmio_write(address - claim->start, width, value);
}

} // namespace ntferry::vmm
