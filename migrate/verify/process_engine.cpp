// Engines that are processes of their own, held by their control sockets: ntferry-vmm, and QEMU.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/cli/process.hpp"
#include "migrate/launch/control_client.hpp"
#include "migrate/verify/engine.hpp"
#include "migrate/verify/engine_process.hpp"
#include "migrate/verify/ppm.hpp"
#include "migrate/verify/screen_reader.hpp"
#include "profiles/render_qemu.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace ntferry::verify {
namespace {

using Clock = std::chrono::steady_clock;

constexpr launch::ControlClient::Patience patience{std::chrono::seconds(20), std::chrono::seconds(20)};

std::string socket_of(const EngineSetup& setup) {
    return setup.run_folder + "/qmp";
}

std::vector<std::string> qemu_command(const EngineSetup& setup) {
    std::vector<std::string> arguments =
        profiles::qemu_arguments(setup.profile, setup.machine, {.accelerator = "tcg", .folder = {}});
    // -no-shutdown: stays after a guest's power-off, so that the last screen can be read.
    arguments.insert(arguments.end(),
                     {"-qmp", fmt::format("unix:{},server=on,wait=off", socket_of(setup)), "-no-shutdown"});
    return arguments;
}

std::vector<std::string> vmm_command(const EngineSetup& setup) {
    const std::string program = cli::find_program("ntferry-vmm");
    if (program.empty())
        throw Error("ntferry-vmm", "is not installed", "install the package ntferry completely");
    const std::string machine = setup.run_folder + "/machine.xml";
    profiles::save_machine(setup.machine, machine);
    return {program, "--machine", machine, "--engine", "kvm", "--control", socket_of(setup)};
}

/// The file that COM1 goes to; empty: to none.
std::string serial_log_of(const EngineSetup& setup) {
    constexpr std::string_view file = "file:";
    for (const profiles::SerialSpec& serial : setup.machine.serials)
        if (serial.port == 0 && serial.backend.starts_with(file))
            return serial.backend.substr(file.size());
    return {};
}

/// A counter of one entry of query-blockstats; 0 where it is missing.
std::uint64_t number(const boost::json::value& disk, const char* name) {
    const auto* stats = disk.is_object() ? disk.as_object().if_contains("stats") : nullptr;
    const auto* value =
        stats != nullptr && stats->is_object() ? stats->as_object().if_contains(name) : nullptr;
    return value != nullptr && value->is_int64() ? static_cast<std::uint64_t>(value->as_int64()) : 0;
}

class ProcessEngine final : public Engine {
  public:
    ProcessEngine(std::string name, const std::vector<std::string>& command, const EngineSetup& setup)
        : name_(std::move(name)), serial_log_(serial_log_of(setup)), process_(command, setup.log),
          client_(connect(setup, command.front())), reader_(*client_), start_(Clock::now()) {}

    std::string name() const override { return name_; }

    Sample look() override {
        Sample sample = last_; // what the last look saw, where this one sees nothing any more
        sample.at = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
        const EngineProcess::ProcessorTime spent = process_.processor_time();
        // A guest that halts takes some hundredths, and hardly waits for more; one that works takes all that
        // a busy host gives it, and waits for the rest.
        const auto passed = sample.at - last_.at;
        sample.busy = (spent.had - spent_.had) * 10 > passed || (spent.waited - spent_.waited) * 2 > passed;
        spent_ = spent;
        try {
            if (!sample.stopped)
                take_events(sample);
            if (!gone_) {
                reader_.read_into(sample);
                sample.work = work_done();
            }
        } catch (const Error& error) {
            // A machine that said that its guest has shut down may go.
            if (!sample.stopped)
                sample.failure = process_.running()
                                     ? std::string(error.what())
                                     : fmt::format("the machine ended: {}", process_.last_words());
            gone_ = true;
        }
        last_ = sample;
        return sample;
    }

    void screenshot(const std::string& path) override {
        if (gone_ && !last_.picture.pixels.empty())
            return write_png(path, last_.picture);
        const Bytes picture = reader_.picture("png");
        write_file(path, picture);
    }

  private:
    std::unique_ptr<launch::ControlClient> connect(const EngineSetup& setup, const std::string& program) {
        try {
            return std::make_unique<launch::ControlClient>(socket_of(setup), patience);
        } catch (const Error&) {
            if (!process_.running())
                throw Error(program, fmt::format("did not start: {}", process_.last_words()),
                            "see " + setup.log);
            throw;
        }
    }

    /// What the guest's work shows in: bytes of its disks (QEMU counts them) and of its COM1.
    std::uint64_t work_done() {
        std::error_code none;
        const std::uintmax_t said = std::filesystem::file_size(serial_log_, none);
        std::uint64_t work = none ? 0 : said;
        if (name_ != "qemu")
            return work;
        const boost::json::value disks = client_->run("query-blockstats");
        if (!disks.is_array())
            return work;
        for (const boost::json::value& disk : disks.as_array())
            for (const char* count : {"rd_bytes", "wr_bytes"})
                work += number(disk, count);
        return work;
    }

    void take_events(Sample& sample) {
        for (const boost::json::object& message : client_->take_events()) {
            const boost::json::value& event = message.at("event");
            if (event == "RESET")
                ++sample.resets;
            // Our machine says GUEST_PANICKED for a STOP screen that stays, QEMU for one that ends it: the
            // screen tells the rest.
            if (event == "SHUTDOWN" || event == "GUEST_PANICKED")
                sample.stopped = true;
        }
    }

    std::string name_;
    std::string serial_log_;
    EngineProcess process_;
    std::unique_ptr<launch::ControlClient> client_;
    ScreenReader reader_;
    Clock::time_point start_;
    Sample last_;
    EngineProcess::ProcessorTime spent_;
    bool gone_ = false;
};

} // namespace

std::unique_ptr<Engine> start_qemu(const EngineSetup& setup) {
    return std::make_unique<ProcessEngine>("qemu", qemu_command(setup), setup);
}

std::unique_ptr<Engine> start_vmm(const EngineSetup& setup) {
    return std::make_unique<ProcessEngine>("kvm", vmm_command(setup), setup);
}

} // namespace ntferry::verify
