// The filters that were compiled with the program against what libseccomp makes of the rules here and now,
// without its optimiser.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/sandbox/compiled_filters.hpp"
#include "vmm/host/sandbox/filters/rules.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <set>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

using namespace ntferry;
using namespace ntferry::vmm::sandbox;

namespace {

constexpr std::uint32_t ARCHITECTURES[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64};
constexpr std::uint32_t REFUSED_BY_THE_KERNEL = 0xDEADDEAD; ///< no filter answers that

/// Linux Documentation/networking/filter.rst, as far as filters of system calls go: loads of words, jumps
/// forward, AND with a constant, return. Counts the steps.
std::uint32_t decide(std::span<const sock_filter> code, const seccomp_data& data, unsigned& steps) {
    std::array<std::uint8_t, sizeof data> bytes{};
    std::memcpy(bytes.data(), &data, sizeof data);
    std::uint32_t value = 0;
    steps = 0;
    for (std::size_t at = 0; at < code.size(); ++at) {
        ++steps;
        const sock_filter& step = code[at];
        switch (step.code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (step.k % 4 != 0 || step.k + 4 > sizeof data)
                return REFUSED_BY_THE_KERNEL;
            std::memcpy(&value, bytes.data() + step.k, sizeof value);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            value &= step.k;
            break;
        case BPF_JMP | BPF_JA:
            at += step.k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += value == step.k ? step.jt : step.jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            at += value > step.k ? step.jt : step.jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            at += value >= step.k ? step.jt : step.jf;
            break;
        case BPF_RET | BPF_K:
            return step.k;
        default:
            return REFUSED_BY_THE_KERNEL;
        }
    }
    return REFUSED_BY_THE_KERNEL;
}

/// What a filter could look at: every value that a rule names, its neighbours and others, in either half.
std::vector<std::uint64_t> arguments() {
    std::set<std::uint64_t> values = {0, ~std::uint64_t{0}, CLONE_THREAD, CLONE_THREAD | 0x3D0F00U, SIGCHLD};
    for (const int option : prctl_allowed)
        for (const int near : {-1, 0, 1})
            values.insert(static_cast<std::uint64_t>(option + near));
    for (std::uint64_t family = 0; family < 48; ++family)
        values.insert(family);
    const std::set<std::uint64_t> low = values;
    for (const std::uint64_t value : low) {
        values.insert(value | std::uint64_t{1} << 32U);
        values.insert(value << 32U);
    }
    return {values.begin(), values.end()};
}

struct Pair {
    const CompiledFilter& compiled;
    Rules rules;
};

Pair pair_of(int which) {
    switch (which) {
    case 0:
    case 1:
        return {process_filter(which == 1), process_rules(which == 1)};
    case 2:
        return {thread_filter(ThreadRole::vcpu), thread_rules(ThreadRole::vcpu)};
    case 3:
        return {thread_filter(ThreadRole::disk), thread_rules(ThreadRole::disk)};
    default:
        return {thread_filter(ThreadRole::network_disk), thread_rules(ThreadRole::network_disk)};
    }
}

} // namespace

TEST_CASE("sandbox: a compiled filter decides as its rules do for every call and every architecture") {
    const int which = GENERATE(range(0, 5));
    CAPTURE(which);
    const auto [compiled, rules] = pair_of(which);
    const std::vector<sock_filter> now = rules.compile();
    const std::vector<std::uint64_t> values = arguments();
    constexpr std::uint32_t x32 = 0x40000000;
    std::size_t allowed = 0;
    unsigned steps = 0;
    unsigned most_steps = 0;
    for (const std::uint32_t architecture : ARCHITECTURES) {
        for (const std::uint32_t base : {0U, x32, 0x7FFFFC00U, 0xFFFFFC00U}) {
            for (std::uint32_t number = 0; number < 1024; ++number) {
                seccomp_data data{};
                data.nr = static_cast<int>(base + number);
                data.arch = architecture;
                bool passes = false;
                for (const std::uint64_t value : values) {
                    data.args[0] = value;
                    const std::uint32_t decision = decide(compiled.code, data, steps);
                    most_steps = std::max(most_steps, steps);
                    if (decision != decide(now, data, steps) || decision == REFUSED_BY_THE_KERNEL)
                        FAIL("call " << data.nr << " of architecture " << architecture << " with " << value
                                     << ": " << decision);
                    passes |= decision == SECCOMP_RET_ALLOW;
                }
                if (passes && (architecture != AUDIT_ARCH_X86_64 || base != 0))
                    FAIL("call " << data.nr << " of architecture " << architecture << " passes");
                allowed += passes ? 1 : 0;
            }
        }
    }
    CHECK(allowed == compiled.allowed);
    CHECK(most_steps < 50); // the kernel tries every number when it takes a filter
}
