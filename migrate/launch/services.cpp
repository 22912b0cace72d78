// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/services.hpp"

#include "converter/base/error.hpp"
#include "converter/patch/durable.hpp"
#include "migrate/cli/process.hpp"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>

#include <unistd.h>

namespace ntferry::launch {
namespace {

namespace fs = std::filesystem;

std::string unit_of(const std::string& machine) {
    return "ntferry@" + systemd_escaped(machine) + ".service";
}

class Systemd final : public Services {
  public:
    explicit Systemd(SystemdPlaces places) : places_(std::move(places)) {}

    std::string name() const override { return "systemd"; }

    void start(const std::string& machine, const std::string&) override {
        call({"start", "--no-block", unit_of(machine)});
    }

    void set_up(const std::string& machine, const LaunchSettings& settings) override {
        std::string text = "# Written by 'ntferry launch'.\n[Unit]\n";
        for (const std::string& other : settings.after)
            text += fmt::format("Wants={0}\nAfter={0}\n", unit_of(other));
        // The guest's own time to shut down, and some for the disks.
        text += fmt::format("\n[Service]\nTimeoutStopSec={}\n", settings.stop_wait + 60);
        const fs::path folder = fs::path(places_.units) / (unit_of(machine) + ".d");
        std::error_code error;
        fs::create_directories(folder, error);
        if (error)
            throw SystemError(folder.string(), "create", error.value());
        patch::durable::write((folder / "launch.conf").string(), text);
        call({"daemon-reload"});
        call({settings.autostart ? "enable" : "disable", unit_of(machine)});
    }

    void take_down(const std::string& machine) override {
        call({"disable", unit_of(machine)});
        std::error_code ignored;
        fs::remove_all(fs::path(places_.units) / (unit_of(machine) + ".d"), ignored);
        call({"daemon-reload"});
    }

  private:
    void call(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), places_.systemctl);
        const cli::ProcessResult result = cli::run_process(arguments, {}, std::chrono::seconds(60));
        if (result.exit_code != 0)
            throw Error(fmt::format("{}", fmt::join(arguments, " ")),
                        result.err.empty() ? fmt::format("exit code {}", result.exit_code)
                                           : result.err.substr(0, result.err.find('\n')),
                        "see 'journalctl -xe'");
    }

    SystemdPlaces places_;
};

class Background final : public Services {
  public:
    std::string name() const override { return "background"; }

    void start(const std::string&, const std::string& bundle) override {
        const std::string log = (fs::path(bundle) / "logs/launch.log").string();
        std::error_code ignored;
        fs::create_directories(fs::path(log).parent_path(), ignored);
        cli::start_process({cli::own_program(), "run", bundle},
                           {.output = {}, .error = log, .own_session = true});
    }

    void set_up(const std::string&, const LaunchSettings&) override {
    } // 'ntferry launch --all' reads launch.json
    void take_down(const std::string&) override {}
};

} // namespace

std::string systemd_escaped(const std::string& name) {
    std::string escaped;
    for (const char c : name) {
        if (c == '/')
            escaped += '-';
        else if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '_' ||
                 (c == '.' && !escaped.empty()))
            escaped += c;
        else
            escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return escaped;
}

std::unique_ptr<Services> systemd_services(const SystemdPlaces& places) {
    return std::make_unique<Systemd>(places);
}

std::unique_ptr<Services> background_services() {
    return std::make_unique<Background>();
}

std::unique_ptr<Services> services_of_this_host(const SystemdPlaces& places) {
    std::error_code ignored;
    const bool installed = fs::exists("/lib/systemd/system/ntferry@.service", ignored) ||
                           fs::exists(fs::path(places.units) / "ntferry@.service", ignored);
    if (::geteuid() == 0 && installed && fs::is_directory(places.runtime, ignored))
        return systemd_services(places);
    return background_services();
}

} // namespace ntferry::launch
