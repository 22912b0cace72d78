// MachineWalls: which walls stand around a machine's process, and what stays within its reach.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Images, networks, lines, sockets and /dev/kvm are opened before the walls go up and stay open. What has to
// be reached by name later on: the state folder, media folders, the folder of a switch.
#pragma once

#include "profiles/machine.hpp"
#include "vmm/host/sandbox/sandbox.hpp"

#include <boost/program_options.hpp>

#include <functional>
#include <string>
#include <vector>

namespace ntferry::vmm {

/// --sandbox
enum class WallsMode : std::uint8_t {
    automatic, ///< what the host allows
    required,  ///< all of them or no machine
    off,
};

struct WallsOptions {
    WallsMode mode = WallsMode::automatic;
    std::string user;               ///< --run-as
    std::vector<std::string> media; ///< --media: folders with images that may be put in while it runs
};

/// Adds --sandbox, --run-as, --media.
void add_walls_options(boost::program_options::options_description& options);
/// @throws Error (usage)
WallsOptions walls_options(const boost::program_options::variables_map& options);

/// What a machine needs to reach by name once the walls stand.
struct WithinReach {
    const profiles::MachineDescription& machine;
    std::string folder;                     ///< of machine.xml, absolute; empty: there is none
    std::string state_folder;               ///< absolute; empty: there is none
    std::vector<std::string> readable;      ///< files: ROM images, parents of disks
    std::vector<std::string> writable;      ///< files: disks that layers are merged into
    std::vector<std::string> remove_at_end; ///< sockets
};

class MachineWalls {
  public:
    MachineWalls(const WallsOptions& options, const WithinReach& reach);

    /// Goes behind the walls. To be called with one thread; the process outside never returns from it.
    /// @throws Error when a wall that is required does not stand, or the user cannot be changed
    void enter();
    /// The last wall, once everything is built: the system call filter. @throws Error as enter()
    void close();
    /// For a thread that serves the guest: its own, tighter filter. To be made at any time, to be called on
    /// the thread after close().
    std::function<void()> thread_filter(sandbox::ThreadRole role) const;
    /// Of the disks' threads: one that may look for its server again, where there is one.
    sandbox::ThreadRole disk_role() const {
        return network_disk_ ? sandbox::ThreadRole::network_disk : sandbox::ThreadRole::disk;
    }

    /// One line per wall; of close(), too, once it was called.
    std::string describe() const;
    /// One line for the start: "not root, own files, ...; not: own network (the machine uses the host's)".
    std::string summary() const;
    /// The user the machine becomes owns the folder and the files in it. Before enter(). @throws Error
    void hand_over(const std::string& path) const;
    /// The same for a single file: an image that is opened by name from behind the walls.
    void hand_over_file(const std::string& path) const;

  private:
    void demand() const;

    WallsMode mode_;
    sandbox::Policy policy_;
    std::vector<sandbox::Measure> measures_;
    bool network_disk_ = false;
    bool filtered_ = false;
};

} // namespace ntferry::vmm
