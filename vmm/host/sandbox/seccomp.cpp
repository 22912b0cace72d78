// SPDX-License-Identifier: GPL-3.0-or-later
//
// seccomp(2), libseccomp's seccomp_rule_add(3).
#include "converter/base/error.hpp"
#include "vmm/host/sandbox/sandbox.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <initializer_list>
#include <memory>

#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

namespace ntferry::vmm::sandbox {
namespace {

using Calls = std::initializer_list<int>;

/// What any thread of a running machine does: memory, time, waiting, its open descriptors.
constexpr int every_thread[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(preadv2),
    SCMP_SYS(pwritev2),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fsync),
    SCMP_SYS(fallocate),
    SCMP_SYS(ftruncate),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(futex),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(getrandom),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(membarrier),
    SCMP_SYS(fcntl),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
};

/// What the threads that serve the host side add: files of the bundle, sockets, threads, timers.
constexpr int host_side[] = {
    SCMP_SYS(openat),
    SCMP_SYS(open),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(utimensat),
    SCMP_SYS(flock),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(sendfile),
    SCMP_SYS(umask),
    SCMP_SYS(pipe2),
    SCMP_SYS(pipe),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(shutdown),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(connect),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(ioctl),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getppid),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrusage),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(getrlimit),
    SCMP_SYS(memfd_create),
    SCMP_SYS(seccomp),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(mincore),
    SCMP_SYS(msync),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(times),
    SCMP_SYS(signalfd4),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(timer_create),
    SCMP_SYS(timer_settime),
    SCMP_SYS(timer_delete),
};

/// What a processor's thread adds: KVM_RUN and its kind; devices send frames and bytes to open descriptors,
/// libslirp opens connections for the guest, a switch looks who is there.
constexpr int vcpu_thread[] = {
    SCMP_SYS(ioctl),      SCMP_SYS(sendto),          SCMP_SYS(sendmsg),    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),    SCMP_SYS(socket),          SCMP_SYS(connect),    SCMP_SYS(bind),
    SCMP_SYS(listen),     SCMP_SYS(setsockopt),      SCMP_SYS(getsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(getdents64), SCMP_SYS(openat),          SCMP_SYS(shutdown),   SCMP_SYS(timer_settime),
    SCMP_SYS(eventfd2),   SCMP_SYS(sync_file_range), SCMP_SYS(seccomp),
};

/// What a disk's thread adds.
constexpr int disk_thread[] = {
    SCMP_SYS(sendto),  SCMP_SYS(recvfrom), SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg), SCMP_SYS(ioctl),    SCMP_SYS(sync_file_range),
};

/// What the thread of a disk behind a server adds to that: looking for the server again, its name included.
constexpr int network_disk_thread[] = {
    SCMP_SYS(socket),     SCMP_SYS(connect),     SCMP_SYS(bind),        SCMP_SYS(setsockopt),
    SCMP_SYS(getsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(shutdown),
    SCMP_SYS(sendmmsg),   SCMP_SYS(recvmmsg),    SCMP_SYS(openat),      SCMP_SYS(stat),
    SCMP_SYS(access),     SCMP_SYS(readlink),    SCMP_SYS(uname),       SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
};

/// Nothing a machine ever does, only an attacker: ends the process at once instead of an error code.
constexpr int hostile[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(bpf),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(setuid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setreuid),
};

class Filter {
  public:
    explicit Filter(std::uint32_t default_action) : context_(seccomp_init(default_action), seccomp_release) {
        if (!context_)
            throw Error("seccomp", "cannot make a filter");
    }
    void add(std::uint32_t action, int call) { check(seccomp_rule_add(context_.get(), action, call, 0)); }
    void add(std::uint32_t action, int call, scmp_arg_cmp argument) {
        check(seccomp_rule_add_array(context_.get(), action, call, 1, &argument));
    }
    void for_all_threads() { check(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1)); }
    void load() { check(seccomp_load(context_.get())); }

  private:
    static void check(int result) {
        if (result < 0)
            throw SystemError("seccomp", "the kernel refuses the filter", -result);
    }
    std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
};

/// The first argument equals value. SCMP_A0() is a C99 compound literal.
scmp_arg_cmp first_is(int value) {
    return {0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(value), 0};
}

/// All bits of mask are set in the first argument.
scmp_arg_cmp first_has(int mask) {
    const auto bits = static_cast<scmp_datum_t>(mask);
    return {0, SCMP_CMP_MASKED_EQ, bits, bits};
}

/// Socket families a policy needs.
std::vector<int> socket_families(const Policy& policy) {
    if (policy.host_network)
        return {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    return {AF_UNIX};
}

constexpr int prctl_allowed[] = {PR_SET_NAME,         PR_SET_TIMERSLACK, PR_SET_SECCOMP,
                                 PR_SET_NO_NEW_PRIVS, PR_GET_NAME,       PR_SET_VMA};

} // namespace

Measure filter_system_calls(const Policy& policy) {
    // Unknown calls fail: a library that tries something newer falls back.
    Filter filter(SCMP_ACT_ERRNO(EPERM));
    for (const int call : every_thread)
        filter.add(SCMP_ACT_ALLOW, call);
    for (const int call : host_side)
        filter.add(SCMP_ACT_ALLOW, call);
    for (const int call : hostile)
        filter.add(SCMP_ACT_KILL_PROCESS, call);
    // Threads, no processes. clone3 hides its flags from filters; glibc falls back to clone.
    filter.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(clone), first_has(CLONE_THREAD));
    for (const int family : socket_families(policy)) {
        filter.add(SCMP_ACT_ALLOW, SCMP_SYS(socket), first_is(family));
        filter.add(SCMP_ACT_ALLOW, SCMP_SYS(socketpair), first_is(family));
    }
    for (const int option : prctl_allowed)
        filter.add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), first_is(option));
    // Signals to threads of this process only: kicks of vCPUs. tgkill to others fails in the PID namespace.
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill));
    filter.for_all_threads();
    filter.load();
    return {"system calls", true, fmt::format("{} allowed", allowed_call_count(policy))};
}

void filter_this_thread(ThreadRole role) {
    Filter filter(SCMP_ACT_ERRNO(EPERM));
    for (const int call : every_thread)
        filter.add(SCMP_ACT_ALLOW, call);
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill));
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), first_is(PR_SET_NAME));
    if (role == ThreadRole::vcpu) {
        for (const int call : vcpu_thread)
            filter.add(SCMP_ACT_ALLOW, call);
        // A device's first request starts the thread of its disk, which takes a filter of its own.
        filter.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
        filter.add(SCMP_ACT_ALLOW, SCMP_SYS(clone), first_has(CLONE_THREAD));
        filter.add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), first_is(PR_SET_NO_NEW_PRIVS));
    } else {
        for (const int call : disk_thread)
            filter.add(SCMP_ACT_ALLOW, call);
        if (role == ThreadRole::network_disk)
            for (const int call : network_disk_thread)
                filter.add(SCMP_ACT_ALLOW, call);
    }
    filter.load();
}

std::size_t allowed_call_count(const Policy&) {
    constexpr std::size_t with_arguments = 5; // clone, socket, socketpair, prctl, tgkill
    return std::size(every_thread) + std::size(host_side) + with_arguments;
}

std::size_t allowed_call_count(ThreadRole role) {
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
