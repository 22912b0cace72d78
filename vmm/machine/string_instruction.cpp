// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/string_instruction.hpp"

#include <algorithm>
#include <cstring>

namespace ntferry::vmm {
namespace {

using kvm::Registers;

constexpr std::uint64_t EFLAGS_TF = 1U << 8U;
constexpr std::uint64_t EFLAGS_DF = 1U << 10U;
constexpr std::uint64_t EFLAGS_AC = 1U << 18U;
constexpr unsigned LONGEST_INSTRUCTION = 15;

std::uint32_t mask(bool wide) {
    return wide ? 0xFFFFFFFFU : 0xFFFFU;
}

/// The low half or all of it; the rest stays.
void put(std::uint64_t& target, std::uint32_t value, bool wide) {
    target = (target & ~std::uint64_t{mask(wide)}) | (value & mask(wide));
}

/// One operand of the instruction, as far as its next elements lie in one page.
class Operand {
  public:
    Operand(std::uint64_t& pointer, bool wide, int step)
        : pointer_(pointer), wide_(wide), width_(static_cast<unsigned>(step < 0 ? -step : step)),
          step_(step) {}

    std::uint32_t offset() const { return static_cast<std::uint32_t>(pointer_) & mask(wide_); }
    unsigned width() const { return width_; }

    /// How many elements from here on lie in the page of the first (at this physical address), in the segment
    /// and before the pointer wraps.
    std::uint32_t reach(GuestAddress at, std::uint32_t segment_limit) const {
        const std::uint32_t in_page = at % LinearMemory::page_size;
        const std::uint32_t here = offset();
        if (step_ < 0)
            return std::min(in_page, here) / width_ + 1;
        const std::uint64_t last = std::min(segment_limit, mask(wide_));
        const std::uint64_t bytes =
            std::min<std::uint64_t>(LinearMemory::page_size - in_page, last + 1 - here);
        return static_cast<std::uint32_t>(bytes / width_);
    }
    void advance(std::uint32_t elements) {
        put(pointer_, offset() + elements * static_cast<std::uint32_t>(step_), wide_);
    }

  private:
    std::uint64_t& pointer_;
    bool wide_;
    unsigned width_;
    int step_;
};

std::uint32_t load(const std::uint8_t* from, unsigned width) {
    std::uint32_t value = 0;
    std::memcpy(&value, from, width);
    return value;
}

} // namespace

std::uint32_t StringInstruction::count(const Registers& registers) const {
    return static_cast<std::uint32_t>(registers.general[Registers::cx]) & mask(wide_address);
}

void StringInstruction::set_count(Registers& registers, std::uint32_t count) const {
    put(registers.general[Registers::cx], count, wide_address);
}

std::optional<StringInstruction> decode_string(const Registers& registers, const ProcessorMemory& memory) {
    const bool checks_alignment = (registers.rflags & EFLAGS_AC) != 0;
    if (registers.long_mode || checks_alignment || (registers.rflags & EFLAGS_TF) != 0)
        return std::nullopt;
    const LinearMemory linear(registers, memory);
    const bool large = linear.large_code();
    if (registers.rip + LONGEST_INSTRUCTION > mask(large))
        return std::nullopt; // near the end of the segment, where it could wrap

    StringInstruction result;
    result.segment = Registers::ds;
    result.wide_address = large;
    bool repeated = false;
    bool wide_operand = large;
    while (result.length < LONGEST_INSTRUCTION) {
        const auto offset = static_cast<std::uint32_t>(registers.rip) + result.length;
        const auto at = linear.find(Registers::cs, offset, 1, Access::fetch);
        const ByteView byte = at ? memory.span(*at, 1) : ByteView();
        if (byte.empty())
            return std::nullopt;
        ++result.length;
        switch (byte[0]) {
        case 0xF2: // the same for these two: MOVS and STOS set no flags
        case 0xF3:
            repeated = true;
            break;
        case 0x66:
            wide_operand = !large;
            break;
        case 0x67:
            result.wide_address = !large;
            break;
        case 0x26:
        case 0x2E:
        case 0x36:
        case 0x3E:
            result.segment = static_cast<std::uint8_t>(byte[0] >> 3U & 3U);
            break;
        case 0x64:
        case 0x65:
            result.segment = static_cast<std::uint8_t>(byte[0] - 0x60);
            break;
        case 0xA4:
        case 0xA5:
        case 0xAA:
        case 0xAB:
            if (!repeated)
                return std::nullopt;
            result.move = byte[0] <= 0xA5;
            result.width = (byte[0] & 1U) == 0 ? 1 : wide_operand ? 4 : 2;
            return result;
        default:
            return std::nullopt;
        }
    }
    return std::nullopt;
}

std::uint32_t run_string(const StringInstruction& instruction, Registers& registers,
                         const ProcessorMemory& memory, const DeviceWindow& window, std::uint32_t limit) {
    const LinearMemory linear(registers, memory);
    const unsigned width = instruction.width;
    const int step = (registers.rflags & EFLAGS_DF) != 0 ? -static_cast<int>(width) : static_cast<int>(width);
    Operand to(registers.general[Registers::di], instruction.wide_address, step);
    Operand from(registers.general[Registers::si], instruction.wide_address, step);
    const auto value =
        static_cast<std::uint32_t>(registers.general[Registers::ax]) & (0xFFFFFFFFU >> (32U - 8U * width));
    std::uint32_t done = 0;
    const auto next = static_cast<std::uint64_t>(std::int64_t{step}); // modulo 2^64
    MmioDevice& device = window.device;
    while (done < limit && instruction.count(registers) > 0) {
        const auto target = linear.find(Registers::es, to.offset(), width, Access::write);
        if (!target || !window.holds(*target))
            break;
        std::uint32_t elements = std::min({limit - done, instruction.count(registers),
                                           to.reach(*target, registers.segments[Registers::es].limit)});
        std::uint64_t write_at = *target - window.start;
        if (!instruction.move) {
            for (std::uint32_t n = 0; n < elements; ++n, write_at += next)
                device.mmio_write(write_at, width, value);
        } else {
            const auto source = linear.find(instruction.segment, from.offset(), width, Access::read);
            if (!source)
                break;
            elements = std::min(elements, from.reach(*source, registers.segments[instruction.segment].limit));
            if (window.holds(*source)) {
                std::uint64_t read_at = *source - window.start;
                for (std::uint32_t n = 0; n < elements; ++n, read_at += next, write_at += next)
                    device.mmio_write(write_at, width, device.mmio_read(read_at, width));
            } else {
                // All that reach() allows lies in the page of the first.
                const GuestAddress page = *source - *source % LinearMemory::page_size;
                const ByteView bytes = memory.span(page, LinearMemory::page_size);
                if (bytes.empty())
                    break;
                std::uint64_t read_at = *source - page;
                for (std::uint32_t n = 0; n < elements; ++n, read_at += next, write_at += next)
                    device.mmio_write(write_at, width, load(bytes.data() + read_at, width));
            }
            from.advance(elements);
        }
        if (elements == 0)
            break; // it wraps inside itself: the processor knows
        to.advance(elements);
        instruction.set_count(registers, instruction.count(registers) - elements);
        done += elements;
    }
    if (instruction.count(registers) == 0)
        registers.rip += instruction.length;
    return done;
}

} // namespace ntferry::vmm
