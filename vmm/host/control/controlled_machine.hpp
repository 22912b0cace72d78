// ControlledMachine: what the control socket and the screen ask of a machine. vmm/machine implements it,
// tests fake it. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/backends.hpp"

#include <functional>
#include <string>
#include <vector>

namespace ntferry::vmm {

/// Names of QMP's RunState that a machine of ours can have.
enum class RunState : std::uint8_t {
    prelaunch,
    running,
    paused,
    io_error,
    save_vm,
    shutdown,
    internal_error
};
std::string_view name_of(RunState state);

/// One drive.
struct DriveInfo {
    std::string device; ///< "ide0-hd0", "ide1-cd0", "floppy0"
    std::string file;   ///< image; empty: no medium
    std::string format; ///< "vpc", "raw"
    std::uint64_t size = 0;
    bool removable = false;
    bool read_only = false;
    bool locked = false;
    bool tray_open = false;
    std::string io_status = "ok"; ///< "ok", "failed", "nospace"
};

/// What a machine may use; 0: no limit.
struct ResourceReport {
    unsigned cpu_weight = 100;
    unsigned cpu_cap_percent = 0; ///< of one processor of the host, as the next
    unsigned cpu_reserve_percent = 0;
    std::uint64_t memory = 0; ///< bytes of RAM
    std::uint64_t memory_ceiling = 0;
    std::uint64_t disk_bytes_per_second = 0;
    std::uint32_t disk_operations_per_second = 0;
    std::string limits; ///< what of it is in force, one line per limit; see MachineGroup::describe()
};

struct SnapshotInfo {
    std::string name;
    std::string parent;    ///< empty: none
    std::int64_t time = 0; ///< seconds since 1970
    bool current = false;  ///< the disks go on from here
};

/// An image to be put into a drive.
struct Medium {
    std::string name;    ///< path, relative to the folder of machine.xml, or an address
    int descriptor = -1; ///< open file of that name, taken over; -1: to be opened by name
};

/// All functions may be called from any thread without the machine lock, unless they say otherwise.
class ControlledMachine {
  public:
    virtual ~ControlledMachine() = default;

    virtual std::string name() const = 0;
    virtual unsigned processors() const = 0;
    virtual RunState run_state() const = 0;
    /// Why the machine is not running, where that needs words; else empty.
    virtual std::string state_reason() const { return {}; }
    /// What stands around the process, one line per wall; empty when unknown.
    virtual std::string walls() const { return {}; }

    virtual ResourceReport resources() const { return {}; }

    virtual void pause() = 0;
    virtual void resume() = 0;
    virtual void reset() = 0;
    /// Asks the guest to shut down; returns at once.
    virtual void power_down() = 0;
    /// Ends the machine: writes done, images closed.
    virtual void quit() = 0;

    /// Runs fn under the machine lock.
    virtual void locked(const std::function<void()>& fn) = 0;
    /// With the machine lock: nullptr without a video adapter.
    virtual DisplaySource* display() = 0;
    /// With the machine lock.
    virtual InputSink& input() = 0;

    virtual std::vector<DriveInfo> drives() const = 0;
    /// @throws Error: no such drive, no removable medium, locked by the guest
    virtual void eject(const std::string& device, bool force) = 0;
    /// @throws Error as eject(), or when the image cannot be opened
    virtual void change_medium(const std::string& device, const Medium& medium) = 0;

    /// Saves the whole machine into a file and ends it: its disks stay as they were saved. Without a name,
    /// into its state folder. Returns the file's name. @throws Error; the machine goes on then
    virtual std::string save_state(const Medium& target) = 0;
    /// Freezes the disks under a name; the machine goes on. Returns the files made.
    /// @param device, file the layer of this drive gets this file name; empty: any
    /// @throws Error
    virtual std::vector<std::string> snapshot(const std::string& name, const std::string& device,
                                              const std::string& file) = 0;
    std::vector<std::string> snapshot(const std::string& name) { return snapshot(name, {}, {}); }
    virtual std::vector<SnapshotInfo> snapshots() const = 0;
    /// The disks become what they were, and the machine is reset. @throws Error
    virtual void revert(const std::string& name) = 0;
    /// The disks stay what they are; only the way back is given up. @throws Error
    virtual void delete_snapshot(const std::string& name) = 0;
};

} // namespace ntferry::vmm
