// The filters as libseccomp's rules. Only for the program that compiles them while NTFerry is built, and
// tests. SPDX-License-Identifier: GPL-3.0-or-later
//
// seccomp(2), libseccomp's seccomp_rule_add(3), seccomp_export_bpf(3).
#pragma once

#include "converter/base/error.hpp"
#include "vmm/host/sandbox/compiled_filters.hpp"
#include "vmm/host/sandbox/filters/system_calls.hpp"

#include <cerrno>
#include <cstdio>
#include <iterator>
#include <memory>
#include <vector>

#include <linux/filter.h>
#include <unistd.h>

namespace ntferry::vmm::sandbox {

class Rules {
  public:
    explicit Rules(std::uint32_t default_action) : context_(seccomp_init(default_action), seccomp_release) {
        if (!context_)
            throw Error("seccomp", "cannot make a filter");
    }
    void add(std::uint32_t action, int call) { check(seccomp_rule_add(context_.get(), action, call, 0)); }
    void add(std::uint32_t action, int call, scmp_arg_cmp argument) {
        check(seccomp_rule_add_array(context_.get(), action, call, 1, &argument));
    }
    template <std::size_t count>
    void add_all(std::uint32_t action, const int (&calls)[count]) {
        for (const int call : calls)
            add(action, call);
    }
    /// A binary search for the call's number instead of a comparison with each. The kernel tries every number
    /// when it takes a filter, and those that depend on an argument at every call.
    void search_by_number() { check(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2)); }
    /// What the kernel takes. @throws Error
    std::vector<sock_filter> compile() const {
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
        if (!file)
            throw SystemError("seccomp", "a temporary file", errno);
        const int descriptor = fileno(file.get());
        check(seccomp_export_bpf(context_.get(), descriptor));
        const off_t size = lseek(descriptor, 0, SEEK_END);
        std::vector<sock_filter> code(static_cast<std::size_t>(size) / sizeof(sock_filter));
        if (size <= 0 || pread(descriptor, code.data(), static_cast<std::size_t>(size), 0) != size)
            throw SystemError("seccomp", "read the compiled filter", errno);
        return code;
    }

  private:
    static void check(int result) {
        if (result < 0)
            throw SystemError("seccomp", "libseccomp refuses the filter", -result);
    }
    std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
};

/// The first argument equals value. SCMP_A0() is a C99 compound literal.
inline scmp_arg_cmp first_is(int value) {
    return {0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(value), 0};
}

/// All bits of mask are set in the first argument.
inline scmp_arg_cmp first_has(int mask) {
    const auto bits = static_cast<scmp_datum_t>(mask);
    return {0, SCMP_CMP_MASKED_EQ, bits, bits};
}

/// For every thread of a machine's process.
inline Rules process_rules(bool host_network) {
    // Unknown calls fail: a library that tries something newer falls back.
    Rules rules(SCMP_ACT_ERRNO(EPERM));
    rules.add_all(SCMP_ACT_ALLOW, every_thread);
    rules.add_all(SCMP_ACT_ALLOW, host_side);
    rules.add_all(SCMP_ACT_KILL_PROCESS, hostile);
    // Threads, no processes. clone3 hides its flags from filters; glibc falls back to clone.
    rules.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
    rules.add(SCMP_ACT_ALLOW, SCMP_SYS(clone), first_has(CLONE_THREAD));
    std::vector<int> families = {AF_UNIX};
    if (host_network)
        families.insert(families.end(), {AF_INET, AF_INET6, AF_NETLINK});
    for (const int family : families) {
        rules.add(SCMP_ACT_ALLOW, SCMP_SYS(socket), first_is(family));
        rules.add(SCMP_ACT_ALLOW, SCMP_SYS(socketpair), first_is(family));
    }
    for (const int option : prctl_allowed)
        rules.add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), first_is(option));
    // Signals to threads of this process only: kicks of vCPUs. tgkill to others fails in the PID namespace.
    rules.add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill));
    return rules;
}

/// What a thread adds to that.
inline Rules thread_rules(ThreadRole role) {
    Rules rules(SCMP_ACT_ERRNO(EPERM));
    rules.add_all(SCMP_ACT_ALLOW, every_thread);
    rules.add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill));
    rules.add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), first_is(PR_SET_NAME));
    if (role == ThreadRole::vcpu) {
        rules.add_all(SCMP_ACT_ALLOW, vcpu_thread);
        // A device's first request starts the thread of its disk, which takes a filter of its own.
        rules.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
        rules.add(SCMP_ACT_ALLOW, SCMP_SYS(clone), first_has(CLONE_THREAD));
        rules.add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), first_is(PR_SET_NO_NEW_PRIVS));
    } else {
        rules.add_all(SCMP_ACT_ALLOW, disk_thread);
        if (role == ThreadRole::network_disk)
            rules.add_all(SCMP_ACT_ALLOW, network_disk_thread);
    }
    return rules;
}

inline std::size_t process_call_count() {
    constexpr std::size_t with_arguments = 5; // clone, socket, socketpair, prctl, tgkill
    return std::size(every_thread) + std::size(host_side) + with_arguments;
}

inline std::size_t thread_call_count(ThreadRole role) {
    constexpr std::size_t with_arguments = 2; // prctl, tgkill
    const std::size_t common = std::size(every_thread) + with_arguments;
    switch (role) {
    case ThreadRole::vcpu:
        return common + std::size(vcpu_thread) + 1; // clone
    case ThreadRole::network_disk:
        return common + std::size(disk_thread) + std::size(network_disk_thread);
    case ThreadRole::disk:
        break;
    }
    return common + std::size(disk_thread);
}

} // namespace ntferry::vmm::sandbox
