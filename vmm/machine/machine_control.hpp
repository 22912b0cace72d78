// MachineControl: a Machine as the control socket and the screen see it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/control/controlled_machine.hpp"
#include "vmm/host/control/power.hpp"
#include "vmm/host/disk/fault_relay.hpp"
#include "vmm/host/state/disk_layers.hpp"
#include "vmm/machine/machine.hpp"
#include "vmm/machine/saved_state.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <thread>
#include <variant>

namespace ntferry::vmm {

/// Why a machine ended.
enum class EndReason : std::uint8_t {
    unknown,        ///< a signal, or the host failed
    quit,           ///< by the control socket
    saved,          ///< into a file, to be resumed
    guest_shutdown, ///< the guest had shut down by itself
    guest_asked,    ///< the guest had shut down after power_down()
};

/// What a machine's control knows beyond the machine.
struct MachineSurroundings {
    std::string folder;                 ///< of machine.xml, for paths of media; empty: the current one
    std::string state_folder;           ///< for snapshots and saved states; empty: there is none
    std::shared_ptr<DiskLayers> layers; ///< nothing without a state folder
    std::string walls;                  ///< what sandbox::describe() says; empty: unknown
    std::string limits;                 ///< what MachineGroup::describe() says
    WorkerDisk::Options disk_options;
    std::shared_ptr<DiskRelay> faults;      ///< of all disks
    std::shared_ptr<NetworkRelay> networks; ///< of all networks
    std::vector<DriveInfo> drives;          ///< see describe_drives()
    /// Behind the drives, in their order; nothing without a medium, and for those that cannot be written.
    std::vector<WorkerDisk*> disks;
    /// Open descriptors of the images (O_PATH), in the order of the drives; -1 for what is no file.
    std::vector<int> images;

    /// What the images look like now. @throws Error
    std::vector<ImageStamp> stamps() const;
};

/// Fills in drives, disks and images from a description. Before the walls go up, since it looks into the
/// images.
void describe_drives(MachineSurroundings& surroundings, const profiles::MachineDescription& machine,
                     const MachineBackends& backends);

class MachineControl final : public ControlledMachine {
  public:
    /// @param power_keys steps of power_down()
    /// @param lock the machine lock
    MachineControl(Machine& machine, std::shared_ptr<std::mutex> lock, MachineSurroundings surroundings,
                   std::vector<PowerKeyStep> power_keys);
    ~MachineControl() override;

    std::string name() const override;
    unsigned processors() const override { return machine_.description().cpus; }
    RunState run_state() const override;
    std::string walls() const override { return surroundings_.walls; }
    ResourceReport resources() const override;
    void pause() override;
    void resume() override;
    void reset() override { machine_.reset(); }
    void power_down() override;
    void quit() override;
    void locked(const std::function<void()>& fn) override { machine_.locked(fn); }
    DisplaySource* display() override { return machine_.display(); }
    InputSink& input() override { return machine_.input(); }
    std::vector<DriveInfo> drives() const override;
    void eject(const std::string& device, bool force) override;
    void change_medium(const std::string& device, const Medium& medium) override;
    std::string save_state(const Medium& target) override;
    std::string state_reason() const override;
    /// Gets each fault that has paused the machine, without a lock. Before the machine starts.
    void on_fault(std::function<void(const DiskFault&)> listener);
    /// The same for networks that break or are there again; the machine goes on.
    void on_network(std::function<void(const NetworkNews&)> listener);
    using ControlledMachine::snapshot;
    std::vector<std::string> snapshot(const std::string& name, const std::string& device,
                                      const std::string& file) override;
    std::vector<SnapshotInfo> snapshots() const override;
    void revert(const std::string& name) override;
    void delete_snapshot(const std::string& name) override;

    /// With the machine lock: the guest has shut down, so the machine ends.
    void guest_has_shut_down();
    /// With the machine lock: what was asked of the guest before is forgotten.
    void guest_was_reset() { asked_ = false; }
    /// power_down() was called since the last reset or power-on.
    bool asked() const { return asked_; }
    EndReason end_reason() const { return reason_; }

  private:
    void press_power_keys(const std::stop_token& stop);
    void watch_faults(const std::stop_token& stop);
    void handle(const DiskNews& news);
    void handle(const NetworkNews& news);
    block::SharedBlockDevice open_medium(const Medium& medium) const;
    /// With lock_. @throws Error
    DriveInfo& drive_named(const std::string& device);
    void set_image(const DriveInfo& drive, int descriptor);
    /// With lock_. @throws Error without a state folder
    DiskLayers& layers() const;
    /// With lock_, the machine paused: all disks go on with the tops of next, or none does. @throws Error
    void change_layers(DiskLayers& next, bool on_old);

    Machine& machine_;
    std::shared_ptr<std::mutex> machine_lock_;
    MachineSurroundings surroundings_; ///< drives: under lock_
    std::vector<PowerKeyStep> power_keys_;
    std::atomic<bool> asked_{false};
    std::atomic<EndReason> reason_{EndReason::unknown};
    mutable std::mutex lock_; ///< guards what follows
    bool paused_ = false;
    bool paused_by_fault_ = false;   ///< nobody else wants it to be
    std::optional<DiskFault> fault_; ///< that paused it
    std::map<std::size_t, std::string> broken_networks_;
    std::jthread presser_;

    std::mutex fault_lock_; ///< guards the next two; nothing else is locked while it is held
    std::deque<std::variant<DiskNews, NetworkNews>> news_;
    std::condition_variable_any news_came_;
    std::function<void(const DiskFault&)> fault_listener_;
    std::function<void(const NetworkNews&)> network_listener_;
    std::jthread fault_watch_;
};

} // namespace ntferry::vmm
