// A processor's registers and memory for string instructions, without a processor.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/machine/string_instruction.hpp"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <vector>

namespace ntferry::vmm::test {

/// Four MiB, with a hole where the window of the adapter is.
struct PlainMemory final : ProcessorMemory {
    Bytes bytes = Bytes(std::size_t{4} << 20U);
    ByteView span(GuestAddress address, std::uint64_t length) const override {
        const bool before = address < 0xA0000 && length <= 0xA0000 - address;
        const bool behind = address >= 0xC0000 && address < bytes.size() && length <= bytes.size() - address;
        return before || behind ? ByteView(bytes).subspan(address, length) : ByteView();
    }
};

/// 128 KiB that are stored as they are, and what was done to them.
struct PlainWindow final : MmioDevice {
    struct Access {
        bool write;
        std::uint64_t offset;
        unsigned width;
        std::uint64_t value;
        bool operator==(const Access&) const = default;
    };
    Bytes bytes = Bytes(0x20000);
    std::vector<Access> log;
    bool outside = false; ///< an access was not in the window

    std::uint64_t mmio_read(std::uint64_t offset, unsigned width) override {
        std::uint64_t value = 0;
        if (fits(offset, width))
            std::memcpy(&value, bytes.data() + offset, width);
        log.push_back({false, offset, width, value});
        return value;
    }
    void mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) override {
        if (fits(offset, width))
            std::memcpy(bytes.data() + offset, &value, width);
        log.push_back({true, offset, width, value});
    }

  private:
    bool fits(std::uint64_t offset, unsigned width) {
        const bool inside = offset < bytes.size() && width <= bytes.size() - offset;
        outside = outside || !inside;
        return inside;
    }
};

/// Real mode: code at 1000:0100, DS 2000h, ES A000h.
struct StringMachine {
    kvm::Registers registers;
    PlainMemory memory;
    PlainWindow screen;
    DeviceWindow window{screen, 0xA0000, 0x20000};

    StringMachine() {
        for (kvm::Segment& segment : registers.segments)
            segment = {0, 0xFFFF, 3, false, true};
        registers.segments[kvm::Registers::cs] = {0x10000, 0xFFFF, 0xB, false, true};
        registers.segments[kvm::Registers::ds].base = 0x20000;
        registers.segments[kvm::Registers::es].base = 0xA0000;
        registers.rip = 0x100;
    }
    std::uint64_t& ax() { return registers.general[kvm::Registers::ax]; }
    std::uint64_t& cx() { return registers.general[kvm::Registers::cx]; }
    std::uint64_t& si() { return registers.general[kvm::Registers::si]; }
    std::uint64_t& di() { return registers.general[kvm::Registers::di]; }

    /// Flat 32-bit segments of protected mode.
    void enter_protected_mode() {
        registers.cr0 = 1;
        for (kvm::Segment& segment : registers.segments)
            segment = {0, 0xFFFFFFFF, 3, true, true};
        registers.segments[kvm::Registers::cs].type = 0xB;
        registers.rip = 0x10100;
    }
    void put32(std::uint32_t at, std::uint32_t value) { store_le(MutableByteView(memory.bytes), at, value); }
    /// The first 4 MiB as they are, by a directory at 300000h and a table at 301000h.
    void enter_paging() {
        registers.cr0 |= 0x80000000U;
        registers.cr3 = 0x300000;
        put32(0x300000, 0x301000 | 0x27); // present, writable, user, accessed
        for (std::uint32_t page = 0; page < 1024; ++page)
            put_page(page, page, 0x67); // and dirty
    }
    void put_page(std::uint32_t page, std::uint32_t frame, std::uint32_t flags) {
        put32(0x301000 + 4 * page, frame << 12U | flags);
    }
    void put_code(std::initializer_list<std::uint8_t> code) {
        const std::uint64_t at = registers.segments[kvm::Registers::cs].base + registers.rip;
        std::copy(code.begin(), code.end(), memory.bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    std::optional<StringInstruction> decode(std::initializer_list<std::uint8_t> code) {
        put_code(code);
        return decode_string(registers, memory);
    }
    /// Decoded and carried out.
    std::uint32_t operator()(std::initializer_list<std::uint8_t> code, std::uint32_t limit = 100'000) {
        const auto instruction = decode(code);
        return instruction ? run_string(*instruction, registers, memory, window, limit) : 0;
    }
};

} // namespace ntferry::vmm::test
