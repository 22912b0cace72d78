// Services: how machines are started so that they outlive the command: systemd, or plain background
// processes. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/launch/settings.hpp"

#include <memory>
#include <string>

namespace ntferry::launch {

class Services {
  public:
    Services() = default;
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;
    virtual ~Services() = default;

    /// "systemd", "background".
    virtual std::string name() const = 0;
    /// Starts `ntferry run` for a registered machine; returns when it was started, not when it runs.
    virtual void start(const std::string& machine, const std::string& bundle) = 0;
    /// Whether and after whom the machine starts with the host.
    virtual void set_up(const std::string& machine, const LaunchSettings& settings) = 0;
    /// Forgets what set_up() made.
    virtual void take_down(const std::string& machine) = 0;
};

/// Where systemd keeps its things; tests give others.
struct SystemdPlaces {
    std::string runtime = "/run/systemd/system"; ///< is there when systemd runs the host (sd_booted(3))
    std::string units = "/etc/systemd/system";
    std::string systemctl = "systemctl";
};

/// The instance name of ntferry@.service, as systemd-escape(1) makes it.
std::string systemd_escaped(const std::string& name);

std::unique_ptr<Services> systemd_services(const SystemdPlaces& places);
std::unique_ptr<Services> background_services();
/// systemd where it runs, this user is root and the unit is installed; else background processes.
std::unique_ptr<Services> services_of_this_host(const SystemdPlaces& places = {});

} // namespace ntferry::launch
