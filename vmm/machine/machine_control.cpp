// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/machine_control.hpp"

#include "converter/base/error.hpp"
#include "converter/block/open.hpp"
#include "vmm/host/disk/worker_disk.hpp"
#include "vmm/host/display/keyboard.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace ntferry::vmm {
namespace {

constexpr const char* CDROM_DRIVE = "ide1-cd0";

std::string resolve(const std::string& path, const std::string& folder) {
    if (folder.empty() || path.empty() || path.front() == '/' || path.find("://") != std::string::npos)
        return path;
    return (std::filesystem::path(folder) / path).string();
}

/// As QEMU calls formats: a VHD ends with its footer, whose first word is "conectix".
std::string format_of(const std::string& path) {
    constexpr std::string_view vhd_cookie = "conectix";
    constexpr std::streamoff footer = 512;
    std::ifstream file(path, std::ios::binary);
    std::string cookie(vhd_cookie.size(), '\0');
    file.seekg(-footer, std::ios::end);
    file.read(cookie.data(), static_cast<std::streamsize>(cookie.size()));
    return file && cookie == vhd_cookie ? "vpc" : "raw";
}

} // namespace

MachineControl::MachineControl(Machine& machine, std::shared_ptr<std::mutex> lock, std::string folder,
                               std::string walls, std::vector<PowerKeyStep> power_keys)
    : machine_(machine), machine_lock_(std::move(lock)), folder_(std::move(folder)), walls_(std::move(walls)),
      power_keys_(std::move(power_keys)), cdrom_(machine.description().cdrom) {}

MachineControl::~MachineControl() = default;

std::string MachineControl::name() const {
    return machine_.description().name;
}

RunState MachineControl::run_state() const {
    switch (machine_.state()) {
    case MachineState::created:
        return RunState::prelaunch;
    case MachineState::running:
        return RunState::running;
    case MachineState::paused:
        return RunState::paused;
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
    if (paused_)
        machine_.resume();
    paused_ = false;
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

std::vector<DriveInfo> MachineControl::drives() const {
    std::vector<DriveInfo> drives;
    const auto add = [&](DriveInfo drive) {
        if (!drive.file.empty()) {
            drive.file = resolve(drive.file, folder_);
            drive.format = format_of(drive.file);
        }
        drives.push_back(std::move(drive));
    };
    for (const profiles::DiskSpec& disk : machine_.description().disks) {
        DriveInfo drive;
        drive.device = fmt::format("ide{}-hd{}", disk.position / 2, disk.position % 2);
        drive.file = disk.path;
        drive.read_only = disk.read_only;
        add(drive);
    }
    const std::lock_guard<std::mutex> held(lock_);
    DriveInfo cdrom;
    cdrom.device = CDROM_DRIVE;
    cdrom.file = cdrom_;
    cdrom.removable = cdrom.read_only = true;
    cdrom.tray_open = tray_open_;
    add(cdrom);
    return drives;
}

void MachineControl::eject(const std::string& device, bool force) {
    if (device != CDROM_DRIVE)
        throw Error(device, "its medium cannot be taken out", {}, ErrorKind::usage);
    const std::lock_guard<std::mutex> held(lock_);
    if (!machine_.locked([&] { return machine_.change_cdrom(nullptr, force); }))
        throw Error(device, "the guest has locked the tray", "use force, or let the guest eject it");
    cdrom_.clear();
    tray_open_ = true;
}

void MachineControl::change_medium(const std::string& device, const std::string& path) {
    if (device != CDROM_DRIVE)
        throw Error(device, "its medium cannot be changed", {}, ErrorKind::usage);
    auto medium = std::make_unique<WorkerDisk>(block::open_disk(resolve(path, folder_)), machine_lock_);
    const std::lock_guard<std::mutex> held(lock_);
    if (!machine_.locked([&] { return machine_.change_cdrom(std::move(medium)); }))
        throw Error(device, "the guest has locked the tray", "eject it first");
    cdrom_ = path;
    tray_open_ = false;
}

void MachineControl::save_state(const std::string& path) {
    throw Error(path, "saving is not offered by this machine", {}, ErrorKind::unsupported);
}

std::vector<std::string> MachineControl::snapshot(const std::string& name) {
    throw Error(name, "snapshots are not offered by this machine", {}, ErrorKind::unsupported);
}

} // namespace ntferry::vmm
