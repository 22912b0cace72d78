// What the control socket does with a machine's drives and its state.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/machine_control.hpp"

#include "converter/base/error.hpp"
#include "converter/block/open.hpp"
#include "converter/block/raw.hpp"
#include "converter/block/vhd/layout.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "vmm/machine/make_backends.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

constexpr const char* CDROM_DRIVE = "ide1-cd0";
constexpr const char* FLOPPY_DRIVE = "floppy0";
constexpr const char* SAVED_STATE = "saved.state";

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

/// Of a hard disk: "ide0-hd1" is 1.
std::optional<unsigned> position_of(const DriveInfo& drive) {
    unsigned controller = 0;
    unsigned unit = 0;
    if (std::sscanf(drive.device.c_str(), "ide%u-hd%u", &controller, &unit) != 2) // NOLINT: our own names
        return std::nullopt;
    return controller * 2 + unit;
}

class Pause {
  public:
    explicit Pause(Machine& machine) : machine_(machine) { machine_.pause(); }
    ~Pause() { machine_.resume(); }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

  private:
    Machine& machine_;
};

} // namespace

void describe_drives(MachineSurroundings& surroundings, const profiles::MachineDescription& machine,
                     const MachineBackends& backends) {
    const auto add = [&](std::string device, const std::string& file,
                         const std::unique_ptr<DiskBackend>& backend) -> DriveInfo& {
        DriveInfo& drive = surroundings.drives.emplace_back();
        drive.device = std::move(device);
        surroundings.disks.push_back(dynamic_cast<WorkerDisk*>(backend.get()));
        surroundings.images.push_back(-1);
        if (backend != nullptr && !file.empty()) {
            drive.file = resolve_path(file, surroundings.folder);
            drive.format = format_of(drive.file);
            drive.size = backend->size();
            surroundings.images.back() = ::open(drive.file.c_str(), O_PATH | O_CLOEXEC);
        }
        return drive;
    };
    for (const profiles::DiskSpec& disk : machine.disks)
        add(fmt::format("ide{}-hd{}", disk.position / 2, disk.position % 2), disk.path,
            backends.disks[disk.position])
            .read_only = disk.read_only;
    DriveInfo& cdrom = add(CDROM_DRIVE, machine.cdrom, backends.cdrom);
    cdrom.removable = cdrom.read_only = true;
    if (!machine.floppy.empty())
        add(FLOPPY_DRIVE, machine.floppy, backends.floppy);
}

std::vector<ImageStamp> MachineSurroundings::stamps() const {
    std::vector<ImageStamp> stamps;
    for (std::size_t i = 0; i < drives.size(); ++i)
        stamps.push_back(stamp_of(drives[i].device, drives[i].file, images[i]));
    return stamps;
}

/// With lock_: the image of a drive is another one; its descriptor is taken over.
void MachineControl::set_image(const DriveInfo& drive, int descriptor) {
    const auto index = static_cast<std::size_t>(&drive - surroundings_.drives.data());
    if (surroundings_.images[index] >= 0)
        ::close(surroundings_.images[index]);
    surroundings_.images[index] = descriptor;
    surroundings_.disks[index] = nullptr; // retired by the machine; a medium is read-only
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
    set_image(drive, -1);
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
    const int watched = wanted.descriptor >= 0 ? ::fcntl(wanted.descriptor, F_DUPFD_CLOEXEC, 0) : -1;
    const block::SharedBlockDevice image = open_medium(wanted);
    WorkerDisk::Options disk_options = surroundings_.disk_options;
    disk_options.drive = device;
    auto medium = std::make_unique<WorkerDisk>(image, machine_lock_, disk_options);
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
    set_image(drive, wanted.descriptor >= 0 ? watched : ::open(drive.file.c_str(), O_PATH | O_CLOEXEC));
}

std::string MachineControl::save_state(const Medium& target) {
    const std::lock_guard<std::mutex> held(lock_);
    std::string path = target.name;
    if (path.empty()) {
        if (surroundings_.state_folder.empty())
            throw Error("save", "the machine has no state folder",
                        "name a file, or start it with --state FOLDER", ErrorKind::usage);
        path = surroundings_.state_folder + "/" + SAVED_STATE;
    }
    StateFileWriter file =
        target.descriptor >= 0 ? StateFileWriter(path, target.descriptor) : StateFileWriter(path);
    machine_.pause();
    try {
        for (WorkerDisk* disk : surroundings_.disks)
            if (disk != nullptr)
                disk->flush();
        write_saved_state(machine_, surroundings_.stamps(), file);
    } catch (...) {
        machine_.resume();
        throw;
    }
    reason_ = EndReason::saved;
    machine_.stop();
    return path;
}

DiskLayers& MachineControl::layers() const {
    if (!surroundings_.layers)
        throw Error("snapshot", "the machine has no state folder", "start it with --state FOLDER",
                    ErrorKind::usage);
    return *surroundings_.layers;
}

void MachineControl::change_layers(DiskLayers& next, bool on_old) {
    std::vector<std::pair<WorkerDisk*, block::SharedBlockDevice>> changed;
    try {
        for (std::size_t i = 0; i < surroundings_.drives.size(); ++i) {
            const auto position = position_of(surroundings_.drives[i]);
            if (!position || surroundings_.disks[i] == nullptr || surroundings_.disks[i]->read_only())
                continue;
            surroundings_.disks[i]->exchange([&](block::SharedBlockDevice old) -> block::SharedBlockDevice {
                const std::string top = next.top(*position);
                changed.emplace_back(surroundings_.disks[i], old);
                if (!on_old)
                    return block::vhd::open(top, block::Access::read_write);
                // What is open stays open below: nobody else gets at it in between.
                return block::vhd::open_image(
                    std::make_unique<block::PosixFile>(top, block::Access::read_write),
                    block::Access::read_write, std::move(old));
            });
        }
        next.save();
    } catch (...) {
        for (const auto& item : changed)
            item.first->exchange([&item](const block::SharedBlockDevice&) { return item.second; });
        next.take_back();
        throw;
    }
    for (DriveInfo& drive : surroundings_.drives)
        if (const auto position = position_of(drive); position && !drive.read_only) {
            drive.file = next.top(*position);
            drive.format = "vpc";
            const auto index = static_cast<std::size_t>(&drive - surroundings_.drives.data());
            if (surroundings_.images[index] >= 0)
                ::close(surroundings_.images[index]);
            surroundings_.images[index] = ::open(drive.file.c_str(), O_PATH | O_CLOEXEC);
        }
    *surroundings_.layers = next;
}

std::vector<std::string> MachineControl::snapshot(const std::string& name, const std::string& device,
                                                  const std::string& file) {
    const std::lock_guard<std::mutex> held(lock_);
    DiskLayers next = layers();
    std::map<unsigned, std::string> wanted;
    if (!file.empty()) {
        const DriveInfo& drive = drive_named(device);
        const auto position = position_of(drive);
        if (!position || drive.read_only)
            throw Error(device, "is no hard disk that can be written", {}, ErrorKind::usage);
        wanted[*position] = file;
    }
    const Pause pause(machine_);
    for (WorkerDisk* disk : surroundings_.disks)
        if (disk != nullptr)
            disk->flush(); // the image is whole before anything is made on it
    next.freeze(name, wanted);
    const std::vector<std::string> files = next.files_made();
    change_layers(next, true);
    return files;
}

std::vector<SnapshotInfo> MachineControl::snapshots() const {
    const std::lock_guard<std::mutex> held(lock_);
    std::vector<SnapshotInfo> list;
    if (surroundings_.layers)
        for (const Snapshot& one : surroundings_.layers->snapshots())
            list.push_back({one.name, one.parent, one.time, one.name == surroundings_.layers->current()});
    return list;
}

void MachineControl::revert(const std::string& name) {
    const std::lock_guard<std::mutex> held(lock_);
    DiskLayers next = layers();
    const Pause pause(machine_);
    next.go_back(name);
    change_layers(next, false);
    machine_.reset();
}

void MachineControl::delete_snapshot(const std::string& name) {
    const std::lock_guard<std::mutex> held(lock_);
    DiskLayers next = layers();
    next.forget(name);
    next.save();
    *surroundings_.layers = next;
}

} // namespace ntferry::vmm
