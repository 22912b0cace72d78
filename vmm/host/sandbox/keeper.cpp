// The process that stays outside the walls.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// pid_namespaces(7). It holds nothing that a guest can reach: no descriptor but the standard three, no memory
// that changes, no right but that of signalling the machine.
#include "converter/base/error.hpp"
#include "vmm/host/sandbox/walls.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>

#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ntferry::vmm::sandbox {
namespace {

/// The child's process id, for the signal handler of the process that stays outside.
std::atomic<pid_t> child_process{0}; // the one global: a signal handler has no other way

void forward_signal(int signal) {
    if (const pid_t child = child_process.load(); child > 0)
        kill(child, signal);
}

/// Root keeps the right to signal a machine that became another user, and nothing else.
void keep_only_signalling() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2] = {};
    sets[0].effective = sets[0].permitted = geteuid() == 0 ? 1U << CAP_KILL : 0U;
    syscall(SYS_capset, &header, sets);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/// Passes signals on, tidies up, ends as the child ended.
[[noreturn]] void stand_by(pid_t child, const std::vector<std::string>& leftovers) {
    child_process = child;
    struct sigaction action {};
    action.sa_handler = forward_signal;
    sigset_t forwarded;
    sigemptyset(&forwarded);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT}) {
        sigaction(signal, &action, nullptr);
        sigaddset(&forwarded, signal);
    }
    sigprocmask(SIG_UNBLOCK, &forwarded, nullptr); // the machine waits for them by sigwait
    syscall(SYS_close_range, 3U, ~0U, 0U);
    keep_only_signalling();
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    for (const std::string& path : leftovers)
        if (unlink(path.c_str()) != 0)
            rmdir(path.c_str());
    if (WIFSIGNALED(status)) {
        ::signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

} // namespace

void leave_keeper(const Policy& policy) {
    const pid_t child = fork();
    if (child < 0)
        throw SystemError("own processes", "cannot fork", errno);
    if (child > 0)
        stand_by(child, policy.remove_at_end);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

Measure enter_pid_namespace(const Policy& policy) {
    Measure measure{"own processes", false, {}};
    if (unshare(CLONE_NEWPID) != 0) {
        measure.detail = std::generic_category().message(errno);
        return measure;
    }
    // The first process of the namespace: when it ends, everything in it ends.
    leave_keeper(policy);
    measure.applied = true;
    return measure;
}

bool users_may_make_namespaces() {
    constexpr uid_t nobody = 65534;
    const pid_t child = fork();
    if (child == 0)
        _exit(setresuid(nobody, nobody, nobody) == 0 && unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace ntferry::vmm::sandbox
