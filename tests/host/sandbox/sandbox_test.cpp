// A process that a guest has taken over tries what it must not do.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"
#include "vmm/host/sandbox/sandbox.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

struct Outcome {
    int signal = 0; ///< that ended the process inside, 0 when it ended by itself
    int exit_code = -1;
    std::string text; ///< what it said
};

/// Runs attempt in a process of its own behind the walls; what it returns comes back as text.
/// @param before what to do to the process first
Outcome inside(const sandbox::Policy& policy, bool with_filter, const std::function<std::string()>& attempt,
               const std::function<void()>& before = {}) {
    int channel[2];
    REQUIRE(pipe(channel) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        close(channel[0]);
        std::string text;
        try {
            if (before)
                before();
            sandbox::enter(policy);
            if (with_filter)
                sandbox::filter_system_calls(policy);
            text = attempt();
        } catch (const std::exception& error) {
            text = std::string("exception: ") + error.what();
        }
        [[maybe_unused]] const ssize_t written = write(channel[1], text.data(), text.size());
        _exit(7);
    }
    close(channel[1]);
    Outcome outcome;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(channel[0], buffer, sizeof buffer)) > 0;)
        outcome.text.append(buffer, static_cast<std::size_t>(got));
    close(channel[0]);
    int status = 0;
    waitpid(child, &status, 0);
    outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
}

std::string try_open(const std::string& path, int flags) {
    const int file = open(path.c_str(), flags, 0600);
    return file >= 0 ? "opened" : std::strerror(errno);
}

/// A bundle that the machine may write, owned by a user that is not root where the test runs as root.
struct Bundle {
    Bundle() {
        std::ofstream(dir / "disk.vhd") << "disk";
        std::ofstream(outside / "secret") << "secret";
        if (geteuid() == 0) {
            const passwd* nobody = getpwnam("nobody");
            REQUIRE(nobody != nullptr);
            for (const std::string& path : {dir.path().string(), dir / "disk.vhd"})
                REQUIRE(chown(path.c_str(), nobody->pw_uid, nobody->pw_gid) == 0);
        }
        // Readable by everybody: what keeps the process out is the sandbox, not the mode.
        chmod(outside.path().c_str(), 0755);
        chmod((outside / "secret").c_str(), 0644);
        policy.writable = {dir.path().string()};
    }
    test::TempDir dir;
    test::TempDir outside;
    sandbox::Policy policy;
};

} // namespace

TEST_CASE("sandbox: its own files work, everybody else's do not exist or are refused") {
    const Bundle bundle;
    const Outcome outcome = inside(bundle.policy, true, [&] {
        return try_open(bundle.dir / "disk.vhd", O_RDWR) + "|" +
               try_open(bundle.dir / "new.vhd", O_RDWR | O_CREAT) + "|" +
               try_open(bundle.outside / "secret", O_RDONLY) + "|" + try_open("/etc/passwd", O_RDONLY) + "|" +
               try_open(bundle.outside / "new", O_RDWR | O_CREAT);
    });
    CHECK(outcome.text.starts_with("opened|opened|"));
    CHECK(outcome.text.find("opened|", 14) == std::string::npos);
    CHECK_FALSE(outcome.text.ends_with("opened"));
}

TEST_CASE("sandbox: a read-only path cannot be written") {
    Bundle bundle;
    bundle.policy.readable = {bundle.outside.path().string()};
    const Outcome outcome = inside(bundle.policy, true, [&] {
        return try_open(bundle.outside / "secret", O_RDONLY) + "|" +
               try_open(bundle.outside / "secret", O_WRONLY);
    });
    CHECK(outcome.text.starts_with("opened|"));
    CHECK_FALSE(outcome.text.ends_with("opened"));
}

TEST_CASE("sandbox: a machine writes its state, not what is said about it beside that") {
    Bundle bundle;
    const std::string folder = bundle.dir.path().string();
    const std::string state = bundle.dir / "state";
    const std::string mark = bundle.dir / "moved.json";
    REQUIRE(mkdir(state.c_str(), 0700) == 0);
    std::ofstream(bundle.dir / "run.lock") << "";
    if (geteuid() == 0) // all of it belongs to the user that the machine runs as
        for (const std::string& path : {state, bundle.dir / "run.lock"})
            REQUIRE(chown(path.c_str(), getpwnam("nobody")->pw_uid, getpwnam("nobody")->pw_gid) == 0);
    bundle.policy.readable = {folder};
    bundle.policy.writable = {state};
    const Outcome outcome = inside(bundle.policy, true, [&] {
        const auto said = [](int result) { return std::string(result == 0 ? "done" : "refused"); };
        return try_open(state + "/saved.state", O_RDWR | O_CREAT) + "|" +
               try_open(bundle.dir / "run.lock", O_RDONLY) + "|" +
               (try_open(bundle.dir / "run.lock", O_RDWR) == "opened" ? "written" : "refused") + "|" +
               (try_open(mark, O_RDWR | O_CREAT) == "opened" ? "made" : "refused") + "|" +
               said(unlink((bundle.dir / "run.lock").c_str())) + "|" +
               said(rename((state + "/saved.state").c_str(), mark.c_str())) + "|" +
               said(rename(state.c_str(), (folder + "/other").c_str()));
    });
    CHECK(outcome.text == "opened|opened|refused|refused|refused|refused|refused");
}

TEST_CASE("sandbox: nothing is left of root, and it does not come back") {
    const Bundle bundle;
    const Outcome outcome = inside(bundle.policy, false, [] {
        if (geteuid() == 0 || getegid() == 0)
            return std::string("still root");
        if (setuid(0) == 0)
            return std::string("root again");
        std::ifstream status("/proc/self/status");
        std::string capabilities;
        for (std::string line; std::getline(status, line);)
            if (line.starts_with("CapEff") || line.starts_with("CapBnd") || line.starts_with("NoNewPrivs"))
                capabilities += line.substr(line.find('\t') + 1) + ";";
        return capabilities;
    });
    CHECK(outcome.text == "0000000000000000;0000000000000000;1;");
}

TEST_CASE("sandbox: no network but unix sockets, unless the machine has one") {
    Bundle bundle;
    const auto attempt = [] {
        const int internet = socket(AF_INET, SOCK_STREAM, 0);
        const std::string first = internet >= 0 ? "socket" : std::strerror(errno);
        const int local = socket(AF_UNIX, SOCK_STREAM, 0);
        return first + (local >= 0 ? "|unix" : "|no unix");
    };
    CHECK(inside(bundle.policy, true, attempt).text == "Operation not permitted|unix");
    bundle.policy.host_network = true;
    CHECK(inside(bundle.policy, true, attempt).text == "socket|unix");
}

TEST_CASE("sandbox: its own network namespace has no way out") {
    const Bundle bundle;
    const Outcome outcome = inside(bundle.policy, false, [] {
        const int internet = socket(AF_INET, SOCK_DGRAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(9);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return std::string(connect(internet, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0
                               ? "reached"
                               : "unreachable");
    });
    CHECK(outcome.text == "unreachable");
}

TEST_CASE("sandbox: no other process can be seen or signalled") {
    const Bundle bundle;
    const pid_t outside = getpid();
    const Outcome outcome = inside(bundle.policy, false, [&] {
        return std::to_string(getpid()) + (kill(outside, 0) == 0 ? "|reached" : "|unknown");
    });
    CHECK(outcome.text == "1|unknown");
}

TEST_CASE("sandbox: what only an attacker does ends the process at once") {
    const Bundle bundle;
    const int which = GENERATE(range(0, 8));
    const Outcome outcome = inside(bundle.policy, true, [&] {
        switch (which) {
        case 0:
            execl("/bin/sh", "sh", static_cast<char*>(nullptr));
            break;
        case 1:
            ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
            break;
        case 2:
            mount("none", "/", "tmpfs", 0, nullptr);
            break;
        case 3:
            unshare(CLONE_NEWUSER);
            break;
        case 4:
            syscall(SYS_bpf, 0, nullptr, 0);
            break;
        case 5:
            syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0);
            break;
        case 6:
            syscall(SYS_io_uring_setup, 1, nullptr);
            break;
        default:
            [[maybe_unused]] const int result = setuid(0);
            break;
        }
        return std::string("survived");
    });
    CAPTURE(which);
    CHECK(outcome.text.empty());
    CHECK(outcome.signal == SIGSYS);
}

TEST_CASE("sandbox: threads can be made, processes cannot") {
    const Bundle bundle;
    const Outcome outcome = inside(bundle.policy, true, [] {
        int value = 0;
        std::thread([&] { value = 42; }).join();
        const long process = syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0);
        if (process == 0)
            _exit(0);
        return std::to_string(value) + (process > 0 ? "|forked" : "|refused");
    });
    CHECK(outcome.text == "42|refused");
}

TEST_CASE("sandbox: a disk thread cannot open files that the process may open") {
    const Bundle bundle;
    const Outcome outcome = inside(bundle.policy, true, [&] {
        std::string from_thread;
        std::thread([&] {
            sandbox::filter_this_thread(sandbox::ThreadRole::disk);
            from_thread = try_open(bundle.dir / "disk.vhd", O_RDONLY);
        }).join();
        return from_thread + "|" + try_open(bundle.dir / "disk.vhd", O_RDONLY);
    });
    CHECK(outcome.text == "Operation not permitted|opened");
}

TEST_CASE("sandbox: the process outside ends as the one inside ended") {
    const Bundle bundle;
    CHECK(inside(bundle.policy, false, [] { return std::string(); }).exit_code == 7);
    const Outcome outcome = inside(bundle.policy, false, [] {
        signal(SIGILL, SIG_DFL); // the test frame's handler would report it as its own
        __builtin_trap(); // a crash; as process 1 of its namespace it is deaf to signals it sends itself
        return std::string();
    });
    CHECK(outcome.signal == SIGILL);
}

TEST_CASE("sandbox: where users may not make namespaces, root makes them and then becomes a user") {
    if (geteuid() != 0)
        NTFERRY_SKIP("only root can do what users may not");
    Bundle bundle;
    test::TempDir root;
    // In a chroot nobody gets a user namespace (user_namespaces(7), clone(2) EPERM).
    const auto into_chroot = [&] {
        if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("/", root.path().c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0 ||
            chroot(root.path().c_str()) != 0 || chdir("/") != 0)
            throw std::runtime_error("no chroot");
    };
    bundle.policy.owner_of = bundle.dir / "disk.vhd";
    const Outcome outcome = inside(
        bundle.policy, true,
        [&] {
            return std::to_string(getpid()) + "|" + (geteuid() == 0 ? "root" : "user") + "|" +
                   try_open(bundle.dir / "disk.vhd", O_RDWR) + "|" +
                   try_open(bundle.outside / "secret", O_RDONLY);
        },
        into_chroot);
    if (outcome.text == "exception: no chroot")
        NTFERRY_SKIP("this host allows no chroot");
    CHECK(outcome.text.starts_with("1|user|opened|"));
    CHECK_FALSE(outcome.text.ends_with("|opened"));
}

TEST_CASE("sandbox: a user that does not exist is refused by name") {
    if (geteuid() != 0)
        NTFERRY_SKIP("only root can become another user");
    sandbox::Policy policy;
    policy.user = "no-such-user";
    CHECK(inside(policy, false, [] {
              return std::string("went on");
          }).text.find("no-such-user: there is no such user") != std::string::npos);
}

TEST_CASE("sandbox: the filters are small") {
    CHECK(sandbox::allowed_call_count(sandbox::Policy{}) < 150);
    CHECK(sandbox::allowed_call_count(sandbox::ThreadRole::vcpu) < 75);
    CHECK(sandbox::allowed_call_count(sandbox::ThreadRole::disk) < 70);
}
