// ntferry stop, ntferry reset
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/cli/process.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/running_machine.hpp"
#include "migrate/launch/power.hpp"
#include "migrate/verify/knowledge.hpp"
#include "migrate/verify/screen_reader.hpp"

#include <fmt/ostream.h>

#include <csignal>
#include <optional>
#include <thread>

namespace ntferry::cli {
namespace {

constexpr unsigned DEFAULT_WAIT_SECONDS = 120;
constexpr std::chrono::seconds END_TIME{30}; ///< a machine that was told to end flushes its disks

enum class How : std::uint8_t { guest, forced, other };

void report(Invocation& invocation, How how) {
    const char* word = how == How::guest ? "by-guest" : how == How::forced ? "forced" : "by-others";
    const char* sentence = how == How::guest ? "the guest shut down"
                           : how == How::forced
                               ? "forced: the machine was switched off, its disks were flushed"
                               : "the machine was ended by somebody else";
    print_result(invocation, boost::json::object{{"stopped", word}}, sentence);
}

/// What a PC without ACPI shows instead of switching itself off. Our machine sees it by itself, QEMU does
/// not.
bool has_shut_down(launch::ControlClient& client) {
    try {
        verify::ScreenReader screen(client);
        verify::Sample sample;
        screen.read_into(sample);
        const verify::KnownMessage* known =
            sample.text_mode ? verify::find_message(sample.text, true) : nullptr;
        return known != nullptr && known->outcome == verify::Outcome::safe_to_turn_off;
    } catch (const Error&) {
        return false; // it has ended: the event tells how
    }
}

/// Waits for the end in short steps, so that a signal ends the waiting.
/// @param look whether the guest may say on its screen that it has ended; the machine is switched off then
std::optional<How> wait_for_end(Invocation& invocation, launch::ControlClient& client,
                                std::chrono::seconds time, bool look) {
    const auto deadline = std::chrono::steady_clock::now() + time;
    bool shut_down = false;
    while (std::chrono::steady_clock::now() < deadline) {
        if (const auto data = client.wait_for("SHUTDOWN", std::chrono::milliseconds(250))) {
            if (shut_down)
                return How::guest;
            const boost::json::value* guest = data->if_contains("guest");
            return guest != nullptr && guest->is_bool() && guest->get_bool() ? How::guest : How::other;
        }
        if (look && has_shut_down(client)) {
            client.run("quit");
            look = false;
            shut_down = true;
        }
        if (invocation.stop.stop_requested())
            throw Interrupted(client.socket(), "the machine goes on");
    }
    return std::nullopt;
}

/// Runs the administrator's own way to shut the guest down: a line for the shell.
void run_hook(const std::string& command, const std::stop_token& stop) {
    StartOptions options;
    options.speaks = true;
    options.ends_with_parent = true;
    const pid_t hook = start_process({"/bin/sh", "-c", command}, options);
    std::optional<int> code;
    while (!(code = poll_process(hook))) {
        if (stop.stop_requested()) {
            ::kill(hook, SIGTERM);
            throw Interrupted(command, "the machine goes on");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (*code != 0)
        throw Error(command, fmt::format("the hook ended with exit code {}", *code),
                    "the machine goes on; use --force to switch it off");
}

int run_stop(Invocation& invocation) {
    launch::ControlClient client = connect(invocation);
    if (!invocation.has("force")) {
        if (invocation.has("hook"))
            run_hook(invocation.get<std::string>("hook"), invocation.stop);
        else
            launch::ask_guest_to_shut_down(client, invocation.stop);
        const std::chrono::seconds time{invocation.get<unsigned>("wait")};
        if (const auto how = wait_for_end(invocation, client, time, true)) {
            report(invocation, *how);
            return 0;
        }
        if (invocation.has("no-force"))
            throw Error(client.socket(), fmt::format("the guest did not shut down within {} s", time.count()),
                        "look at its screen: ntferry screenshot");
    }
    client.run("quit");
    if (!wait_for_end(invocation, client, END_TIME, false))
        throw Error(client.socket(), "the machine does not end", "its disks may be slow to take their data");
    report(invocation, How::forced);
    return 0;
}

int run_reset(Invocation& invocation) {
    connect(invocation).run("system_reset");
    print_result(invocation, boost::json::object{{"reset", true}}, {});
    return 0;
}

} // namespace

Command stop_command() {
    return {
        .name = "stop",
        .summary = "shuts a machine down, by force if it must be",
        .synopsis = "NAME [options]",
        .description =
            "Asks the guest first: presses Ctrl-Alt-Del and goes through the shutdown dialogs (the keys are "
            "the machine's --power-keys), or runs a hook that does it another way. Waits for the guest to "
            "have "
            "shut down, then switches it off, and says which of the two it was. Windows NT says in a dialog "
            "of its "
            "desktop that it can be switched off: take that picture once ('ntferry screenshot NAME "
            "BUNDLE/state/off-screen.png'), and the machine recognises it from its next start on.",
        .add_options =
            [](po::options_description& options) {
                add_machine_options(options);
                options.add_options()(
                    "wait", po::value<unsigned>()->default_value(DEFAULT_WAIT_SECONDS)->value_name("SECONDS"),
                    "how long the guest may take")(
                    "hook", po::value<std::string>()->value_name("COMMAND"),
                    "shell command that makes the guest shut down, instead of keys")(
                    "force", "switch off at once")("no-force", "never switch off");
            },
        .positional = {{"machine", 1}},
        .examples = {{"ntferry stop payroll", "asks, waits two minutes, then forces"},
                     {"ntferry stop payroll --hook 'net rpc shutdown -S payroll -U admin%pw'",
                      "asks through the network"}},
        .run = run_stop};
}

Command reset_command() {
    return {.name = "reset",
            .summary = "presses the reset button of a machine",
            .synopsis = "NAME [options]",
            .description = "The guest gets no chance to write what it has not written.",
            .add_options = add_machine_options,
            .positional = {{"machine", 1}},
            .examples = {{"ntferry reset payroll", "starts it anew"}},
            .run = run_reset};
}

} // namespace ntferry::cli
