// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/cli/process.hpp"

#include "converter/base/error.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ntferry::cli {
namespace {

constexpr std::size_t MAX_OUTPUT = 16U << 20U;

int exit_code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<char*> argument_pointers(const std::vector<std::string>& arguments) {
    std::vector<char*> pointers;
    for (const std::string& argument : arguments)
        pointers.push_back(const_cast<char*>(argument.c_str())); // exec does not write
    pointers.push_back(nullptr);
    return pointers;
}

/// In the child, between fork and exec: only async-signal-safe calls.
void reset_signals() {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP})
        ::signal(signal, SIG_DFL);
}

class Pipe {
  public:
    Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0)
            throw SystemError("pipe", "create", errno);
    }
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    int end(std::size_t which) const { return ends_[which]; }
    void close_end(std::size_t which) {
        if (ends_[which] >= 0)
            ::close(ends_[which]);
        ends_[which] = -1;
    }

  private:
    std::array<int, 2> ends_{-1, -1};
};

/// Reads what is there; closes the pipe at its end.
void take(Pipe& pipe, std::string& into) {
    std::array<char, 65536> buffer;
    const ssize_t got = ::read(pipe.end(0), buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0) {
        pipe.close_end(0);
        return;
    }
    const auto room = MAX_OUTPUT - std::min(MAX_OUTPUT, into.size());
    into.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
}

class File {
  public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File() {
        if (descriptor_ >= 0)
            ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int descriptor() const { return descriptor_; }

  private:
    int descriptor_;
};

int open_or_null(const std::string& path, int flags) {
    const int fd = ::open(path.empty() ? "/dev/null" : path.c_str(),
                          (path.empty() ? O_RDWR : flags | O_CREAT) | O_CLOEXEC, 0644);
    if (fd < 0)
        throw SystemError(path, "open", errno);
    return fd;
}

int again(int descriptor) {
    const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        throw SystemError("descriptor", "duplicate", errno);
    return copy;
}

/// Starts a program with these as its standard input, output and error. @throws SystemError
pid_t spawn(const std::vector<std::string>& arguments, const std::array<int, 3>& streams,
            const StartOptions& options) {
    std::vector<char*> argv = argument_pointers(arguments);
    Pipe failure; // closed by a successful exec
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
        reset_signals();
        if (options.own_session)
            ::setsid();
        if (options.own_group)
            ::setpgid(0, 0);
        if (options.ends_with_parent) {
            ::prctl(PR_SET_PDEATHSIG, options.end_signal);
            if (::getppid() != parent)
                ::_exit(128 + options.end_signal);
        }
        for (int number = 0; number < 3; ++number)
            ::dup2(streams[static_cast<std::size_t>(number)], number);
        if (options.keep_fd >= 0)
            ::fcntl(options.keep_fd, F_SETFD, 0);
        ::execvp(argv[0], argv.data());
        const int error = errno;
        static_cast<void>(!::write(failure.end(1), &error, sizeof(error)));
        ::_exit(127);
    }
    if (pid < 0)
        throw SystemError(arguments.at(0), "start", errno);
    failure.close_end(1);
    int error = 0;
    if (::read(failure.end(0), &error, sizeof(error)) == sizeof(error)) {
        ::waitpid(pid, nullptr, 0);
        throw SystemError(arguments.at(0), "start", error,
                          error == ENOENT ? "install the package that has it" : "");
    }
    return pid;
}

} // namespace

ProcessResult run_process(const std::vector<std::string>& arguments, const std::string& input,
                          std::optional<std::chrono::milliseconds> limit) {
    Pipe in;
    Pipe out;
    Pipe err;
    pid_t pid = -1;
    try {
        pid = spawn(arguments, {in.end(0), out.end(1), err.end(1)}, {});
    } catch (const SystemError&) {
        return {127, {}, {}};
    }
    in.close_end(0);
    out.close_end(1);
    err.close_end(1);
    ::fcntl(in.end(1), F_SETFL, O_NONBLOCK);
    // A program that does not read its input must not end this one: SIGPIPE is only blocked here.
    sigset_t pipe_signal;
    sigset_t before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);

    ProcessResult result;
    std::size_t written = 0;
    const auto began = std::chrono::steady_clock::now();
    bool killed = false;
    while (out.end(0) >= 0 || err.end(0) >= 0) {
        if (written == input.size())
            in.close_end(1);
        std::array<pollfd, 3> waits{
            {{out.end(0), POLLIN, 0}, {err.end(0), POLLIN, 0}, {in.end(1), POLLOUT, 0}}};
        ::poll(waits.data(), waits.size(), 100);
        if (waits[0].revents != 0)
            take(out, result.out);
        if (waits[1].revents != 0)
            take(err, result.err);
        if (waits[2].revents != 0) {
            const ssize_t put = ::write(in.end(1), input.data() + written, input.size() - written);
            if (put >= 0)
                written += static_cast<std::size_t>(put);
            else if (errno != EAGAIN && errno != EINTR)
                written = input.size();
        }
        if (limit && !killed && std::chrono::steady_clock::now() - began > *limit) {
            ::kill(pid, SIGKILL);
            killed = true;
        }
        if (killed && std::chrono::steady_clock::now() - began > *limit + std::chrono::seconds(1))
            break; // a grandchild keeps the pipes open
    }
    const timespec none{};
    while (::sigtimedwait(&pipe_signal, nullptr, &none) == SIGPIPE) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    result.exit_code = exit_code_of(status);
    return result;
}

pid_t start_process(const std::vector<std::string>& arguments, const StartOptions& options) {
    const bool talks = options.conversation >= 0;
    const File in(talks ? again(options.conversation) : open_or_null({}, O_RDONLY));
    const File out(talks            ? again(options.conversation)
                   : options.speaks ? again(2)
                                    : open_or_null(options.output, O_WRONLY | O_TRUNC));
    const bool one_file = !options.error.empty() && options.error == options.output;
    const File err(one_file                  ? again(out.descriptor())
                   : options.speaks || talks ? again(2)
                                             : open_or_null(options.error, O_WRONLY | O_APPEND));
    return spawn(arguments, {in.descriptor(), out.descriptor(), err.descriptor()}, options);
}

std::optional<int> poll_process(pid_t pid) {
    int status = 0;
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR))
        return std::nullopt;
    return ended < 0 ? 127 : exit_code_of(status);
}

std::string own_program() {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::string("ntferry") : path.string();
}

std::string find_program(const std::string& name) {
    namespace fs = std::filesystem;
    const fs::path own = fs::path(own_program()).parent_path();
    // Installed programs are neighbours; in a build tree each room has its folder.
    for (const fs::path& candidate : {own / name, own / "../vmm" / name, own / "../migrate" / name})
        if (::access(candidate.c_str(), X_OK) == 0)
            return candidate.lexically_normal().string();
    const char* variable = std::getenv("PATH");
    std::string path = std::string(variable != nullptr ? variable : "/usr/bin:/bin") + ":/usr/sbin:/sbin:";
    for (std::size_t colon; (colon = path.find(':')) != std::string::npos; path.erase(0, colon + 1)) {
        const fs::path candidate = fs::path(path.substr(0, colon)) / name;
        if (colon != 0 && ::access(candidate.c_str(), X_OK) == 0)
            return candidate.string();
    }
    return {};
}

} // namespace ntferry::cli
