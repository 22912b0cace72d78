// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/machine_control.hpp"

#include "vmm/host/display/keyboard.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <pthread.h>

namespace ntferry::vmm {
MachineControl::MachineControl(Machine& machine, std::shared_ptr<std::mutex> lock,
                               MachineSurroundings surroundings, std::vector<PowerKeyStep> power_keys)
    : machine_(machine), machine_lock_(std::move(lock)), surroundings_(std::move(surroundings)),
      power_keys_(std::move(power_keys)) {
    fault_watch_ = std::jthread([this](const std::stop_token& stop) { watch_faults(stop); });
    if (surroundings_.faults)
        surroundings_.faults->listen([this](const DiskFault& fault) {
            const std::lock_guard<std::mutex> held(fault_lock_);
            new_faults_.push_back(fault);
            fault_came_.notify_one();
        });
}

MachineControl::~MachineControl() {
    if (surroundings_.faults)
        surroundings_.faults->listen({});
}

std::string MachineControl::name() const {
    return machine_.description().name;
}

RunState MachineControl::run_state() const {
    switch (machine_.state()) {
    case MachineState::created:
        return RunState::prelaunch;
    case MachineState::running:
        return RunState::running;
    case MachineState::paused: {
        const std::lock_guard<std::mutex> held(lock_);
        return fault_ ? RunState::io_error : RunState::paused;
    }
    case MachineState::stopped:
        break;
    }
    return RunState::shutdown;
}

void MachineControl::pause() {
    const std::lock_guard<std::mutex> held(lock_);
    if (!paused_)
        machine_.pause();
    paused_ = true;
}

void MachineControl::resume() {
    const std::lock_guard<std::mutex> held(lock_);
    fault_.reset();
    for (DriveInfo& drive : surroundings_.drives)
        drive.io_status = "ok";
    for (WorkerDisk* disk : surroundings_.disks)
        if (disk != nullptr && disk->stalled())
            disk->retry();
    if (paused_)
        machine_.resume();
    paused_ = false;
}

std::string MachineControl::state_reason() const {
    const std::lock_guard<std::mutex> held(lock_);
    return fault_ ? fmt::format("{}: {}; cure it and continue", fault_->drive, fault_->text) : std::string();
}

void MachineControl::on_fault(std::function<void(const DiskFault&)> listener) {
    const std::lock_guard<std::mutex> held(fault_lock_);
    fault_listener_ = std::move(listener);
}

/// A disk's own thread cannot pause the machine: whoever resets the machine waits for that thread.
void MachineControl::watch_faults(const std::stop_token& stop) {
    ::pthread_setname_np(::pthread_self(), "faults");
    for (;;) {
        std::unique_lock<std::mutex> news(fault_lock_);
        if (!fault_came_.wait(news, stop, [this] { return !new_faults_.empty(); }))
            return;
        const DiskFault fault = std::move(new_faults_.front());
        new_faults_.pop_front();
        const auto listener = fault_listener_;
        news.unlock();
        {
            const std::lock_guard<std::mutex> held(lock_);
            if (!paused_)
                machine_.pause();
            paused_ = true;
            fault_ = fault;
            for (DriveInfo& drive : surroundings_.drives)
                if (drive.device == fault.drive)
                    drive.io_status = fault.error == ENOSPC ? "nospace" : "failed";
        }
        if (listener)
            listener(fault);
    }
}

void MachineControl::power_down() {
    const std::lock_guard<std::mutex> held(lock_);
    asked_ = true;
    presser_ = std::jthread([this](const std::stop_token& stop) { press_power_keys(stop); });
}

void MachineControl::press_power_keys(const std::stop_token& stop) {
    for (const PowerKeyStep& step : power_keys_) {
        std::mutex nobody;
        std::unique_lock<std::mutex> held(nobody);
        std::condition_variable_any asleep;
        if (step.wait.count() != 0)
            asleep.wait_for(held, stop, step.wait, [] { return false; });
        if (stop.stop_requested())
            return;
        if (!step.keys.empty())
            press_together(*this, step.keys);
    }
}

void MachineControl::quit() {
    reason_ = EndReason::quit;
    machine_.stop();
}

void MachineControl::guest_has_shut_down() {
    EndReason expected = EndReason::unknown;
    reason_.compare_exchange_strong(expected, asked_ ? EndReason::guest_asked : EndReason::guest_shutdown);
    machine_.stop_with_lock();
}

} // namespace ntferry::vmm
