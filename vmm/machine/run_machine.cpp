// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/run_machine.hpp"

#include "converter/base/error.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "vmm/firmware/rom.hpp"
#include "vmm/host/display/frame_image.hpp"
#include "vmm/kvm/kvm_system.hpp"
#include "vmm/machine/machine_group.hpp"
#include "vmm/machine/make_backends.hpp"
#include "vmm/machine/saved_state.hpp"

#include <csignal>
#include <filesystem>
#include <iostream>
#include <thread>

namespace ntferry::vmm {
namespace {

/// Signals that end a machine, blocked in every thread from here on.
sigset_t block_ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1})
        sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return set;
}

/// SIGINT and SIGTERM end the machine in order: writes done, images closed. Lives shorter than the machine.
class SignalWatch {
  public:
    SignalWatch(Machine& machine, const sigset_t& set)
        : thread_([&machine, set] {
              int signal = 0;
              ::sigwait(&set, &signal);
              if (signal != SIGUSR1)
                  machine.stop(static_cast<int>(ErrorKind::interrupted));
          }) {}
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;
    ~SignalWatch() {
        ::pthread_kill(thread_.native_handle(), SIGUSR1);
        thread_.join();
    }

  private:
    std::thread thread_;
};

/// The folder that was asked for, or the one of a bundle; it is made. Empty when there is none, or the bundle
/// cannot be written. @throws Error when the one that was asked for cannot be made
std::string make_state_folder(const std::string& asked, const std::string& folder) {
    namespace fs = std::filesystem;
    if (asked.empty() && folder.empty())
        return {};
    const fs::path path = asked.empty() ? fs::path(folder) / "state" : fs::absolute(asked);
    std::error_code error;
    if (!fs::is_directory(path, error) && fs::create_directories(path, error))
        fs::permissions(path, fs::perms::owner_all, error);
    if (error && !asked.empty())
        throw Error(path.string(), "cannot make the state folder: " + error.message());
    return error ? std::string() : path.lexically_normal().string();
}

/// The layers of a state folder; the description names their tops from then on. @throws Error
std::shared_ptr<DiskLayers> open_layers(RunRequest& request, const std::string& state_folder) {
    if (state_folder.empty()) {
        if (request.undo)
            throw Error("--undo", "there is no folder for undo disks", "name one with --state",
                        ErrorKind::usage);
        return nullptr;
    }
    std::map<unsigned, std::string> bases;
    for (const profiles::DiskSpec& disk : request.machine.disks)
        if (!disk.read_only && disk.path.find("://") == std::string::npos)
            bases[disk.position] = resolve_path(disk.path, request.folder);
    auto layers = std::make_shared<DiskLayers>(state_folder, bases);
    try {
        // A saved state fits the files that it was saved with; what is not needed waits for another start.
        if (request.resume.empty())
            layers->merge_unneeded();
    } catch (const Error& error) {
        std::cerr << "ntferry-vmm: layers of deleted snapshots stay for now: " << error.what() << std::endl;
        layers = std::make_shared<DiskLayers>(state_folder, bases);
    }
    if (request.undo || request.machine.undo != profiles::UndoMode::keep)
        layers->begin_undo();
    if (layers->has_layers())
        for (profiles::DiskSpec& disk : request.machine.disks)
            if (bases.contains(disk.position))
                disk.path = layers->top(disk.position);
    return layers;
}

/// Layers are put on images and merged into them by name, so those stay within reach.
void name_images(WithinReach& reach, const DiskLayers& layers) {
    for (const std::string& base : layers.bases()) {
        reach.writable.push_back(base);
        try {
            const std::vector<std::string> chain = block::vhd::chain(base);
            reach.readable.insert(reach.readable.end(), chain.begin() + 1, chain.end());
        } catch (const Error&) {
            // No VHD: nothing lies below it.
        }
    }
}

/// The disks are closed. What cannot be done now is done at the next end: the layers stay.
void end_undo(DiskLayers& layers, profiles::UndoMode mode) {
    try {
        if (mode == profiles::UndoMode::commit)
            layers.commit_undo();
        else if (mode == profiles::UndoMode::discard)
            layers.discard_undo();
    } catch (const Error& error) {
        std::cerr << "ntferry-vmm: the undo disks stay: " << error.what() << std::endl;
    }
}

} // namespace

int run_machine(RunRequest request) {
    const std::shared_ptr<std::mutex> lock = request.options.lock;
    const profiles::ResourceSpec& resources = request.machine.resources;
    MachineGroup group(request.machine.name, resources,
                       request.machine.memory != 0 ? request.machine.memory
                                                   : request.profile.limits.memory_default,
                       {.folder = request.cgroup});
    // Everything is opened first, then the walls go up, then threads begin.
    HostListeners listeners(request.host, request.machine.name);
    MachineSurroundings surroundings;
    surroundings.folder = request.folder;
    surroundings.state_folder = make_state_folder(request.state_folder, request.folder);
    if (!surroundings.state_folder.empty())
        load_image_library(); // the picture of a computer that can be switched off may be there
    surroundings.layers = open_layers(request, surroundings.state_folder);
    WithinReach reach{.machine = request.machine,
                      .folder = request.folder,
                      .state_folder = surroundings.state_folder,
                      .readable = {request.options.firmware.empty() ? std::string(default_system_rom)
                                                                    : request.options.firmware,
                                   request.options.vga_firmware.empty() ? std::string(default_vga_rom)
                                                                        : request.options.vga_firmware},
                      .writable = {},
                      .remove_at_end = listeners.sockets()};
    if (surroundings.layers)
        name_images(reach, *surroundings.layers);
    if (!group.made().empty())
        reach.remove_at_end.push_back(group.made());
    MachineWalls walls(request.walls, reach);
    surroundings.faults = std::make_shared<DiskRelay>();
    surroundings.networks = std::make_shared<NetworkRelay>();
    surroundings.disk_options.thread_started = walls.thread_filter(walls.disk_role());
    surroundings.disk_options.failed = [faults = surroundings.faults](const DiskFault& fault) {
        faults->tell({fault});
    };
    surroundings.disk_options.cured = [faults = surroundings.faults](const std::string& drive) {
        faults->tell({.fault = {.drive = drive, .image = {}, .text = {}}, .cured = true});
    };
    if (resources.disk_bytes_per_second != 0 || resources.disk_operations_per_second != 0)
        surroundings.disk_options.budget =
            std::make_shared<IoBudget>(resources.disk_bytes_per_second, resources.disk_operations_per_second);
    request.options.processor_started = walls.thread_filter(sandbox::ThreadRole::vcpu);
    request.options.kvm = kvm::KvmSystem::open_device().release();
    MachineBackends backends = make_backends(request.machine, request.folder, lock, surroundings.disk_options,
                                             surroundings.networks);
    describe_drives(surroundings, request.machine, backends);
    std::unique_ptr<StateFile> saved;
    if (!request.resume.empty()) {
        saved = std::make_unique<StateFile>(request.resume);
        check_saved_state(*saved, surroundings.stamps());
    }
    if (!surroundings.state_folder.empty())
        walls.hand_over(surroundings.state_folder);
    if (surroundings.layers)
        for (const std::string& base : surroundings.layers->bases())
            walls.hand_over_file(base);
    const sigset_t signals = block_ending_signals();
    walls.enter();
    group.enter(); // the process outside stays where it was
    if (const std::string missing = group.missing(); !missing.empty())
        std::cerr << "ntferry-vmm: " << missing << std::endl;
    surroundings.limits = group.describe();
    const std::shared_ptr<DiskLayers> layers = surroundings.layers;
    const profiles::UndoMode undo = request.machine.undo;
    int exit_code = 0;
    bool was_saved = false;
    {
        Machine running(request.profile, request.machine, std::move(backends), std::move(request.options));
        if (saved)
            load_saved_state(running, *saved);
        saved.reset();
        walls.close();
        std::cerr << "ntferry-vmm: " << walls.summary() << std::endl;
        surroundings.walls = walls.describe();
        HostSide host(running, lock, listeners, request.host, std::move(surroundings));
        const SignalWatch watch(running, signals);
        running.start();
        exit_code = running.wait();
        if (const std::string why = host.finish(); !why.empty())
            std::cerr << "ntferry-vmm: " << why << std::endl;
        was_saved = host.saved();
    }
    if (layers && !was_saved)
        end_undo(*layers, undo);
    return exit_code;
}

} // namespace ntferry::vmm
