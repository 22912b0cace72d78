// MachineGroup: a control group for one machine: CPU weight, cap and reservation, memory ceiling.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Linux Documentation/admin-guide/cgroup-v2.rst. Three ways to come by a group, in this order:
// - the folder named with --cgroup, below which it is made;
// - the service ntferry@NAME.service: its own group, whose limits are systemd's to set (systemctl
// set-property);
// - the group of this process, where it was delegated (systemd Delegate=yes) or is the whole of the tree.
// Where there is none the machine runs without these limits and says why, for each limit that was asked for.
//
// The reservation is as Virtual Server had it: a part of the host's processors that the machine gets whenever
// it wants it. cgroup v2 knows only weights, so the weights of all machines below one folder are reckoned
// from what each has asked for (kept in an extended attribute of its group), and a machine whose reservation
// does not fit any more is refused.
#pragma once

#include "profiles/machine.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::vmm {

/// Where things are; tests give others.
struct GroupPlaces {
    std::string folder; ///< --cgroup; empty: by the process's own group
    std::string own = "/proc/self/cgroup";
    std::string mounts = "/proc/self/mountinfo";
    std::string systemctl = "systemctl";
    unsigned host_processors = 0; ///< 0: ask the host
};

class MachineGroup {
  public:
    /// Makes the group and sets its limits; this process is not in it yet.
    /// @param ram bytes of guest memory
    /// @throws Error when a limit cannot be: a ceiling below the guest's memory, a reservation that the host
    /// has not got
    MachineGroup(const std::string& machine, const profiles::ResourceSpec& wanted, std::uint64_t ram,
                 const GroupPlaces& places = {});
    /// Leaves the group and removes it, as far as this process still may.
    ~MachineGroup();
    MachineGroup(const MachineGroup&) = delete;
    MachineGroup& operator=(const MachineGroup&) = delete;

    /// This process and those it makes are in the group from now on. Also from behind the walls.
    void enter();
    /// A folder to be removed once the machine has ended; empty: none.
    const std::string& made() const { return made_; }
    /// One line per limit: "cpu cap: 50 % of a processor", "cpu weight: not in force: ...".
    std::string describe() const;
    /// What of it was asked for and is not in force, for a line at start; empty: nothing.
    std::string missing() const;

    /// A machine's weight and reservation (percent of one processor).
    struct Claim {
        unsigned weight = 100;
        unsigned reserve = 0;
    };
    /// The weights that give each claim its reservation and a share of the rest by its weight, whatever the
    /// others do. others: sum of the weights of groups that are no machines.
    static std::vector<unsigned> weights_for(const std::vector<Claim>& claims, unsigned others,
                                             unsigned host_processors);

  private:
    struct Line {
        std::string limit;
        bool asked = false;
        std::string set;     ///< empty: not in force
        std::string why_not; ///< empty: nobody asked
    };
    void find(const std::string& machine, const GroupPlaces& places);
    void make(const std::string& parent, const std::string& machine);
    void share_processors(const profiles::ResourceSpec& wanted);
    void set_weight(const std::string& group, unsigned weight);
    /// @throws Error
    void set(const std::string& group, const char* file, const char* property, const std::string& value);
    void limit(const char* name, bool asked, const std::string& text, const char* file, const char* property,
               const std::string& value);

    std::string parent_;  ///< folder of all machines' groups; empty: there is none
    std::string group_;   ///< of this machine
    std::string made_;    ///< the same, when it was made here
    std::string unit_;    ///< systemd sets the limits of this unit; empty: by files
    std::string why_not_; ///< there is no group
    std::string systemctl_;
    unsigned host_processors_ = 1;
    int procs_ = -1; ///< cgroup.procs of the group
    int home_ = -1;  ///< of the group this process came from
    std::vector<Line> lines_;
};

} // namespace ntferry::vmm
