// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/batch/slurm.hpp"

#include "converter/base/error.hpp"
#include "migrate/cli/process.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

namespace ntferry::batch {
namespace {

/// Slurm's default MaxArraySize is 1001; indexes count from 0.
constexpr std::size_t MAX_ARRAY = 1000;
/// A task that Slurm forgot without an end: the host died.
constexpr int LOST_POLLS = 3;

/// One word for the shell that Slurm starts a script with.
std::string quoted(const std::string& word) {
    std::string result = "'";
    for (const char c : word)
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

std::string ask(const std::vector<std::string>& command, const std::string& input = {}) {
    const cli::ProcessResult result = cli::run_process(command, input, std::chrono::seconds(60));
    if (result.exit_code != 0)
        throw Error(command[0], result.err.empty() ? "failed" : result.err.substr(0, result.err.find('\n')),
                    "is Slurm running, and may you submit jobs? ('sinfo' shows)");
    return result.out;
}

class SlurmRun {
  public:
    SlurmRun(const Fleet& fleet, const Layout& layout, Journal& journal, const SlurmOptions& options,
             Progress& progress)
        : fleet_(fleet), layout_(layout), journal_(journal), options_(options), progress_(progress),
          jobs_(journal.jobs()) {}

    void all(const std::stop_token& stop) {
        progress_.phase("servers", jobs_.size());
        while (collect() || submit_ready()) {
            std::this_thread::sleep_for(options_.poll);
            if (stop.stop_requested()) {
                for (const std::string& id : arrays_)
                    cli::run_process({"scancel", id}, {}, std::chrono::seconds(30));
                throw Interrupted(layout_.output, "run the same command again to go on");
            }
        }
        progress_.done();
    }

  private:
    std::optional<int> end_of(const std::string& name) const {
        std::ifstream file(layout_.end_file(name));
        int code = 0;
        if (file >> code)
            return code;
        return std::nullopt;
    }

    /// Tasks that Slurm still knows: "17_3" of array 17, index 3.
    std::set<std::string> known_tasks() const {
        if (arrays_.empty())
            return {};
        const std::string list =
            ask({"squeue", "-h", "-r", "-o", "%i", "-j", fmt::format("{}", fmt::join(arrays_, ","))});
        std::set<std::string> tasks;
        std::istringstream lines(list);
        for (std::string line; std::getline(lines, line);)
            tasks.insert(line);
        return tasks;
    }

    /// Takes the ends that are there; whether tasks are under way.
    bool collect() {
        if (tasks_.empty())
            return false;
        // squeue fails for arrays that have left Slurm's memory; then none of their tasks is alive.
        std::set<std::string> known;
        try {
            known = known_tasks();
        } catch (const Error&) {
            known.clear();
        }
        for (auto at = tasks_.begin(); at != tasks_.end();) {
            JobRecord& job = jobs_[at->first];
            std::optional<int> code = end_of(job.name);
            int& lost = lost_[at->first];
            lost = known.count(at->second) != 0 ? 0 : lost + 1;
            if (!code && lost >= LOST_POLLS)
                code = 1;
            if (!code) {
                ++at;
                continue;
            }
            const bool gone = !end_of(job.name);
            note_end(job, fleet_.servers[at->first], *code,
                     *code == 0 ? ""
                     : gone     ? "its Slurm task ended without a result: look at the host it ran on"
                                : failure_of(layout_.log(job.name), *code));
            journal_.put(job);
            lost_.erase(at->first);
            at = tasks_.erase(at);
        }
        ProgressState state{.done = 0, .total = jobs_.size()};
        for (const JobRecord& job : jobs_)
            state.done += job.state != JobState::waiting && job.state != JobState::running ? 1U : 0U;
        progress_.update(state);
        return !tasks_.empty() && !any_ready();
    }

    bool startable(std::size_t index) const {
        return jobs_[index].state == JobState::waiting && jobs_[index].not_before <= now_ms() &&
               readiness(fleet_.servers[index], jobs_, fleet_) == Readiness::ready;
    }

    bool any_ready() const {
        for (std::size_t i = 0; i < jobs_.size(); ++i)
            if (startable(i))
                return true;
        return false;
    }

    void skip_hopeless() {
        for (bool changed = true; changed;) {
            changed = false;
            for (std::size_t i = 0; i < jobs_.size(); ++i)
                if (jobs_[i].state == JobState::waiting &&
                    readiness(fleet_.servers[i], jobs_, fleet_) == Readiness::never) {
                    jobs_[i].state = JobState::skipped;
                    jobs_[i].message = "a server that it waits for was not converted";
                    journal_.put(jobs_[i]);
                    changed = true;
                }
        }
    }

    /// Submits one array of what can start; whether anything is left to wait for.
    bool submit_ready() {
        skip_hopeless();
        std::vector<std::size_t> ready;
        bool left = !tasks_.empty();
        // An array's indexes must stay below its maximum, so one array holds servers of one thousand.
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            left = left || jobs_[i].state == JobState::waiting;
            if (startable(i) && (ready.empty() || i / MAX_ARRAY == ready[0] / MAX_ARRAY))
                ready.push_back(i);
        }
        if (!ready.empty())
            submit(ready);
        return left;
    }

    void submit(const std::vector<std::size_t>& ready) {
        const std::size_t base = ready[0] / MAX_ARRAY * MAX_ARRAY;
        std::vector<std::size_t> indexes;
        for (const std::size_t index : ready) {
            indexes.push_back(index - base);
            std::filesystem::remove(layout_.end_file(jobs_[index].name));
        }
        std::string script = "#!/bin/sh\nexec";
        for (const std::string& word : options_.batch_job)
            script += " " + quoted(word);
        script += fmt::format(" --index $(({} + SLURM_ARRAY_TASK_ID))\n", base);
        std::vector<std::string> command = {
            "sbatch",
            "--parsable",
            "--job-name=ntferry",
            fmt::format("--array={}%{}", fmt::join(indexes, ","), fleet_.limits.jobs),
            "--chdir=" + layout_.folder(),
            "--output=slurm-%A_%a.out"};
        if (!options_.partition.empty())
            command.push_back("--partition=" + options_.partition);
        const std::string answer = ask(command, script);
        const std::string id = answer.substr(0, answer.find_first_of(";\n"));
        arrays_.push_back(id);
        for (const std::size_t index : ready) {
            JobRecord& job = jobs_[index];
            job.state = JobState::running;
            ++job.starts;
            job.started = now_ms();
            journal_.put(job);
            tasks_[index] = fmt::format("{}_{}", id, index - base);
        }
        progress_.note(fmt::format("Slurm array {}: {} servers", id, ready.size()));
    }

    const Fleet& fleet_;
    const Layout& layout_;
    Journal& journal_;
    const SlurmOptions& options_;
    Progress& progress_;
    std::vector<JobRecord> jobs_;
    std::vector<std::string> arrays_;
    std::map<std::size_t, std::string> tasks_;
    std::map<std::size_t, int> lost_;
};

} // namespace

void run_slurm(const Fleet& fleet, const Layout& layout, Journal& journal, const SlurmOptions& options,
               Progress& progress, const std::stop_token& stop) {
    SlurmRun(fleet, layout, journal, options, progress).all(stop);
}

} // namespace ntferry::batch
