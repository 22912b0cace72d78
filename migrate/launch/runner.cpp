// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/runner.hpp"

#include "converter/base/error.hpp"
#include "converter/base/run_directory.hpp"
#include "migrate/cli/process.hpp"
#include "migrate/launch/bundle_lock.hpp"
#include "migrate/launch/control_client.hpp"
#include "migrate/launch/power.hpp"
#include "migrate/launch/work_disks.hpp"
#include "profiles/render_qemu.hpp"
#include "vmm/kvm/kvm_system.hpp"

#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include <sys/stat.h>

namespace ntferry::launch {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto tick = 100ms;
constexpr auto patience_with_others = 10min; ///< for machines that must run before
constexpr auto time_to_flush = 30s;          ///< between "quit" and a kill
constexpr auto answer_time = 20s;

bool runs(const std::string& name) {
    try {
        ControlClient client(control_socket_of(name), {0ms, 5s});
        return client.run("query-status").at("status") == "running";
    } catch (const std::exception&) {
        return false;
    }
}

class Supervisor {
  public:
    Supervisor(std::string bundle, Progress& progress, const std::stop_token& stop)
        : bundle_(std::move(bundle)), settings_(load_settings(bundle_)),
          name_(machine_name(bundle_, settings_)), progress_(progress), stop_(stop) {}

    int run() {
        wait_for_others();
        rest(std::chrono::seconds(settings_.delay));
        EndOfRun end;
        for (unsigned restarts = 0; !stop_.stop_requested(); ++restarts) {
            if (restarts > 0) {
                progress_.note(fmt::format("{}: starting again in {} s", name_, backoff_seconds(restarts)));
                rest(std::chrono::seconds(backoff_seconds(restarts)));
                if (stop_.stop_requested())
                    break;
            }
            const auto began = Clock::now();
            end = run_once();
            if (!starts_again(settings_.restart, end))
                break;
            if (Clock::now() - began > 10min)
                restarts = 0; // it ran well; the next fault is a new one
        }
        return end.by_administrator ? 0 : end.exit_code;
    }

  private:
    void rest(std::chrono::milliseconds time) const {
        const auto end = Clock::now() + time;
        while (Clock::now() < end && !stop_.stop_requested())
            std::this_thread::sleep_for(std::min<Clock::duration>(tick, end - Clock::now()));
    }

    void wait_for_others() {
        const auto end = Clock::now() + patience_with_others;
        for (const std::string& other : settings_.after) {
            if (runs(other))
                continue;
            progress_.note(fmt::format("{}: waiting for {}", name_, other));
            while (!stop_.stop_requested() && !runs(other)) {
                if (Clock::now() >= end) {
                    progress_.note(fmt::format("{}: {} does not run; starting nevertheless", name_, other));
                    return;
                }
                rest(500ms);
            }
        }
    }

    bool use_qemu() const {
        if (settings_.engine == "auto")
            return vmm::kvm::probe_host().kind != vmm::kvm::HostKind::full;
        return settings_.engine == "qemu";
    }

    EndOfRun run_once() {
        const profiles::MachineDescription machine =
            profiles::load_machine((fs::path(bundle_) / "machine.xml").string());
        WorkDisks disks(bundle_);
        const bool qemu = use_qemu();
        if (!qemu && disks.pending())
            disks.give_back(machine, progress_); // of a run under QEMU that was cut off
        fs::create_directories(fs::path(bundle_) / "logs");
        std::vector<std::string> command;
        resuming_ = fs::exists(saved_state_of(bundle_)) ? saved_state_of(bundle_) : std::string();
        if (qemu && !resuming_.empty())
            throw Error(name_, "was saved, and QEMU cannot go on from there",
                        fmt::format("let it go on where KVM runs NT, or give the state up: ntferry resume {} "
                                    "--discard",
                                    name_),
                        ErrorKind::unsupported);
        if (qemu) {
            profiles::MachineDescription copied = machine;
            disks.take(copied, progress_, stop_);
            command = qemu_command(copied);
            socket_ = supervisor_socket();
        } else {
            command = vmm_command();
            socket_ = control_socket_of(name_);
        }
        const EndOfRun end = watch(command);
        if (!resuming_.empty() && end.exit_code != 0)
            throw Error(
                name_, "does not go on from its saved state",
                fmt::format("logs/machine.log says why; 'ntferry resume {} --discard' gives the state up",
                            name_),
                ErrorKind::decision);
        if (qemu)
            disks.give_back(machine, progress_);
        return end;
    }

    std::vector<std::string> vmm_command() const {
        const std::string program = cli::find_program("ntferry-vmm");
        if (program.empty())
            throw Error("ntferry-vmm", "is not installed", "install the package ntferry completely");
        std::vector<std::string> command = {
            program,    "--machine", (fs::path(bundle_) / "machine.xml").string(), "--name", name_,
            "--engine", "kvm"};
        if (!settings_.vnc.empty())
            command.insert(command.end(), {"--vnc", settings_.vnc});
        if (!resuming_.empty())
            command.insert(command.end(), {"--resume-state", resuming_});
        return command;
    }

    /// The machine runs: its disks change, and the state that it went on from does not fit them any more.
    void state_is_used(ControlClient& client) {
        try {
            if (resuming_.empty() || client.run("query-status").at("status") != "running")
                return;
        } catch (const Error&) {
            return; // it has ended
        }
        fs::remove(resuming_);
        progress_.note(fmt::format("{}: goes on from its saved state", name_));
        resuming_.clear();
    }

    std::vector<std::string> qemu_command(const profiles::MachineDescription& machine) const {
        profiles::Profile profile = profiles::find_profile(machine.profile);
        for (const auto& [setting, value] : machine.overrides)
            profiles::apply_override(profile, setting, value);
        std::vector<std::string> command =
            profiles::qemu_arguments(profile, machine, {.accelerator = "tcg", .folder = bundle_});
        const std::string socket = control_socket_of(name_);
        std::error_code ignored;
        fs::create_directories(run_directory(), ignored);
        fs::permissions(run_directory(), fs::perms::owner_all, ignored);
        // Each of QEMU's serves one client at a time: one for everybody, one for this supervisor.
        for (const std::string& path : {socket, supervisor_socket()}) {
            fs::remove(path, ignored); // of a QEMU that was killed; the bundle's lock says that none runs
            command.insert(command.end(), {"-qmp", fmt::format("unix:{},server=on,wait=off", path)});
        }
        if (!settings_.vnc.empty())
            command.insert(command.end(), {"-vnc", settings_.vnc});
        return command;
    }

    std::string supervisor_socket() const { return run_directory() + "/" + name_ + ".supervisor"; }

    EndOfRun watch(const std::vector<std::string>& command) {
        progress_.note(fmt::format("{}: starting {}", name_, fs::path(command.front()).filename().string()));
        const ::mode_t before = ::umask(077); // QEMU's socket is for this user alone
        const std::string log = (fs::path(bundle_) / "logs/machine.log").string();
        const pid_t pid =
            cli::start_process(command, {.output = log, .error = log, .ends_with_parent = true});
        ::umask(before);
        EndOfRun end;
        std::unique_ptr<ControlClient> client;
        bool asked = false;
        Clock::time_point give_up;
        bool quit = false;
        for (;;) {
            if (const auto code = cli::poll_process(pid)) {
                take_events(client, end);
                end.exit_code = *code;
                if (stop_.stop_requested())
                    end.by_administrator = true;
                progress_.note(fmt::format("{}: ended with exit code {}", name_, *code));
                return end;
            }
            if (!client)
                client = connect();
            take_events(client, end);
            if (client)
                state_is_used(*client);
            if (stop_.stop_requested() && !asked) {
                asked = true;
                give_up = Clock::now() + std::chrono::seconds(settings_.stop_wait);
                ask(client);
            }
            if (asked && Clock::now() >= give_up) {
                // The machine flushes its disks at SIGTERM.
                ::kill(pid, quit ? SIGKILL : SIGTERM);
                quit = true;
                give_up = Clock::now() + time_to_flush;
            }
            std::this_thread::sleep_for(tick);
        }
    }

    std::unique_ptr<ControlClient> connect() const {
        try {
            return std::make_unique<ControlClient>(socket_, ControlClient::Patience{0ms, answer_time});
        } catch (const Error&) {
            return nullptr; // not yet
        }
    }

    void ask(std::unique_ptr<ControlClient>& client) {
        try {
            if (client && settings_.stop_wait > 0)
                ask_guest_to_shut_down(*client);
        } catch (const Error&) {
            client.reset(); // it has ended
        }
    }

    static void take_events(std::unique_ptr<ControlClient>& client, EndOfRun& end) {
        if (!client)
            return;
        try {
            for (const boost::json::object& message : client->take_events()) {
                const auto* data = message.if_contains("data");
                if (message.at("event") != "SHUTDOWN" || data == nullptr || !data->is_object())
                    continue;
                const auto* reason = data->as_object().if_contains("reason");
                if (reason != nullptr && (*reason == "host-qmp-quit" || *reason == "host-signal"))
                    end.by_administrator = true;
            }
        } catch (const Error&) {
            client.reset();
        }
    }

    std::string bundle_;
    LaunchSettings settings_;
    std::string name_;
    std::string socket_;   ///< of the machine that runs
    std::string resuming_; ///< saved state that it goes on from and that is there yet
    Progress& progress_;
    const std::stop_token& stop_;
};

} // namespace

unsigned backoff_seconds(unsigned restarts) {
    return restarts >= 7 ? 60U : 1U << (restarts - std::min(restarts, 1U));
}

std::string saved_state_of(const std::string& bundle) {
    return (fs::path(bundle) / "state/saved.state").string();
}

bool starts_again(Restart restart, const EndOfRun& end) {
    if (end.by_administrator || restart == Restart::no)
        return false;
    return restart == Restart::always || end.exit_code != 0;
}

int run_machine(const std::string& bundle, Progress& progress, const std::stop_token& stop) {
    require_runnable(bundle);
    const std::string whole = fs::absolute(bundle).lexically_normal().string();
    const auto lock = lock_bundle(whole);
    if (!lock)
        throw Error(bundle, "runs already, or is being moved", "see 'ntferry list'", ErrorKind::decision);
    return Supervisor(whole, progress, stop).run();
}

} // namespace ntferry::launch
