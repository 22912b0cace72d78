// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/tables.hpp"

#include <algorithm>
#include <string_view>

namespace ntferry::vmm {
namespace {

constexpr std::size_t PARAGRAPH = 16;
constexpr std::size_t MP_POINTER_SIZE = 16;
constexpr std::size_t RSDP_SIZE = 20;

bool valid(ByteView memory, std::size_t at, std::string_view signature, std::size_t size) {
    if (at + size > memory.size() ||
        !std::equal(signature.begin(), signature.end(), memory.begin() + static_cast<std::ptrdiff_t>(at)))
        return false;
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum = static_cast<std::uint8_t>(sum + memory[at + i]);
    return sum == 0;
}

void blank(MutableByteView memory, std::size_t at, std::size_t size) {
    std::fill_n(memory.begin() + static_cast<std::ptrdiff_t>(at), size, std::uint8_t{0});
}

} // namespace

HiddenTables hide_tables(MutableByteView f_segment, bool hide_mp) {
    HiddenTables hidden;
    for (std::size_t at = 0; at < f_segment.size(); at += PARAGRAPH) {
        if (hide_mp && valid(f_segment, at, "_MP_", MP_POINTER_SIZE)) {
            blank(f_segment, at, MP_POINTER_SIZE);
            ++hidden.mp;
        } else if (valid(f_segment, at, "RSD PTR ", RSDP_SIZE)) {
            blank(f_segment, at, RSDP_SIZE);
            ++hidden.acpi;
        }
    }
    return hidden;
}

} // namespace ntferry::vmm
