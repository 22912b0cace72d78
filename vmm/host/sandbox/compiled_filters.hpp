// The system call filters as the kernel takes them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// libseccomp compiles filters/rules.hpp when the program is built (filters/compile.cpp): the rules do not
// depend on the host, and compiling them was a twentieth of a machine's start.
#pragma once

#include "vmm/host/sandbox/sandbox.hpp"

#include <cstddef>
#include <span>

#include <linux/filter.h>

namespace ntferry::vmm::sandbox {

struct CompiledFilter {
    std::span<const sock_filter> code;
    std::size_t allowed = 0; ///< calls that it lets through, some of them with certain arguments only
};

/// Of the process. @param host_network sockets of the internet families may be made
const CompiledFilter& process_filter(bool host_network);
/// Of a thread, on top of that of the process.
const CompiledFilter& thread_filter(ThreadRole role);

} // namespace ntferry::vmm::sandbox
