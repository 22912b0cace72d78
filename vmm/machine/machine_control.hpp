// MachineControl: a Machine as the control socket and the screen see it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/control/controlled_machine.hpp"
#include "vmm/host/control/power.hpp"
#include "vmm/host/disk/worker_disk.hpp"
#include "vmm/machine/machine.hpp"

#include <atomic>
#include <condition_variable>
#include <thread>

namespace ntferry::vmm {

/// Why a machine ended.
enum class EndReason : std::uint8_t {
    unknown,        ///< a signal, or the host failed
    quit,           ///< by the control socket
    guest_shutdown, ///< the guest had shut down by itself
    guest_asked,    ///< the guest had shut down after power_down()
};

/// What a machine's control knows beyond the machine.
struct MachineSurroundings {
    std::string folder; ///< of machine.xml, for paths of media; empty: the current one
    std::string walls;  ///< what sandbox::describe() says; empty: unknown
    WorkerDisk::Options disk_options;
    std::vector<DriveInfo> drives; ///< see describe_drives()
};

/// Hard disks, floppy and CD drive of a description as the control socket shows them. Before the walls go up,
/// since it looks into the images.
std::vector<DriveInfo> describe_drives(const profiles::MachineDescription& machine, const std::string& folder,
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
    void save_state(const std::string& path) override;
    std::vector<std::string> snapshot(const std::string& name) override;

    /// With the machine lock: the guest has shut down, so the machine ends.
    void guest_has_shut_down();
    /// With the machine lock: what was asked of the guest before is forgotten.
    void guest_was_reset() { asked_ = false; }
    /// power_down() was called since the last reset or power-on.
    bool asked() const { return asked_; }
    EndReason end_reason() const { return reason_; }

  private:
    void press_power_keys(const std::stop_token& stop);
    block::SharedBlockDevice open_medium(const Medium& medium) const;
    /// With lock_. @throws Error
    DriveInfo& drive_named(const std::string& device);

    Machine& machine_;
    std::shared_ptr<std::mutex> machine_lock_;
    MachineSurroundings surroundings_; ///< drives: under lock_
    std::vector<PowerKeyStep> power_keys_;
    std::atomic<bool> asked_{false};
    std::atomic<EndReason> reason_{EndReason::unknown};
    mutable std::mutex lock_; ///< guards what follows
    bool paused_ = false;
    std::jthread presser_;
};

} // namespace ntferry::vmm
