// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/bundle/describe_machine.hpp"

#include "converter/block/open.hpp"
#include "converter/capture/sha256.hpp"
#include "migrate/bundle/geometry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace ntferry::bundle {
namespace {

/// Places for disks in the server's order: the CD-ROM drive keeps the secondary master.
constexpr unsigned disk_places[] = {0, 1, 3, 2};

std::uint64_t memory_of(const nt::Inspection& inspection, const profiles::Limits& limits,
                        std::uint64_t wanted, std::vector<std::string>& notes) {
    std::uint64_t memory = wanted;
    if (memory == 0)
        if (const nt::BootEntry* entry = inspection.boot.boot_ini.default_entry())
            if (const nt::BootSwitch* limit = entry->find("MAXMEM")) {
                const unsigned long mebibytes = std::strtoul(limit->value.c_str(), nullptr, 10);
                if (mebibytes > 0 && mebibytes < 1U << 16U) {
                    memory = std::uint64_t{mebibytes} << 20U;
                    notes.push_back(fmt::format("memory: {} MiB, as /MAXMEM of boot.ini says", mebibytes));
                }
            }
    if (memory == 0) {
        memory = limits.memory_default;
        notes.push_back(
            fmt::format("memory: {} MiB, the profile's default; a disk does not tell what the server had",
                        memory >> 20U));
    }
    const std::uint64_t clipped = std::clamp(memory, limits.memory_minimum, limits.memory_maximum);
    if (clipped != memory)
        notes.push_back(fmt::format("memory: {} MiB instead of {} MiB, the profile's limit", clipped >> 20U,
                                    memory >> 20U));
    return clipped;
}

unsigned network_slots(const profiles::Profile& profile) {
    return static_cast<unsigned>(
        std::count_if(profile.devices.begin(), profile.devices.end(), [](const profiles::DeviceSpec& device) {
            return device.options.count("models") != 0;
        }));
}

} // namespace

std::array<std::uint8_t, 6> mac_address(const std::string& network_address, const std::string& computer,
                                        unsigned card) {
    std::string digits;
    for (const char c : network_address)
        if (std::isxdigit(static_cast<unsigned char>(c)) != 0)
            digits += c;
    std::array<std::uint8_t, 6> mac{};
    if (digits.size() == 12) {
        for (std::size_t i = 0; i < mac.size(); ++i)
            mac[i] = static_cast<std::uint8_t>(std::strtoul(digits.substr(i * 2, 2).c_str(), nullptr, 16));
        if ((mac[0] & 1U) == 0) // never a group address
            return mac;
    }
    const std::string seed = fmt::format("{}/{}", computer, card);
    const capture::Digest digest =
        capture::sha256({reinterpret_cast<const std::uint8_t*>(seed.data()), seed.size()});
    std::copy_n(digest.begin(), mac.size(), mac.begin());
    mac[0] = static_cast<std::uint8_t>((mac[0] & 0xFCU) | 2U);
    return mac;
}

DescribedMachine describe_machine(const nt::Inspection& inspection, const profiles::Profile& profile,
                                  const patch::Workspace& workspace, std::uint64_t memory,
                                  const std::string& fallback_name) {
    DescribedMachine described;
    profiles::MachineDescription& machine = described.machine;
    const nt::Installation* system =
        inspection.installations.empty() ? nullptr : &inspection.installations.front();
    machine.name = system != nullptr && !system->product.name.empty() ? system->product.name : fallback_name;
    machine.profile = profile.name;
    machine.memory = memory_of(inspection, profile.limits, memory, described.notes);
    if (system != nullptr && system->kernel.multiprocessor_kernel.value_or(false) &&
        profile.limits.cpus_maximum > 1)
        machine.cpus = std::clamp(system->product.processors, 1U, profile.limits.cpus_maximum);

    if (workspace.disks.size() > std::min<std::size_t>(profile.limits.disks_maximum, std::size(disk_places)))
        throw Error(workspace.name,
                    fmt::format("the server has {} disks, the machine takes {}", workspace.disks.size(),
                                profile.limits.disks_maximum),
                    "convert without the disks that can stay behind", ErrorKind::decision);
    for (std::size_t i = 0; i < workspace.disks.size(); ++i) {
        profiles::DiskSpec disk;
        disk.path = "disks/" + std::filesystem::path(workspace.disks[i].overlay).filename().string();
        disk.position = disk_places[i];
        disk.geometry = geometry_candidates(*block::open_disk(workspace.current(i))).front();
        machine.disks.push_back(disk);
    }
    if (system == nullptr)
        return described;
    const unsigned slots = network_slots(profile);
    for (const nt::NetworkAdapter& adapter : system->network.adapters) {
        if (adapter.disabled || adapter.virtual_adapter || adapter.dial_up)
            continue;
        if (machine.nics.size() == slots) {
            described.notes.push_back(
                fmt::format("network card {} has no place in the machine", adapter.key));
            continue;
        }
        profiles::NicSpec nic;
        nic.mac =
            mac_address(adapter.address_override, machine.name, static_cast<unsigned>(machine.nics.size()));
        machine.nics.push_back(nic);
    }
    for (const nt::PortUser& user : system->peripherals.ports) {
        if (user.port != "COM1" && user.port != "COM2")
            continue;
        described.notes.push_back(
            fmt::format("{} is used by {}: connect it in machine.xml", user.port, user.user));
        const unsigned port = user.port == "COM1" ? 0 : 1;
        if (std::none_of(machine.serials.begin(), machine.serials.end(),
                         [&](const profiles::SerialSpec& serial) { return serial.port == port; }))
            machine.serials.push_back({port, "none"});
    }
    return described;
}

} // namespace ntferry::bundle
