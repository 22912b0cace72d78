// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/render_qemu.hpp"

#include "profiles/xml_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace ntferry::profiles {
namespace {

std::string place(const std::string& path, const QemuOptions& options) {
    if (options.folder.empty() || path.empty() || path.front() == '/')
        return path;
    return (std::filesystem::path(options.folder) / path).string();
}

/// QEMU splits options at commas; a doubled one is a comma.
std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        result += c;
        if (c == ',')
            result += c;
    }
    return result;
}

std::string cpu_argument(const Profile& profile) {
    const CpuModel& cpu = profile.cpu;
    std::string text = cpu.family <= 5 ? "pentium" : cpu.has("sse") ? "pentium3" : "pentium2";
    text += fmt::format(",family={},model={},stepping={},level={},vendor={}", cpu.family, cpu.model,
                        cpu.stepping, cpu.max_leaf, cpu.vendor);
    if (cpu.max_extended_leaf == 0)
        text += ",xlevel=0";
    // QEMU's models know features this one may not have, and the other way round.
    for (const char* feature : {"vme", "pae", "mce", "apic", "sep", "mtrr", "mca", "pat", "pse36", "mmx",
                                "fxsr", "sse", "sse2", "pge", "cmov"})
        text += fmt::format(",{}{}", cpu.has(feature) ? "+" : "-", feature);
    return text + ",-hypervisor";
}

std::string disk_format(const std::string& path) {
    const std::string extension = std::filesystem::path(path).extension().string();
    return extension == ".vhd" || extension == ".VHD" ? "vpc"
           : extension == ".qcow2"                    ? "qcow2"
           : extension == ".vmdk"                     ? "vmdk"
                                                      : "raw";
}

std::string mac_text(const NicSpec& nic) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", nic.mac[0], nic.mac[1], nic.mac[2],
                       nic.mac[3], nic.mac[4], nic.mac[5]);
}

std::string serial_argument(const std::string& backend, const QemuOptions& options) {
    const auto rest = [&](const char* prefix) { return backend.substr(std::string_view(prefix).size()); };
    if (backend.starts_with("file:"))
        return "file:" + place(rest("file:"), options);
    if (backend.starts_with("unix:"))
        return fmt::format("unix:{},server=on,wait=off", escaped(place(rest("unix:"), options)));
    if (backend.starts_with("tcp:"))
        return fmt::format("tcp:{},server=on,wait=off", rest("tcp:"));
    if (backend.starts_with("device:"))
        return rest("device:");
    return backend;
}

const char* boot_letter(const std::string& boot) {
    return boot == "floppy" ? "a" : boot == "cdrom" ? "d" : "c";
}

} // namespace

std::vector<std::string> qemu_arguments(const Profile& profile, const MachineDescription& machine,
                                        const QemuOptions& options) {
    std::vector<std::string> a = {options.program};
    const auto add = [&](std::initializer_list<std::string> more) { a.insert(a.end(), more); };
    const std::uint64_t memory = machine.memory != 0 ? machine.memory : profile.limits.memory_default;
    add({"-nodefaults", "-no-user-config"});
    add({"-name", escaped(machine.name.empty() ? profile.name : machine.name)});
    add({"-machine",
         fmt::format("pc,acpi=off,hpet=off,usb=off,vmport=off,accel={}{}", options.accelerator,
                     options.accelerator == "kvm" && profile.interrupts == InterruptController::pic
                         ? ",kernel-irqchip=off"
                         : "")});
    add({"-cpu", cpu_argument(profile)});
    add({"-smp", std::to_string(machine.cpus)});
    add({"-m", fmt::format("{}M", memory >> 20U)});
    add({"-rtc", profile.rtc_local_time ? "base=localtime,driftfix=slew" : "base=utc,driftfix=slew"});
    add({"-boot", fmt::format("order={},menu=off", boot_letter(machine.boot))});
    add({"-display", "none"});
    if (const DeviceSpec* vga = profile.find("stdvga"))
        add({"-device", fmt::format("VGA,addr={:#x}.{},vgamem_mb=16", vga->pci->device, vga->pci->function)});
    for (const DiskSpec& disk : machine.disks) {
        const std::string id = fmt::format("disk{}", disk.position);
        add({"-drive", fmt::format("if=none,id={},file={},format={},cache=writeback{}", id,
                                   escaped(place(disk.path, options)), disk_format(disk.path),
                                   disk.read_only ? ",readonly=on" : "")});
        std::string device =
            fmt::format("ide-hd,drive={},bus=ide.{},unit={}", id, disk.position / 2, disk.position % 2);
        if (disk.geometry && disk.geometry->heads <= 255)
            device += fmt::format(",lcyls={},lheads={},lsecs={}", std::min(disk.geometry->cylinders, 1024U),
                                  disk.geometry->heads, disk.geometry->sectors);
        add({"-device", device});
    }
    const bool second_master_taken = std::any_of(machine.disks.begin(), machine.disks.end(),
                                                 [](const DiskSpec& disk) { return disk.position == 2; });
    if (!machine.cdrom.empty())
        add({"-drive", fmt::format("if=none,id=cd,media=cdrom,format=raw,file={}",
                                   escaped(place(machine.cdrom, options)))});
    else
        add({"-drive", "if=none,id=cd,media=cdrom"});
    add({"-device", fmt::format("ide-cd,drive=cd,bus=ide.1,unit={}", second_master_taken ? 1 : 0)});
    if (!machine.floppy.empty())
        add({"-drive", fmt::format("if=floppy,format=raw,file={}", escaped(place(machine.floppy, options)))});
    unsigned number = 0;
    for (const DeviceSpec& slot : profile.devices) {
        if (slot.options.count("models") == 0 || number >= machine.nics.size())
            continue;
        const NicSpec& nic = machine.nics[number];
        const std::string model = nic.model.empty() ? slot.type : nic.model;
        const char* device = model == "dec21140" ? "tulip" : "pcnet";
        if (nic.backend == "nat")
            add({"-netdev", fmt::format("user,id=net{},restrict=on", number)});
        else if (nic.backend == "bridge")
            add({"-netdev", fmt::format("tap,id=net{},script=no,downscript=no,ifname={}", number,
                                        nic.options.count("tap") != 0 ? nic.options.at("tap") : "tap0")});
        else
            add({"-netdev", fmt::format("hubport,id=net{},hubid={}", number, number)});
        std::string card = fmt::format("{},netdev=net{},mac={}", device, number, mac_text(nic));
        if (slot.pci)
            card += fmt::format(",addr={:#x}.{}", slot.pci->device, slot.pci->function);
        add({"-device", card});
        ++number;
    }
    // The chips are the profile's, whether anything is connected to them or not; QEMU counts its options.
    const auto ports = std::count_if(profile.devices.begin(), profile.devices.end(),
                                     [](const DeviceSpec& device) { return device.type == "serial"; });
    for (unsigned port = 0; port < static_cast<unsigned>(ports); ++port) {
        const auto at = std::find_if(machine.serials.begin(), machine.serials.end(),
                                     [&](const SerialSpec& serial) { return serial.port == port; });
        const bool connected = at != machine.serials.end() && at->backend != "none";
        add({"-serial", connected ? serial_argument(at->backend, options) : "null"});
    }
    if (!machine.parallel.empty())
        add({"-parallel", serial_argument(machine.parallel, options)});
    return a;
}

std::string shell_line(const std::vector<std::string>& arguments) {
    std::string line;
    for (const std::string& argument : arguments) {
        const bool plain = !argument.empty() &&
                           argument.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                      "0123456789-_=+,./:@%") == std::string::npos;
        if (!line.empty())
            line += ' ';
        if (plain) {
            line += argument;
            continue;
        }
        line += '\'';
        for (const char c : argument)
            line += c == '\'' ? std::string("'\\''") : std::string(1, c);
        line += '\'';
    }
    return line;
}

} // namespace ntferry::profiles
