// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/engine_process.hpp"

#include "converter/base/error.hpp"
#include "converter/base/text.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ntferry::verify {
namespace {

namespace fs = std::filesystem;

/// Field 4 of /proc/PID/stat (proc(5)); behind field 2, which may hold anything but ends with the last ')'.
pid_t parent_of(const fs::path& process) {
    std::ifstream file(process / "stat");
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(')');
    std::istringstream rest(name_end == std::string::npos ? "" : line.substr(name_end + 1));
    char state = 0;
    pid_t parent = -1;
    rest >> state >> parent;
    return parent;
}

/// A process and all that descend from it: behind walls the machine is a grandchild.
std::vector<pid_t> family_of(pid_t first) {
    std::vector<std::pair<pid_t, pid_t>> others; // and their parents
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
        const std::string name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") == std::string::npos)
            others.emplace_back(std::stoi(name), parent_of(entry.path()));
    }
    std::vector<pid_t> family{first};
    for (std::size_t n = 0; n < family.size() && family.size() <= others.size(); ++n)
        for (const auto& [process, parent] : others)
            if (parent == family[n])
                family.push_back(process);
    return family;
}

} // namespace

EngineProcess::EngineProcess(const std::vector<std::string>& arguments, const std::string& log) : log_(log) {
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (output < 0)
        throw SystemError(log, "create", errno);
    int failure[2] = {-1, -1};
    if (::pipe2(failure, O_CLOEXEC) != 0) {
        ::close(output);
        throw SystemError(arguments.at(0), "start", errno);
    }
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str())); // NOLINT(cppcoreguidelines-pro-type-const-cast)
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        // Only calls that are safe between fork and exec.
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent)
            ::_exit(127);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        const int null = ::open("/dev/null", O_RDONLY);
        ::dup2(null, STDIN_FILENO);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        ::execvp(argv[0], argv.data());
        const int error = errno;
        static_cast<void>(!::write(failure[1], &error, sizeof(error)));
        ::_exit(127);
    }
    const int fork_error = errno;
    ::close(output);
    ::close(failure[1]);
    int error = 0;
    const bool failed = pid_ > 0 && ::read(failure[0], &error, sizeof(error)) == sizeof(error);
    ::close(failure[0]);
    if (pid_ < 0)
        throw SystemError(arguments[0], "start", fork_error);
    if (failed) {
        reap(true);
        throw SystemError(arguments[0], "start", error, "install the package that has it");
    }
}

EngineProcess::~EngineProcess() {
    if (pid_ < 0)
        return;
    ::kill(pid_, SIGTERM);
    siginfo_t ended{};
    // Seen to end but not reaped: so long its number, which is that of the group, is nobody else's.
    for (int i = 0; i < 60 && ended.si_pid == 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(i == 0 ? 5 : 50));
        if (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0)
            break;
    }
    ::kill(-pid_, SIGKILL);
    reap(true);
}

bool EngineProcess::reap(bool wait) {
    int status = 0;
    if (pid_ < 0)
        return true;
    if (::waitpid(pid_, &status, wait ? 0 : WNOHANG) != pid_)
        return false;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
    return true;
}

EngineProcess::ProcessorTime EngineProcess::processor_time() const {
    ProcessorTime sum;
    if (pid_ < 0)
        return sum;
    for (const pid_t process : family_of(pid_)) {
        std::error_code error;
        for (const auto& thread :
             fs::directory_iterator("/proc/" + std::to_string(process) + "/task", error)) {
            // Documentation/scheduler/sched-stats: nanoseconds on a processor, nanoseconds ready to run.
            std::ifstream file(thread.path() / "schedstat");
            std::int64_t had = 0;
            std::int64_t waited = 0;
            if (!(file >> had >> waited))
                continue;
            sum.had += std::chrono::nanoseconds(had);
            sum.waited += std::chrono::nanoseconds(waited);
        }
    }
    return sum;
}

bool EngineProcess::running() {
    return !reap(false);
}

std::string EngineProcess::last_words() const {
    std::ifstream file(log_);
    std::string line;
    std::string last;
    while (std::getline(file, line))
        if (!text::trim(line).empty())
            last = line;
    return text::printable(last, 300);
}

} // namespace ntferry::verify
