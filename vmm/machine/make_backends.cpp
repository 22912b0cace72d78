// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/make_backends.hpp"

#include "converter/block/open.hpp"
#include "vmm/host/disk/disk_geometry.hpp"
#include "vmm/host/net/net_backend.hpp"
#include "vmm/host/serial/char_backends.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <iostream>

namespace ntferry::vmm {
namespace {

block::SharedBlockDevice open(const std::string& path, bool read_only) {
    return block::open_disk(path,
                            {.access = read_only ? block::Access::read_only : block::Access::read_write});
}

/// An address of our own for a card that was given none: the same at every start, another for another
/// machine. 52:54:00 is locally administered, as QEMU's.
std::array<std::uint8_t, 6> default_mac(const std::string& machine, std::size_t card) {
    std::uint32_t hash = 0x811C9DC5; // FNV-1a
    for (const char letter : machine + '/' + std::to_string(card))
        hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x01000193U;
    return {0x52,
            0x54,
            0x00,
            static_cast<std::uint8_t>(hash >> 16U),
            static_cast<std::uint8_t>(hash >> 8U),
            static_cast<std::uint8_t>(hash)};
}

void complete_cards(profiles::MachineDescription& description) {
    for (std::size_t i = 0; i < description.nics.size(); ++i)
        if (description.nics[i].mac == std::array<std::uint8_t, 6>{})
            description.nics[i].mac = default_mac(description.name, i);
}

} // namespace

std::string resolve_path(const std::string& path, const std::string& folder) {
    if (folder.empty() || path.empty() || path.front() == '/' || path.find("://") != std::string::npos)
        return path;
    return (std::filesystem::path(folder) / path).string();
}

void complete(profiles::MachineDescription& description, const std::string& folder) {
    for (profiles::DiskSpec& disk : description.disks) {
        if (disk.geometry)
            continue;
        if (const auto guess = guess_geometry(*open(resolve_path(disk.path, folder), true)))
            disk.geometry = profiles::DiskGeometry{guess->cylinders, guess->heads, guess->sectors};
    }
    complete_cards(description);
}

MachineBackends make_backends(profiles::MachineDescription& description, const std::string& folder,
                              const std::shared_ptr<std::mutex>& machine_lock,
                              const WorkerDisk::Options& disk_options,
                              const std::shared_ptr<NetworkRelay>& networks) {
    MachineBackends backends;
    const auto named = [&disk_options](std::string drive) {
        WorkerDisk::Options own = disk_options;
        own.drive = std::move(drive);
        return own;
    };
    for (profiles::DiskSpec& disk : description.disks) {
        const block::SharedBlockDevice device = open(resolve_path(disk.path, folder), disk.read_only);
        if (!disk.geometry)
            if (const auto guess = guess_geometry(*device))
                disk.geometry = profiles::DiskGeometry{guess->cylinders, guess->heads, guess->sectors};
        backends.disks[disk.position] = std::make_unique<WorkerDisk>(
            device, machine_lock, named(fmt::format("ide{}-hd{}", disk.position / 2, disk.position % 2)));
    }
    if (!description.cdrom.empty())
        backends.cdrom = std::make_unique<WorkerDisk>(open(resolve_path(description.cdrom, folder), true),
                                                      machine_lock, named("ide1-cd0"));
    if (!description.floppy.empty()) {
        const std::string path = resolve_path(description.floppy, folder);
        const bool read_only = ::access(path.c_str(), W_OK) != 0;
        backends.floppy = std::make_unique<WorkerDisk>(open(path, read_only), machine_lock, named("floppy0"));
    }
    complete_cards(description);
    for (const profiles::NicSpec& nic : description.nics) {
        const auto tell = [networks, number = backends.networks.size()](bool up) {
            return [=](const std::string& text) {
                std::cerr << "ntferry-vmm: " << text << std::endl;
                if (networks)
                    networks->tell({number, up, text});
            };
        };
        backends.networks.push_back(
            net::make_net_backend(nic.backend, nic.options, {*machine_lock, tell(false), tell(true)}));
    }
    for (const profiles::SerialSpec& serial : description.serials)
        backends.serial[serial.port & 1U] = make_char_backend(serial.backend, folder, machine_lock);
    if (!description.parallel.empty())
        backends.parallel = make_char_backend(description.parallel, folder, machine_lock);
    return backends;
}

} // namespace ntferry::vmm
