// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/guest_memory.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace ntferry::vmm {

void GuestMemory::add_region(GuestAddress start, MutableByteView bytes) {
    const auto at = std::upper_bound(regions_.begin(), regions_.end(), start,
                                     [](GuestAddress a, const Region& region) { return a < region.start; });
    assert(at == regions_.end() || start + bytes.size() <= at->start);
    assert(at == regions_.begin() || (at - 1)->start + (at - 1)->bytes.size() <= start);
    regions_.insert(at, Region{start, bytes});
}

const GuestMemory::Region* GuestMemory::find(GuestAddress address) const {
    const auto after =
        std::upper_bound(regions_.begin(), regions_.end(), address,
                         [](GuestAddress a, const Region& region) { return a < region.start; });
    if (after == regions_.begin())
        return nullptr;
    const Region& region = *(after - 1);
    return address - region.start < region.bytes.size() ? &region : nullptr;
}

MutableByteView GuestMemory::span(GuestAddress address, std::uint64_t length) const {
    const Region* region = find(address);
    if (region == nullptr)
        return {};
    const std::uint64_t offset = address - region->start;
    if (length > region->bytes.size() - offset)
        return {};
    return region->bytes.subspan(offset, length);
}

bool GuestMemory::read(GuestAddress address, MutableByteView out) const {
    bool complete = true;
    while (!out.empty()) {
        const Region* region = find(address);
        std::size_t count = 1;
        if (region != nullptr) {
            const std::uint64_t offset = address - region->start;
            count = std::min<std::uint64_t>(out.size(), region->bytes.size() - offset);
            std::memcpy(out.data(), region->bytes.data() + offset, count);
        } else {
            out[0] = 0xFF;
            complete = false;
        }
        address += count;
        out = out.subspan(count);
    }
    return complete;
}

bool GuestMemory::write(GuestAddress address, ByteView data) {
    bool complete = true;
    while (!data.empty()) {
        const Region* region = find(address);
        std::size_t count = 1;
        if (region != nullptr) {
            const std::uint64_t offset = address - region->start;
            count = std::min<std::uint64_t>(data.size(), region->bytes.size() - offset);
            std::memcpy(region->bytes.data() + offset, data.data(), count);
        } else {
            complete = false;
        }
        address += count;
        data = data.subspan(count);
    }
    if (on_write)
        on_write();
    return complete;
}

std::uint8_t GuestMemory::read8(GuestAddress address) const {
    std::uint8_t bytes[1];
    read(address, bytes);
    return bytes[0];
}

std::uint16_t GuestMemory::read16(GuestAddress address) const {
    std::uint8_t bytes[2];
    read(address, bytes);
    return load_le<std::uint16_t>(bytes, 0);
}

std::uint32_t GuestMemory::read32(GuestAddress address) const {
    std::uint8_t bytes[4];
    read(address, bytes);
    return load_le<std::uint32_t>(bytes, 0);
}

void GuestMemory::write8(GuestAddress address, std::uint8_t value) {
    write(address, ByteView(&value, 1));
}

void GuestMemory::write16(GuestAddress address, std::uint16_t value) {
    std::uint8_t bytes[2];
    store_le(MutableByteView(bytes), 0, value);
    write(address, bytes);
}

void GuestMemory::write32(GuestAddress address, std::uint32_t value) {
    std::uint8_t bytes[4];
    store_le(MutableByteView(bytes), 0, value);
    write(address, bytes);
}

} // namespace ntferry::vmm
