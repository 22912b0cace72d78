// Registers: what a string instruction depends on, as plain values.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>

namespace ntferry::vmm::kvm {

/// The hidden part of a segment register. Intel SDM volume 3A, 3.4.5.
struct Segment {
    std::uint64_t base = 0;
    std::uint32_t limit = 0; ///< the last offset in bytes; of an expand-down segment the last one outside
    std::uint8_t type = 0;   ///< bit 3 code, 2 expand-down or conforming, 1 writable or readable, 0 accessed
    bool large = false;      ///< D/B: 32-bit code
    bool usable = false;
};

struct Registers {
    enum General : std::uint8_t { ax, cx, dx, bx, sp, bp, si, di, general_count = 16 };
    /// As the encoding of instructions numbers them.
    enum SegmentNumber : std::uint8_t { es, cs, ss, ds, fs, gs, segment_count };

    std::array<std::uint64_t, general_count> general{};
    std::uint64_t rip = 0;
    std::uint64_t rflags = 2;
    std::array<Segment, segment_count> segments{};
    std::uint32_t cr0 = 0;
    std::uint32_t cr3 = 0;
    std::uint32_t cr4 = 0;
    unsigned ring = 0;
    bool long_mode = false; ///< EFER.LMA
};

} // namespace ntferry::vmm::kvm
