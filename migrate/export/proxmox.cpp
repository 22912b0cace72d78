// Proxmox VE: machine.conf for /etc/pve/qemu-server, and a script that imports disks and settings with qm.
// Keys as in qm.conf(5) of Proxmox VE.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/export/definition.hpp"

#include "profiles/render_qemu.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::exports {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

std::string cpu_argument(const ExportedMachine& machine) {
    const auto arguments = profiles::qemu_arguments(machine.profile, machine.machine, {});
    const auto at = std::find(arguments.begin(), arguments.end(), "-cpu");
    return at + 1 < arguments.end() ? *(at + 1) : std::string("pentium2");
}

std::string network_line(const ExportedMachine& machine, std::size_t i) {
    const profiles::NicSpec& nic = machine.machine.nics[i];
    const bool bridged = nic.backend == "bridge";
    const auto bridge = nic.options.find("bridge");
    // An isolated card has its cable pulled: Proxmox knows no network without a bridge but NAT.
    return fmt::format(
        "{}={}{}{}", machine.nic_models()[i] == "ne2000" ? "ne2k_isa" : "pcnet", mac_text(nic),
        nic.backend == "nat"
            ? ""
            : ",bridge=" + (bridged && bridge != nic.options.end() ? bridge->second : std::string("vmbr0")),
        bridged || nic.backend == "nat" ? "" : ",link_down=1");
}

/// Everything but the disks.
Settings settings_of(const ExportedMachine& machine) {
    Settings settings;
    const auto add = [&](const char* key, std::string value) {
        settings.emplace_back(key, std::move(value));
    };
    // The whole processor, the last -cpu counts: NT 4.0 stops at CPUID leaves above 3. Cards stay in the
    // slots that the registry names.
    std::string arguments = "-cpu " + cpu_argument(machine);
    for (std::size_t i = 0; i < machine.machine.nics.size(); ++i)
        if (const unsigned slot = machine.nic_slot(i))
            arguments += fmt::format(" -set device.net{}.addr={:#x}", i, slot);
    add("acpi", "0");
    add("args", arguments);
    add("balloon", "0"); // frees slot 3
    add("bios", "seabios");
    add("boot", "order=ide0");
    add("cores", std::to_string(machine.machine.cpus));
    add("cpu", machine.profile.cpu.family <= 5 ? "pentium" : "pentium2");
    add("ide2", "none,media=cdrom");
    add("localtime", machine.profile.rtc_local_time ? "1" : "0");
    add("memory", std::to_string(machine.mebibytes()));
    add("name", plain_name(machine.machine.name));
    for (std::size_t i = 0; i < machine.machine.nics.size(); ++i)
        add(fmt::format("net{}", i).c_str(), network_line(machine, i));
    add("numa", "0");
    add("onboot", "0");
    add("ostype", "other");
    add("scsihw", "lsi");
    for (const profiles::SerialSpec& serial : machine.machine.serials)
        add(fmt::format("serial{}", serial.port).c_str(), "socket");
    add("sockets", "1");
    add("tablet", "0");
    add("vga", "std");
    return settings;
}

/// Proxmox's ide2 is the CD-ROM drive, ide3 beside it.
unsigned ide_number(const profiles::DiskSpec& disk) {
    return disk.position == 2 ? 3 : disk.position;
}

std::string conf(const ExportedMachine& machine, const Settings& settings) {
    std::string text = "# " + plain_name(machine.machine.name) +
                       ": copy to /etc/pve/qemu-server/VMID.conf, or let ./import do everything\n";
    Settings all = settings;
    for (std::size_t i = 0; i < machine.machine.disks.size(); ++i)
        all.emplace_back(fmt::format("ide{}", ide_number(machine.machine.disks[i])),
                         fmt::format("local:VMID/vm-VMID-disk-{}{},size={}K", i, extension_of(machine.format),
                                     machine.disk(i).size / 1024));
    std::sort(all.begin(), all.end());
    for (const auto& [key, value] : all)
        text += fmt::format("{}: {}\n", key, value);
    return text;
}

std::string import_script(const ExportedMachine& machine, const Settings& settings) {
    std::string text = fmt::format("#!/bin/sh\n"
                                   "# Makes {} a machine of this Proxmox VE host.\n"
                                   "# usage: ./import VMID STORAGE        (STORAGE: as in 'pvesm status')\n"
                                   "set -eu\n"
                                   "[ $# -eq 2 ] || {{ echo \"usage: $0 VMID STORAGE\" >&2; exit 2; }}\n"
                                   "vmid=$1\nstorage=$2\n"
                                   "cd \"$(dirname \"$0\")\"\n"
                                   "qm create \"$vmid\"",
                                   plain_name(machine.machine.name));
    for (const auto& [key, value] : settings)
        if (key != "boot") // names a disk that is not there yet
            text += fmt::format(" \\\n    --{} {}", key, profiles::shell_line({value}));
    text += "\n";
    for (std::size_t i = 0; i < machine.machine.disks.size(); ++i)
        text +=
            fmt::format("qm importdisk \"$vmid\" {} \"$storage\" --format {}\n"
                        "qm set \"$vmid\" --ide{} \"$(qm config \"$vmid\" | sed -n 's/^unused0: //p')\"\n",
                        machine.disk(i).file, name_of(machine.format), ide_number(machine.machine.disks[i]));
    return text + "qm set \"$vmid\" --boot order=ide0\necho \"start it with: qm start $vmid\"\n";
}

} // namespace

std::vector<DefinitionFile> proxmox_definition(const ExportedMachine& machine) {
    const Settings settings = settings_of(machine);
    return {{"machine.conf", conf(machine, settings), false},
            {"import", import_script(machine, settings), true}};
}

} // namespace ntferry::exports
