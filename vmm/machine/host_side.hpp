// HostSide: what people and programs hold a running machine by: control socket, screen, power.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/machine/machine_control.hpp"

#include <boost/program_options.hpp>

#include <string>

namespace ntferry::vmm {

/// What the command line says about it.
struct HostSideOptions {
    std::string control; ///< socket path; empty: by the machine's name, or none when it has no name
    std::string power_keys;
    std::string vnc;          ///< address, see VncListener; empty: no VNC
    std::string vnc_password; ///< file with the password in its first line
    std::string vnc_tls;      ///< folder with certificates, see VncTls; empty: no TLS
    std::string keyboard = "us";
    std::string off_screen;        ///< file, see OffScreen; empty: that of the state folder, if there is one
    bool stay_when_halted = false; ///< do not end when the guest has shut down
};

/// Adds --name, --control, --vnc and what belongs to them.
void add_host_side_options(boost::program_options::options_description& options);
HostSideOptions host_side_options(const boost::program_options::variables_map& options);

/// Sockets, made before the process is walled in and before it has threads.
class HostListeners {
  public:
    /// @throws Error
    HostListeners(const HostSideOptions& options, const std::string& machine_name);
    ~HostListeners();
    /// Absolute paths of the sockets, to be removed at the end.
    std::vector<std::string> sockets() const;

  private:
    friend class HostSide;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Lives from before Machine::start() until after Machine::wait(). @throws Error from its constructor
class HostSide {
  public:
    /// @param lock the machine lock
    HostSide(Machine& machine, const std::shared_ptr<std::mutex>& lock, HostListeners& listeners,
             const HostSideOptions& options, MachineSurroundings surroundings);
    ~HostSide();
    /// After Machine::wait(): tells the clients that the machine has ended. Returns why, in words; empty when
    /// nobody here had to do with it.
    std::string finish();
    /// The machine was saved and will be resumed.
    bool saved() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace ntferry::vmm
