// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/machine_control.hpp"

#include "converter/base/error.hpp"
#include "converter/block/open.hpp"
#include "converter/block/raw.hpp"
#include "converter/block/vhd/layout.hpp"
#include "vmm/host/display/keyboard.hpp"
#include "vmm/machine/make_backends.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>

namespace ntferry::vmm {
namespace {

constexpr const char* CDROM_DRIVE = "ide1-cd0";

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

std::vector<DriveInfo> describe_drives(const profiles::MachineDescription& machine, const std::string& folder,
                                       const MachineBackends& backends) {
    std::vector<DriveInfo> drives;
    const auto add = [&](std::string device, const std::string& file,
                         const std::unique_ptr<DiskBackend>& backend) -> DriveInfo& {
        DriveInfo& drive = drives.emplace_back();
        drive.device = std::move(device);
        if (backend != nullptr && !file.empty()) {
            drive.file = resolve_path(file, folder);
            drive.format = format_of(drive.file);
            drive.size = backend->size();
        }
        return drive;
    };
    for (const profiles::DiskSpec& disk : machine.disks)
        add(fmt::format("ide{}-hd{}", disk.position / 2, disk.position % 2), disk.path,
            backends.disks[disk.position])
            .read_only = disk.read_only;
    DriveInfo& cdrom = add(CDROM_DRIVE, machine.cdrom, backends.cdrom);
    cdrom.removable = cdrom.read_only = true;
    return drives;
}

MachineControl::MachineControl(Machine& machine, std::shared_ptr<std::mutex> lock,
                               MachineSurroundings surroundings, std::vector<PowerKeyStep> power_keys)
    : machine_(machine), machine_lock_(std::move(lock)), surroundings_(std::move(surroundings)),
      power_keys_(std::move(power_keys)) {}

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
    const std::lock_guard<std::mutex> held(lock_);
    return surroundings_.drives;
}

DriveInfo& MachineControl::drive_named(const std::string& device) {
    for (DriveInfo& drive : surroundings_.drives)
        if (drive.device == device)
            return drive;
    throw Error(device, "there is no such drive", {}, ErrorKind::usage);
}

void MachineControl::eject(const std::string& device, bool force) {
    const std::lock_guard<std::mutex> held(lock_);
    DriveInfo& drive = drive_named(device);
    if (!drive.removable)
        throw Error(device, "its medium cannot be taken out", {}, ErrorKind::usage);
    if (!machine_.locked([&] { return machine_.change_cdrom(nullptr, force); }))
        throw Error(device, "the guest has locked the tray", "use force, or let the guest eject it");
    drive.file.clear();
    drive.size = 0;
    drive.tray_open = true;
}

block::SharedBlockDevice MachineControl::open_medium(const Medium& medium) const {
    if (medium.descriptor >= 0) {
        auto file = std::make_unique<block::PosixFile>(medium.name, medium.descriptor);
        if (block::vhd::looks_like_vhd(*file))
            throw Error(medium.name, "is a VHD", "put a raw image (ISO) into the drive");
        return std::make_unique<block::RawDevice>(std::move(file), block::Access::read_only);
    }
    try {
        return block::open_disk(resolve_path(medium.name, surroundings_.folder));
    } catch (const SystemError& error) {
        if (surroundings_.walls.empty() || (error.error_number() != ENOENT && error.error_number() != EACCES))
            throw;
        throw Error(
            medium.name, "the machine cannot see this file from behind its walls",
            "hand it over with 'ntferry eject NAME --insert FILE', or start the machine with --media FOLDER");
    }
}

void MachineControl::change_medium(const std::string& device, const Medium& wanted) {
    const block::SharedBlockDevice image = open_medium(wanted);
    auto medium = std::make_unique<WorkerDisk>(image, machine_lock_, surroundings_.disk_options);
    const std::lock_guard<std::mutex> held(lock_);
    DriveInfo& drive = drive_named(device);
    if (!drive.removable)
        throw Error(device, "its medium cannot be changed", {}, ErrorKind::usage);
    if (!machine_.locked([&] { return machine_.change_cdrom(std::move(medium)); }))
        throw Error(device, "the guest has locked the tray", "eject it first");
    drive.file = resolve_path(wanted.name, surroundings_.folder);
    drive.format = "raw";
    drive.size = image->size();
    drive.tray_open = false;
}

void MachineControl::save_state(const std::string& path) {
    throw Error(path, "saving is not offered by this machine", {}, ErrorKind::unsupported);
}

std::vector<std::string> MachineControl::snapshot(const std::string& name) {
    throw Error(name, "snapshots are not offered by this machine", {}, ErrorKind::unsupported);
}

} // namespace ntferry::vmm
