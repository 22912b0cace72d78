// SPDX-License-Identifier: GPL-3.0-or-later
//
// seccomp(2). The rules themselves are in filters/.
#include "converter/base/error.hpp"
#include "vmm/host/sandbox/compiled_filters.hpp"

#include <fmt/format.h>

#include <cerrno>

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ntferry::vmm::sandbox {
namespace {

void load(const CompiledFilter& filter, unsigned flags) {
    sock_fprog program{};
    program.len = static_cast<unsigned short>(filter.code.size());
    program.filter = const_cast<sock_filter*>(filter.code.data()); // NOLINT: the kernel only reads it
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        throw SystemError("seccomp", "no_new_privs", errno);
    // Above 0: the number of a thread that could not be brought into line.
    if (const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program); result != 0)
        throw SystemError("seccomp", "the kernel refuses the filter", result > 0 ? ESRCH : errno);
}

} // namespace

Measure filter_system_calls(const Policy& policy) {
    load(process_filter(policy.host_network), SECCOMP_FILTER_FLAG_TSYNC);
    return {"system calls", true, fmt::format("{} allowed", allowed_call_count(policy))};
}

void filter_this_thread(ThreadRole role) {
    load(thread_filter(role), 0);
}

std::size_t allowed_call_count(const Policy& policy) {
    return process_filter(policy.host_network).allowed;
}

std::size_t allowed_call_count(ThreadRole role) {
    return thread_filter(role).allowed;
}

} // namespace ntferry::vmm::sandbox
