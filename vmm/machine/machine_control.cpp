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
    const auto keep = [this](const auto& news) {
        const std::lock_guard<std::mutex> held(fault_lock_);
        news_.emplace_back(news);
        news_came_.notify_one();
    };
    if (surroundings_.faults)
        surroundings_.faults->listen(keep);
    if (surroundings_.networks)
        surroundings_.networks->listen(keep);
}

MachineControl::~MachineControl() {
    if (surroundings_.faults)
        surroundings_.faults->listen({});
    if (surroundings_.networks)
        surroundings_.networks->listen({});
}

std::string MachineControl::name() const {
    return machine_.description().name;
}

ResourceReport MachineControl::resources() const {
    const profiles::MachineDescription& machine = machine_.description();
    const profiles::ResourceSpec& spec = machine.resources;
    return {.cpu_weight = spec.cpu_weight,
            .cpu_cap_percent = spec.cpu_cap_percent,
            .cpu_reserve_percent = spec.cpu_reserve_percent,
            .memory = machine.memory != 0 ? machine.memory : machine_.profile().limits.memory_default,
            .memory_ceiling = spec.memory_ceiling,
            .disk_bytes_per_second = spec.disk_bytes_per_second,
            .disk_operations_per_second = spec.disk_operations_per_second,
            .limits = surroundings_.limits};
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
    paused_by_fault_ = false; // a cure does not let it go on
}

void MachineControl::resume() {
    const std::lock_guard<std::mutex> held(lock_);
    fault_.reset();
    paused_by_fault_ = false;
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
    std::string reason;
    if (fault_)
        reason = fmt::format("{}: {}; the guest goes on once it is cured", fault_->drive, fault_->text);
    for (const auto& [network, text] : broken_networks_)
        reason += (reason.empty() ? "" : "; ") + text;
    return reason;
}

void MachineControl::on_fault(std::function<void(const DiskFault&)> listener) {
    const std::lock_guard<std::mutex> held(fault_lock_);
    fault_listener_ = std::move(listener);
}

void MachineControl::on_network(std::function<void(const NetworkNews&)> listener) {
    const std::lock_guard<std::mutex> held(fault_lock_);
    network_listener_ = std::move(listener);
}

/// A disk's own thread cannot pause the machine: whoever resets the machine waits for that thread.
void MachineControl::watch_faults(const std::stop_token& stop) {
    ::pthread_setname_np(::pthread_self(), "faults");
    for (;;) {
        std::unique_lock<std::mutex> held(fault_lock_);
        if (!news_came_.wait(held, stop, [this] { return !news_.empty(); }))
            return;
        const auto news = std::move(news_.front());
        news_.pop_front();
        const auto fault_listener = fault_listener_;
        const auto network_listener = network_listener_;
        held.unlock();
        std::visit([this](const auto& one) { handle(one); }, news);
        if (const auto* disk = std::get_if<DiskNews>(&news); disk != nullptr) {
            if (!disk->cured && fault_listener)
                fault_listener(disk->fault);
        } else if (network_listener) {
            network_listener(std::get<NetworkNews>(news));
        }
    }
}

void MachineControl::handle(const DiskNews& news) {
    const std::lock_guard<std::mutex> held(lock_);
    const DiskFault& fault = news.fault;
    const char* status = news.cured ? "ok" : fault.error == ENOSPC ? "nospace" : "failed";
    for (DriveInfo& drive : surroundings_.drives)
        if (drive.device == fault.drive)
            drive.io_status = status;
    if (!news.cured) {
        if (!paused_) {
            machine_.pause();
            paused_by_fault_ = true;
        }
        paused_ = true;
        fault_ = fault;
        return;
    }
    for (const WorkerDisk* disk : surroundings_.disks)
        if (disk != nullptr && disk->stalled())
            return; // the last one's cure is the machine's
    fault_.reset();
    if (paused_by_fault_) {
        machine_.resume();
        paused_ = paused_by_fault_ = false;
    }
}

void MachineControl::handle(const NetworkNews& news) {
    const std::lock_guard<std::mutex> held(lock_);
    if (news.up)
        broken_networks_.erase(news.network);
    else
        broken_networks_[news.network] = news.text;
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
