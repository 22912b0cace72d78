// LaunchSettings: how a bundle's machine is started and kept running; launch.json, which moves with the
// bundle. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::launch {

/// When a machine that has ended is started again. What an administrator ended stays ended.
enum class Restart : std::uint8_t { no, on_failure, always };
const char* to_string(Restart restart);
/// "no", "on-failure", "always". @throws Error (usage)
Restart restart_of(const std::string& text);

struct LaunchSettings {
    std::string name;            ///< of the machine on its host; empty: as machine.xml says
    std::string engine = "auto"; ///< kvm, qemu, auto: QEMU where this host's KVM cannot run NT
    bool autostart = false;      ///< with the host
    Restart restart = Restart::on_failure;
    std::vector<std::string> after; ///< machines of this host that must run before (a PDC)
    unsigned delay = 0;             ///< seconds between that and the start
    std::string vnc;                ///< address of the screen, as ntferry-vmm takes it; empty: none
    unsigned stop_wait = 120;       ///< seconds that the guest may take to shut down
};

/// Defaults where the bundle has no launch.json. @throws Error for a damaged one
LaunchSettings load_settings(const std::string& bundle);
/// Durable when it returns.
void save_settings(const std::string& bundle, const LaunchSettings& settings);

/// The name that the bundle's machine has on this host, usable as a file name. @throws Error
std::string machine_name(const std::string& bundle, const LaunchSettings& settings);

/// Where a bundle is now.
struct MovedTo {
    std::string host;    ///< as parse_host() takes it
    std::string folder;  ///< there
    std::string program; ///< ntferry there
};
/// Nothing: it is here. @throws Error for a damaged mark
std::optional<MovedTo> moved_to(const std::string& bundle);
void mark_moved(const std::string& bundle, const MovedTo& to);
/// @throws Error when the bundle is no whole one or was moved away
void require_runnable(const std::string& bundle);

/// Files of the bundle that say so. Not in state/: that belongs to the machine, and one whose guest has taken
/// it over must not have a say in where its bundle is or whether it runs.
constexpr const char* moved_file = "moved.json";
constexpr const char* incoming_file = "incoming.json";
constexpr const char* run_lock_file = "run.lock";

} // namespace ntferry::launch
