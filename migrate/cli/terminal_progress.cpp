// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/cli/terminal_progress.hpp"

#include "converter/base/error.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <ostream>
#include <vector>

#include <unistd.h>

namespace ntferry::cli {
namespace {

using Steady = std::chrono::steady_clock;

std::string human_bytes(double bytes) {
    static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < std::size(units)) {
        bytes /= 1024;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

std::string human_seconds(double seconds) {
    const auto whole = static_cast<long>(seconds + 0.5);
    return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                         : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

/// Rate and remaining time since the phase began.
class Pace {
  public:
    void start(std::string_view phase) {
        began_ = Steady::now();
        counts_ = phase == "servers";
    }
    double seconds() const { return std::chrono::duration<double>(Steady::now() - began_).count(); }
    double rate(const ProgressState& state) const {
        return static_cast<double>(state.done) / std::max(seconds(), 0.001);
    }
    std::string describe(const ProgressState& state) const {
        if (counts_)
            return fmt::format("{} of {}", state.done, state.total);
        const double per_second = rate(state);
        std::string text =
            fmt::format("{} of {}, {}/s", human_bytes(static_cast<double>(state.done)),
                        human_bytes(static_cast<double>(state.total)), human_bytes(per_second));
        if (state.done > 0 && state.done < state.total)
            text += fmt::format(", {} left",
                                human_seconds(static_cast<double>(state.total - state.done) / per_second));
        if (state.skipped > 0)
            text += fmt::format(", {} skipped", human_bytes(static_cast<double>(state.skipped)));
        if (state.errors > 0)
            text += fmt::format(", {} unreadable", human_bytes(static_cast<double>(state.errors)));
        return text;
    }
    /// The line at the end of a phase; nothing for one without bytes that took no time.
    std::string conclusion(const std::string& name, const ProgressState& state) const {
        if (state.total == 0)
            return seconds() < 1 ? std::string() : fmt::format("{}: {}\n", name, human_seconds(seconds()));
        return fmt::format("{}: {} in {}\n", name, describe(state), human_seconds(seconds()));
    }

  private:
    Steady::time_point began_ = Steady::now();
    bool counts_ = false; ///< a batch's servers: no bytes, and no two take the same time
};

/// Lets an update through every so often.
class Throttle {
  public:
    explicit Throttle(std::chrono::milliseconds every) : every_(every) {}
    bool due() {
        const auto now = Steady::now();
        if (now - last_ < every_)
            return false;
        last_ = now;
        return true;
    }

  private:
    std::chrono::milliseconds every_;
    Steady::time_point last_{};
};

class BarProgress final : public Progress {
  public:
    explicit BarProgress(std::ostream& out) : out_(out) {}
    void phase(std::string_view name, std::uint64_t total) override {
        clear();
        name_ = name;
        state_ = {.done = 0, .total = total};
        pace_.start(name);
    }
    void update(const ProgressState& state) override {
        state_ = state;
        if (throttle_.due())
            draw();
    }
    void note(std::string_view line) override {
        clear();
        fmt::print(out_, "{}\n", line);
    }
    void done() override {
        clear();
        fmt::print(out_, "{}", pace_.conclusion(name_, state_));
    }
    ~BarProgress() override { clear(); }

  private:
    void draw() {
        constexpr std::size_t width = 24;
        const std::size_t filled =
            state_.total == 0 ? 0
                              : std::min<std::size_t>(
                                    width, static_cast<std::size_t>(static_cast<double>(state_.done) * width /
                                                                    static_cast<double>(state_.total)));
        fmt::print(out_, "\r\033[K{} [{}{}] {}", name_, std::string(filled, '#'),
                   std::string(width - filled, '.'), pace_.describe(state_));
        out_.flush();
        drawn_ = true;
    }
    void clear() {
        if (drawn_)
            fmt::print(out_, "\r\033[K");
        drawn_ = false;
    }
    std::ostream& out_;
    std::string name_;
    ProgressState state_;
    Pace pace_;
    Throttle throttle_{std::chrono::milliseconds(100)};
    bool drawn_ = false;
};

class LineProgress final : public Progress {
  public:
    explicit LineProgress(std::ostream& out) : out_(out) {}
    void phase(std::string_view name, std::uint64_t total) override {
        name_ = name;
        state_ = {.done = 0, .total = total};
        pace_.start(name);
        throttle_.due();
    }
    void update(const ProgressState& state) override {
        state_ = state;
        if (throttle_.due())
            fmt::print(out_, "{}: {}\n", name_, pace_.describe(state_));
        out_.flush();
    }
    void note(std::string_view line) override { fmt::print(out_, "{}\n", line); }
    void done() override {
        fmt::print(out_, "{}", pace_.conclusion(name_, state_));
        out_.flush();
    }

  private:
    std::ostream& out_;
    std::string name_;
    ProgressState state_;
    Pace pace_;
    Throttle throttle_{std::chrono::seconds(5)};
};

class JsonProgress final : public Progress {
  public:
    explicit JsonProgress(std::ostream& out) : out_(out) {}
    void phase(std::string_view name, std::uint64_t total) override {
        name_ = name;
        pace_.start(name);
        emit({{"event", "phase"}, {"phase", name_}, {"total", total}});
    }
    void update(const ProgressState& state) override {
        if (throttle_.due())
            emit({{"event", "progress"},
                  {"phase", name_},
                  {"done", state.done},
                  {"total", state.total},
                  {"skipped", state.skipped},
                  {"errors", state.errors},
                  {"rate", pace_.rate(state)}});
    }
    void note(std::string_view line) override { emit({{"event", "note"}, {"text", line}}); }
    void done() override { emit({{"event", "done"}, {"phase", name_}, {"seconds", pace_.seconds()}}); }

  private:
    void emit(const boost::json::object& event) {
        out_ << boost::json::serialize(event) << '\n';
        out_.flush();
    }
    std::ostream& out_;
    std::string name_;
    Pace pace_;
    Throttle throttle_{std::chrono::milliseconds(500)};
};

/// Passes everything on to several listeners, and owns the log file one of them may write to.
class Fanout final : public Progress {
  public:
    void add(std::unique_ptr<Progress> listener) { listeners_.push_back(std::move(listener)); }
    std::ofstream& log() { return log_; }
    void phase(std::string_view name, std::uint64_t total) override {
        for (const auto& listener : listeners_)
            listener->phase(name, total);
    }
    void update(const ProgressState& state) override {
        for (const auto& listener : listeners_)
            listener->update(state);
    }
    void note(std::string_view line) override {
        for (const auto& listener : listeners_)
            listener->note(line);
    }
    void done() override {
        for (const auto& listener : listeners_)
            listener->done();
    }

  private:
    std::ofstream log_;
    std::vector<std::unique_ptr<Progress>> listeners_;
};

} // namespace

std::unique_ptr<Progress> make_progress(bool json, bool quiet, const std::string& log, std::ostream& err) {
    auto all = std::make_unique<Fanout>();
    if (!quiet) {
        if (json)
            all->add(std::make_unique<JsonProgress>(err));
        else if (isatty(STDERR_FILENO) == 1)
            all->add(std::make_unique<BarProgress>(err));
        else
            all->add(std::make_unique<LineProgress>(err));
    }
    if (!log.empty()) {
        all->log().open(log, std::ios::app);
        if (!all->log())
            throw SystemError(log, "cannot open the log", errno);
        all->add(std::make_unique<LineProgress>(all->log()));
    }
    return all;
}

} // namespace ntferry::cli
