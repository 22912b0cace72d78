// Random code, registers and pages under string instructions. SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_machine
#include "tests/machine/string_machine.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
    std::uint32_t take(std::size_t width) {
        std::uint32_t value = 0;
        for (std::size_t n = 0; n < width && !bytes_.empty(); ++n, bytes_ = bytes_.subspan(1))
            value |= static_cast<std::uint32_t>(bytes_[0]) << (8U * n);
        return value;
    }
    ByteView rest() const { return bytes_; }

  private:
    ByteView bytes_;
};

void must(bool condition) {
    if (!condition)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::uint32_t limit = 3000;
    static StringMachine machine; // 4 MiB: made once
    Input input(data, size);
    const std::uint32_t kind = input.take(1);
    machine.registers = StringMachine().registers;
    kvm::Registers& r = machine.registers;
    machine.screen.log.clear();
    if ((kind & 1U) != 0)
        machine.enter_protected_mode();
    if ((kind & 3U) == 3U)
        machine.enter_paging();
    r.rflags = input.take(3) & ((kind & 4U) != 0 ? 0xFFFFFFU : 0x400U);
    r.cr4 = (kind & 8U) != 0 ? input.take(1) : 0;
    r.ring = kind >> 4U & 3U;
    for (std::uint64_t& general : r.general)
        general = input.take(4);
    if ((kind & 0x40U) != 0)
        for (kvm::Segment& segment : r.segments) {
            segment.base = input.take(4) & 0x3FFFFF;
            segment.limit = input.take(4);
            segment.type = static_cast<std::uint8_t>(input.take(1) & 15U);
        }
    if ((kind & 3U) == 3U)
        for (unsigned n = 0; n < 8; ++n)
            machine.put_page(input.take(1), input.take(2) & 0x3FFU, input.take(2) & 0xFFFU);
    const std::uint64_t code = r.segments[kvm::Registers::cs].base + r.rip;
    if (code + 16 <= machine.memory.bytes.size()) {
        const ByteView bytes = input.rest().first(std::min<std::size_t>(16, input.rest().size()));
        std::copy(bytes.begin(), bytes.end(),
                  machine.memory.bytes.begin() + static_cast<std::ptrdiff_t>(code));
    }
    const auto instruction = decode_string(r, machine.memory);
    if (!instruction)
        return 0;
    const kvm::Registers before = r;
    const Bytes screen = machine.screen.bytes;
    const std::uint32_t done = run_string(*instruction, r, machine.memory, machine.window, limit);
    must(done <= limit && !machine.screen.outside);
    must(instruction->count(r) == instruction->count(before) - done);
    must(static_cast<std::size_t>(std::count_if(machine.screen.log.begin(), machine.screen.log.end(),
                                                [](const auto& access) { return access.write; })) == done);
    must(r.rip == before.rip + (instruction->count(r) == 0 ? instruction->length : 0));
    // One at a time comes to the same.
    const kvm::Registers after = r;
    const auto log = std::move(machine.screen.log);
    machine.screen.log = {};
    machine.screen.bytes = screen;
    r = before;
    for (std::uint32_t n = 0; n < done; ++n)
        must(run_string(*instruction, r, machine.memory, machine.window, 1) == 1);
    must(log == machine.screen.log && r.general == after.general);
    return 0;
}
