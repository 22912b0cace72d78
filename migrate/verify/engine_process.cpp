// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/engine_process.hpp"

#include "converter/base/text.hpp"
#include "migrate/cli/process.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include <sys/wait.h>

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

EngineProcess::EngineProcess(const std::vector<std::string>& arguments, const std::string& log)
    : log_(log), pid_(cli::start_process(arguments, {.output = log,
                                                     .error = log,
                                                     .ends_with_parent = true,
                                                     .end_signal = SIGKILL,
                                                     .own_group = true})) {}

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
