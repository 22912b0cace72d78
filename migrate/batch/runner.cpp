// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/batch/runner.hpp"

#include "converter/base/error.hpp"
#include "migrate/cli/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <thread>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ntferry::batch {
namespace {

using namespace std::chrono_literals;

constexpr auto TICK = 20ms;
constexpr auto PATIENCE = 60s; ///< how long a job may take to end when asked

struct Running {
    pid_t pid = -1;
    bool remote = false;
    int end = -1; ///< pidfd: readable once the job has ended; -1 where the kernel has none
};

class Run {
  public:
    Run(const Fleet& fleet, const Layout& layout, Journal& journal, const RunOptions& options,
        Progress& progress)
        : fleet_(fleet), layout_(layout), journal_(journal), options_(options), progress_(progress),
          jobs_(journal.jobs()) {
        for (std::size_t i = 0; i < jobs_.size(); ++i)
            at_[jobs_[i].name] = i;
    }

    void all(const std::stop_token& stop) {
        progress_.phase("servers", fleet_.servers.size());
        while (true) {
            reap();
            if (stop.stop_requested())
                interrupt();
            const bool waiting = start_ready();
            if (!waiting && running_.empty())
                break;
            report();
            rest();
        }
        report();
        progress_.done();
    }

  private:
    JobRecord& job(const Server& server) { return jobs_[at_.at(server.name)]; }

    /// Until a job ends, a tick at most.
    void rest() const {
        std::vector<pollfd> ends;
        for (const auto& [index, entry] : running_)
            ends.push_back({entry.end, POLLIN, 0}); // a descriptor of -1 is ignored
        ::poll(ends.data(), ends.size(), static_cast<int>(std::chrono::milliseconds(TICK).count()));
    }

    void reap() {
        for (auto at = running_.begin(); at != running_.end();) {
            const std::optional<int> code = cli::poll_process(at->second.pid);
            if (!code) {
                ++at;
                continue;
            }
            const Server& server = fleet_.servers[at->first];
            JobRecord& record = job(server);
            note_end(record, server, *code, *code == 0 ? "" : failure_of(layout_.log(server.name), *code));
            journal_.put(record);
            if (*code != 0)
                progress_.note(
                    fmt::format("{}: {}{}", server.name, record.message,
                                record.state == JobState::waiting ? " (will be tried again)" : ""));
            if (at->second.end >= 0)
                ::close(at->second.end);
            at = running_.erase(at);
        }
    }

    /// Whether anything is left to start, now or later.
    bool start_ready() {
        bool waiting = false;
        for (std::size_t i = 0; i < fleet_.servers.size(); ++i) {
            const Server& server = fleet_.servers[i];
            JobRecord& record = job(server);
            if (record.state != JobState::waiting)
                continue;
            const Readiness ready = readiness(server, jobs_, fleet_);
            if (ready == Readiness::never) {
                record.state = JobState::skipped;
                record.message = "a server that it waits for was not converted";
                journal_.put(record);
                // Servers before this one in the list may wait for it.
                return true;
            }
            waiting = true;
            if (ready == Readiness::ready && record.not_before <= now_ms() && has_room(server))
                start(i);
        }
        return waiting;
    }

    bool has_room(const Server& server) const {
        if (running_.size() >= fleet_.limits.jobs)
            return false;
        const bool remote = server.remote();
        const auto same = std::count_if(running_.begin(), running_.end(),
                                        [&](const auto& entry) { return entry.second.remote == remote; });
        return static_cast<unsigned>(same) < (remote ? fleet_.limits.network : fleet_.limits.disk);
    }

    void start(std::size_t index) {
        const Server& server = fleet_.servers[index];
        const std::optional<FileLock> lock = FileLock::take(layout_.job_lock(server.name));
        if (!lock)
            return; // the job of a killed run is still ending
        JobRecord& record = job(server);
        record.state = JobState::running;
        ++record.starts;
        record.started = now_ms();
        journal_.put(record);
        try {
            const pid_t pid = cli::start_process(job_command(server, layout_, options_.program),
                                                 {.output = layout_.result(server.name),
                                                  .error = layout_.log(server.name),
                                                  .keep_fd = lock->fd(),
                                                  .ends_with_parent = true});
            running_[index] = {pid, server.remote(), static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
        } catch (const Error& error) { // one that cannot start stops nobody else
            note_end(record, server, 127, error.what());
            journal_.put(record);
        }
    }

    [[noreturn]] void interrupt() {
        for (const auto& [index, entry] : running_)
            ::kill(entry.pid, SIGTERM);
        const auto until = std::chrono::steady_clock::now() + PATIENCE;
        while (!running_.empty() && std::chrono::steady_clock::now() < until) {
            reap();
            std::this_thread::sleep_for(TICK);
        }
        for (const auto& [index, entry] : running_) {
            ::kill(entry.pid, SIGKILL);
            JobRecord& record = job(fleet_.servers[index]);
            record.state = JobState::waiting;
            journal_.put(record);
        }
        throw Interrupted(layout_.output, "run the same command again to go on");
    }

    void report() {
        ProgressState state{.done = 0, .total = fleet_.servers.size()};
        for (const JobRecord& record : jobs_)
            if (record.state == JobState::done || record.state == JobState::failed ||
                record.state == JobState::skipped)
                ++state.done;
        progress_.update(state);
    }

    const Fleet& fleet_;
    const Layout& layout_;
    Journal& journal_;
    const RunOptions& options_;
    Progress& progress_;
    std::vector<JobRecord> jobs_;
    std::map<std::string, std::size_t> at_;
    std::map<std::size_t, Running> running_;
};

} // namespace

void prepare(const Fleet& fleet, const Layout& layout, Journal& journal, bool retry_failed) {
    journal.begin();
    for (std::size_t i = 0; i < fleet.servers.size(); ++i)
        journal.add(fleet.servers[i].name, i);
    for (JobRecord job : journal.jobs()) {
        const bool known = std::any_of(fleet.servers.begin(), fleet.servers.end(),
                                       [&](const Server& server) { return server.name == job.name; });
        if (!known)
            throw Error(layout.journal(),
                        fmt::format("{} was converted there and is not in this fleet", job.name),
                        "use the fleet it was made with, or another output folder", ErrorKind::usage);
        const bool again = retry_failed && (job.state == JobState::failed || job.state == JobState::skipped);
        if (again || job.state == JobState::running) {
            job.state = JobState::waiting;
            job.not_before = 0;
            if (again)
                job.failures = 0;
            journal.put(job);
        }
    }
    journal.set_meta("pid", std::to_string(::getpid()));
    journal.commit();
}

Readiness readiness(const Server& server, const std::vector<JobRecord>& jobs, const Fleet& fleet) {
    Readiness result = Readiness::ready;
    for (const std::string& other : server.after) {
        const JobState state = jobs.at(fleet.index_of(other)).state;
        if (state == JobState::failed || state == JobState::skipped)
            return Readiness::never;
        if (state != JobState::done)
            result = Readiness::wait;
    }
    return result;
}

void note_end(JobRecord& job, const Server& server, int exit_code, const std::string& message) {
    job.ended = now_ms();
    job.exit_code = exit_code;
    job.message = message;
    if (exit_code == 0) {
        job.state = JobState::done;
        return;
    }
    if (exit_code == static_cast<int>(ErrorKind::interrupted) || exit_code == 128 + SIGTERM) {
        job.state = JobState::waiting;
        return;
    }
    ++job.failures;
    if (job.failures > server.settings.retries || !worth_retrying(exit_code)) {
        job.state = JobState::failed;
        return;
    }
    job.state = JobState::waiting;
    const std::int64_t doublings = std::min(job.failures - 1, 10U);
    job.not_before = job.ended + (std::int64_t{server.settings.retry_delay} * 1000 << doublings);
}

void run_jobs(const Fleet& fleet, const Layout& layout, Journal& journal, const RunOptions& options,
              Progress& progress, const std::stop_token& stop) {
    Run(fleet, layout, journal, options, progress).all(stop);
}

} // namespace ntferry::batch
