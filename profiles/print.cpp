// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/print.hpp"

#include "profiles/xml_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ntferry::profiles {
namespace {

constexpr const char* POSITIONS[] = {"primary master", "primary slave", "secondary master",
                                     "secondary slave"};

std::string device_line(const DeviceSpec& device) {
    std::string where;
    if (device.pci)
        where = fmt::format("pci 00:{:02x}.{}", device.pci->device, device.pci->function);
    if (device.io)
        where = fmt::format("io {:04x}h", *device.io);
    if (device.irq)
        where += fmt::format(" irq {}", *device.irq);
    if (device.dma)
        where += fmt::format(" dma {}", *device.dma);
    for (const auto& [name, value] : device.options)
        where += fmt::format(" {}=\"{}\"", name, value);
    return fmt::format("  {:<6} {:<10} {}\n", device.id, device.type, where);
}

} // namespace

std::string print_hardware(const Profile& profile) {
    std::string text = fmt::format("profile {} abi {}: {}\n", profile.name, profile.abi, profile.title);
    const CpuModel& cpu = profile.cpu;
    text += fmt::format("cpu {} family {} model {} stepping {}, leaves to {}", cpu.vendor, cpu.family,
                        cpu.model, cpu.stepping, cpu.max_leaf);
    if (cpu.max_extended_leaf != 0)
        text += fmt::format(" and {:08x}h", cpu.max_extended_leaf);
    text += fmt::format("\n  features {}\n", fmt::join(cpu.features, " "));
    if (!cpu.cache_descriptors.empty())
        text += fmt::format("  leaf 2 {:02x}\n", fmt::join(cpu.cache_descriptors, " "));
    text += fmt::format("interrupts {}\n", profile.interrupts == InterruptController::apic
                                               ? "APIC: local APICs, I/O APIC, MP table"
                                               : "PIC: two 8259A, no APIC, no MP table");
    text += fmt::format("clock {}\n", profile.rtc_local_time ? "local time" : "UTC");
    if (profile.ide_interrupt_delay_us != 0)
        text += fmt::format("ide interrupt delay {} us\n", profile.ide_interrupt_delay_us);
    text += "devices\n";
    for (const DeviceSpec& device : profile.devices)
        text += device_line(device);
    return text;
}

std::string print_profile(const Profile& profile) {
    std::string text = print_hardware(profile);
    text += fmt::format("guests {}\n", profile.guests);
    const Limits& l = profile.limits;
    text += fmt::format("limits memory {} to {} (default {}), {} cpu, {} disks of {}\n",
                        format_size(l.memory_minimum), format_size(l.memory_maximum),
                        format_size(l.memory_default), l.cpus_maximum, l.disks_maximum,
                        format_size(l.disk_bytes_maximum));
    text += fmt::format("patch {}: {}\n", profile.patch.family, fmt::join(profile.patch.rules, ", "));
    for (const auto& [name, value] : profile.patch.settings)
        text += fmt::format("  {} = {}\n", name, value);
    if (!profile.patch.driver_files.empty())
        text += fmt::format("  drivers {}\n", fmt::join(profile.patch.driver_files, " "));
    for (const std::string& note : profile.notes)
        text += fmt::format("note {}\n", note);
    return text;
}

std::string limits_text(const ResourceSpec& r) {
    std::string text;
    const auto add = [&text](const std::string& limit) { text += (text.empty() ? "" : ", ") + limit; };
    if (r.cpu_weight != ResourceSpec{}.cpu_weight)
        add(fmt::format("cpu weight {}", r.cpu_weight));
    if (r.cpu_cap_percent != 0)
        add(fmt::format("cpu cap {} %", r.cpu_cap_percent));
    if (r.cpu_reserve_percent != 0)
        add(fmt::format("cpu reservation {} %", r.cpu_reserve_percent));
    if (r.memory_ceiling != 0)
        add("memory ceiling " + format_size(r.memory_ceiling));
    if (r.disk_bytes_per_second != 0)
        add(fmt::format("disks {}/s", format_size(r.disk_bytes_per_second)));
    if (r.disk_operations_per_second != 0)
        add(fmt::format("disks {} operations/s", r.disk_operations_per_second));
    return text;
}

std::string print_machine(Profile profile, const MachineDescription& machine) {
    for (const auto& [name, value] : machine.overrides)
        apply_override(profile, name, value);
    std::string text = fmt::format("machine {}\n", machine.name.empty() ? "(unnamed)" : machine.name);
    text += print_hardware(profile);
    const std::uint64_t memory = machine.memory != 0 ? machine.memory : profile.limits.memory_default;
    text += fmt::format("memory {}\ncpus {}\nboot {}\n", format_size(memory), machine.cpus, machine.boot);
    for (const DiskSpec& disk : machine.disks) {
        text += fmt::format("disk {}: {}", POSITIONS[disk.position & 3U], disk.path);
        if (disk.geometry)
            text += fmt::format(" ({}/{}/{})", disk.geometry->cylinders, disk.geometry->heads,
                                disk.geometry->sectors);
        text += disk.read_only ? " read-only\n" : "\n";
    }
    text += fmt::format("cdrom {}\nfloppy {}\n", machine.cdrom.empty() ? "empty" : machine.cdrom,
                        machine.floppy.empty() ? "empty" : machine.floppy);
    for (const NicSpec& nic : machine.nics)
        text += fmt::format("nic {} on {}, mac {:02x}\n", nic.model.empty() ? "(profile's)" : nic.model,
                            nic.backend, fmt::join(nic.mac, ":"));
    for (const SerialSpec& serial : machine.serials)
        text += fmt::format("com{} {}\n", serial.port + 1, serial.backend);
    if (!machine.parallel.empty())
        text += fmt::format("lpt1 {}\n", machine.parallel);
    if (const std::string limits = limits_text(machine.resources); !limits.empty())
        text += fmt::format("limits {}\n", limits);
    return text;
}

} // namespace ntferry::profiles
