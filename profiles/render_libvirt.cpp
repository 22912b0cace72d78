// The same machine as libvirt domain XML.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/render_qemu.hpp"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace ntferry::profiles {
namespace {

/// libvirt takes absolute paths only.
std::string place(const std::string& path, const QemuOptions& options) {
    return std::filesystem::absolute(std::filesystem::path(options.folder) / path).string();
}

pugi::xml_node add(pugi::xml_node parent, const char* name,
                   std::initializer_list<std::pair<const char*, std::string>> attributes = {},
                   const std::string& text = {}) {
    pugi::xml_node node = parent.append_child(name);
    for (const auto& [attribute, value] : attributes)
        node.append_attribute(attribute).set_value(value.c_str());
    if (!text.empty())
        node.text().set(text.c_str());
    return node;
}

void add_cpu(pugi::xml_node domain, const CpuModel& cpu) {
    pugi::xml_node node = add(domain, "cpu", {{"mode", "custom"}, {"match", "exact"}, {"check", "none"}});
    add(node, "model", {{"fallback", "forbid"}},
        cpu.family <= 5  ? "pentium"
        : cpu.has("sse") ? "pentium3"
                         : "pentium2");
    for (const char* feature : {"vme", "pae", "mce", "apic", "sep", "mtrr", "mca", "pat", "pse36", "mmx",
                                "fxsr", "sse", "pge", "cmov"})
        add(node, "feature", {{"policy", cpu.has(feature) ? "require" : "disable"}, {"name", feature}});
    add(node, "feature", {{"policy", "disable"}, {"name", "hypervisor"}});
}

void add_pci_address(pugi::xml_node node, const PciSlot& slot) {
    add(node, "address",
        {{"type", "pci"},
         {"domain", "0x0000"},
         {"bus", "0x00"},
         {"slot", fmt::format("{:#04x}", slot.device)},
         {"function", fmt::format("{:#x}", slot.function)}});
}

void add_disk(pugi::xml_node devices, const DiskSpec& disk, const QemuOptions& options) {
    pugi::xml_node node = add(devices, "disk", {{"type", "file"}, {"device", "disk"}});
    const std::string extension = std::filesystem::path(disk.path).extension().string();
    add(node, "driver",
        {{"name", "qemu"},
         {"type", extension == ".vhd"     ? "vpc"
                  : extension == ".qcow2" ? "qcow2"
                                          : "raw"},
         {"cache", "writeback"}});
    add(node, "source", {{"file", place(disk.path, options)}});
    add(node, "target",
        {{"dev", fmt::format("hd{}", static_cast<char>('a' + disk.position))}, {"bus", "ide"}});
    if (disk.geometry)
        add(node, "geometry",
            {{"cyls", std::to_string(std::min(disk.geometry->cylinders, 16383U))},
             {"heads", std::to_string(std::min(disk.geometry->heads, 16U))},
             {"secs", std::to_string(disk.geometry->sectors)},
             {"trans", "lba"}});
    if (disk.read_only)
        add(node, "readonly");
    add(node, "address",
        {{"type", "drive"},
         {"controller", "0"},
         {"bus", std::to_string(disk.position / 2)},
         {"target", "0"},
         {"unit", std::to_string(disk.position % 2)}});
}

void add_media(pugi::xml_node devices, const std::string& path, const char* device, const char* target,
               const char* bus, const QemuOptions& options) {
    pugi::xml_node node = add(devices, "disk", {{"type", "file"}, {"device", device}});
    add(node, "driver", {{"name", "qemu"}, {"type", "raw"}});
    if (!path.empty())
        add(node, "source", {{"file", place(path, options)}});
    add(node, "target", {{"dev", target}, {"bus", bus}});
    if (std::string_view(device) == "cdrom")
        add(node, "readonly");
}

void add_nic(pugi::xml_node devices, const NicSpec& nic, const DeviceSpec& slot) {
    const char* type = nic.backend == "nat" ? "user" : nic.backend == "bridge" ? "bridge" : "network";
    pugi::xml_node node = add(devices, "interface", {{"type", type}});
    add(node, "mac",
        {{"address", fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", nic.mac[0], nic.mac[1],
                                 nic.mac[2], nic.mac[3], nic.mac[4], nic.mac[5])}});
    if (nic.backend == "bridge")
        add(node, "source",
            {{"bridge", nic.options.count("bridge") != 0 ? nic.options.at("bridge") : "br0"}});
    if (std::string_view(type) == "network")
        add(node, "source", {{"network", "isolated"}});
    const std::string model = nic.model.empty() ? slot.type : nic.model;
    add(node, "model", {{"type", model == "dec21140" ? "tulip" : "pcnet"}});
    if (slot.pci)
        add_pci_address(node, *slot.pci);
}

void add_serial(pugi::xml_node devices, const SerialSpec& serial, const QemuOptions& options) {
    const std::string& backend = serial.backend;
    const std::size_t colon = backend.find(':');
    const std::string kind = backend.substr(0, colon);
    const std::string rest = colon == std::string::npos ? std::string() : backend.substr(colon + 1);
    if (kind == "none")
        return;
    const char* type = kind == "file"     ? "file"
                       : kind == "unix"   ? "unix"
                       : kind == "tcp"    ? "tcp"
                       : kind == "device" ? "dev"
                       : kind == "stdio"  ? "stdio"
                                          : "pty";
    pugi::xml_node node = add(devices, "serial", {{"type", type}});
    if (kind == "file" || kind == "device")
        add(node, "source", {{"path", place(rest, options)}});
    if (kind == "unix")
        add(node, "source", {{"mode", "bind"}, {"path", place(rest, options)}});
    if (kind == "tcp") {
        const std::size_t port = rest.rfind(':');
        add(node, "source",
            {{"mode", "bind"},
             {"host", rest.substr(0, port)},
             {"service", port == std::string::npos ? "" : rest.substr(port + 1)}});
        add(node, "protocol", {{"type", "raw"}});
    }
    add(node, "target", {{"port", std::to_string(serial.port)}});
}

} // namespace

std::string libvirt_xml(const Profile& profile, const MachineDescription& machine,
                        const QemuOptions& options) {
    pugi::xml_document document;
    pugi::xml_node domain =
        add(document, "domain", {{"type", options.accelerator == "kvm" ? "kvm" : "qemu"}});
    add(domain, "name", {}, machine.name.empty() ? profile.name : machine.name);
    add(domain, "title", {}, profile.title);
    const std::uint64_t memory = machine.memory != 0 ? machine.memory : profile.limits.memory_default;
    add(domain, "memory", {{"unit", "MiB"}}, std::to_string(memory >> 20U));
    add(domain, "vcpu", {}, std::to_string(machine.cpus));
    pugi::xml_node os = add(domain, "os");
    add(os, "type", {{"arch", "i686"}, {"machine", "pc"}}, "hvm");
    const char* boot = machine.boot == "floppy" ? "fd" : machine.boot == "cdrom" ? "cdrom" : "hd";
    add(os, "boot", {{"dev", boot}});
    add(os, "bootmenu", {{"enable", "no"}});
    if (profile.cpu.has("apic"))
        add(add(domain, "features"), "apic");
    add_cpu(domain, profile.cpu);
    pugi::xml_node clock = add(domain, "clock", {{"offset", profile.rtc_local_time ? "localtime" : "utc"}});
    add(clock, "timer", {{"name", "rtc"}, {"tickpolicy", "catchup"}});
    add(clock, "timer", {{"name", "pit"}, {"tickpolicy", "delay"}});
    add(clock, "timer", {{"name", "hpet"}, {"present", "no"}});
    pugi::xml_node devices = add(domain, "devices");
    add(devices, "controller", {{"type", "usb"}, {"model", "none"}});
    for (const DiskSpec& disk : machine.disks)
        add_disk(devices, disk, options);
    const bool taken = std::any_of(machine.disks.begin(), machine.disks.end(),
                                   [](const DiskSpec& disk) { return disk.position == 2; });
    add_media(devices, machine.cdrom, "cdrom", taken ? "hdd" : "hdc", "ide", options);
    if (!machine.floppy.empty())
        add_media(devices, machine.floppy, "floppy", "fda", "fdc", options);
    std::size_t number = 0;
    for (const DeviceSpec& slot : profile.devices)
        if (slot.options.count("models") != 0 && number < machine.nics.size())
            add_nic(devices, machine.nics[number++], slot);
    for (const SerialSpec& serial : machine.serials)
        add_serial(devices, serial, options);
    add(devices, "input", {{"type", "mouse"}, {"bus", "ps2"}});
    if (const DeviceSpec* vga = profile.find("stdvga")) {
        pugi::xml_node video = add(devices, "video");
        add(video, "model", {{"type", "vga"}, {"vram", "16384"}});
        add_pci_address(video, *vga->pci);
    }
    add(devices, "memballoon", {{"model", "none"}});
    std::ostringstream out;
    document.save(out, "  ", pugi::format_default | pugi::format_no_declaration, pugi::encoding_utf8);
    return out.str();
}

} // namespace ntferry::profiles
