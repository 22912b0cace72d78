// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/child_process.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace ntferry::block {

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) : name_(arguments.at(0)) {
    // Sockets rather than pipes: MSG_NOSIGNAL keeps a dead child from killing us with SIGPIPE.
    int to_child[2];
    int from_child[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to_child) != 0)
        throw SystemError(name_, "cannot make a pipe", errno);
    if (pipe2(from_child, O_CLOEXEC) != 0) {
        const int error = errno;
        ::close(to_child[0]);
        ::close(to_child[1]);
        throw SystemError(name_, "cannot make a pipe", error);
    }
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str())); // posix_spawn does not write to them
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_child[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from_child[1], STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // Its own process group and no blocked signals: Ctrl-C is ours to handle first.
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    const int error = posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    ::close(to_child[1]);
    ::close(from_child[1]);
    input_ = to_child[0];
    output_ = from_child[0];
    if (error != 0) {
        ::close(input_);
        ::close(output_);
        throw SystemError(name_, "cannot start", error, "is it installed?");
    }
    fcntl(output_, F_SETPIPE_SZ, 1 << 20); // NOLINT: fewer, larger reads; refused is no harm
}

ChildProcess::~ChildProcess() {
    ::close(input_);
    ::close(output_);
    for (int tries = 0; tries < 20; ++tries) {
        if (waitpid(pid_, nullptr, WNOHANG) != 0)
            return;
        if (tries == 10)
            kill(pid_, SIGTERM);
        usleep(10'000);
    }
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

void ChildProcess::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = ::send(input_, text.data(), text.size(), MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            throw SystemError(name_, "went away", errno);
        text.remove_prefix(static_cast<std::size_t>(put));
    }
}

std::size_t ChildProcess::read_some(MutableByteView out) {
    for (;;) {
        const ssize_t got = ::read(output_, out.data(), out.size());
        if (got >= 0)
            return static_cast<std::size_t>(got);
        if (errno != EINTR)
            throw SystemError(name_, "cannot be read", errno);
    }
}

} // namespace ntferry::block
