// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/export/definition.hpp"

#include "profiles/render_qemu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace ntferry::exports {
namespace {

std::vector<const profiles::DeviceSpec*> network_slots(const profiles::Profile& profile) {
    std::vector<const profiles::DeviceSpec*> slots;
    for (const profiles::DeviceSpec& device : profile.devices)
        if (device.options.count("models") != 0)
            slots.push_back(&device);
    return slots;
}

} // namespace

std::uint64_t ExportedMachine::mebibytes() const {
    return (machine.memory != 0 ? machine.memory : profile.limits.memory_default) >> 20U;
}

std::vector<std::string> ExportedMachine::nic_models() const {
    const auto slots = network_slots(profile);
    std::vector<std::string> models;
    for (std::size_t i = 0; i < machine.nics.size(); ++i)
        models.push_back(!machine.nics[i].model.empty() ? machine.nics[i].model
                         : i < slots.size()             ? slots[i]->type
                                                        : std::string("pcnet"));
    return models;
}

unsigned ExportedMachine::nic_slot(std::size_t i) const {
    const auto slots = network_slots(profile);
    return i < slots.size() && slots[i]->pci ? slots[i]->pci->device : 0;
}

std::string mac_text(const profiles::NicSpec& nic, std::string_view separator) {
    std::string text;
    for (const std::uint8_t byte : nic.mac)
        text += fmt::format("{}{:02X}", text.empty() ? std::string_view() : separator, byte);
    return text;
}

std::string plain_name(const std::string& name) {
    std::string plain;
    for (const char c : name)
        plain += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || (c == '.' && !plain.empty())
                     ? c
                     : '-';
    return plain.empty() ? "machine" : plain;
}

std::vector<DefinitionFile> qemu_definition(const ExportedMachine& machine) {
    const auto line = [&](const char* accelerator) {
        return profiles::shell_line(profiles::qemu_arguments(machine.profile, machine.machine,
                                                             {.accelerator = accelerator, .folder = {}}));
    };
    return {{"start",
             fmt::format(
                 "#!/bin/sh\n"
                 "# Starts {} in QEMU. Arguments are handed on: './start -display gtk' shows a window,\n"
                 "# './start -vnc :1' a screen for viewers. ACCEL=kvm or tcg chooses how; without it KVM\n"
                 "# is used where this user may.\n"
                 "cd \"$(dirname \"$0\")\" || exit 1\n"
                 "if [ -z \"$ACCEL\" ]; then\n"
                 "    if [ -w /dev/kvm ]; then ACCEL=kvm; else ACCEL=tcg; fi\n"
                 "fi\n"
                 "if [ \"$ACCEL\" = kvm ]; then\n"
                 "    exec {} \"$@\"\n"
                 "fi\n"
                 "exec {} \"$@\"\n",
                 plain_name(machine.machine.name), line("kvm"), line("tcg")),
             true}};
}

std::vector<DefinitionFile> libvirt_definition(const ExportedMachine& machine) {
    profiles::MachineDescription described = machine.machine;
    for (std::size_t i = 0; i < described.disks.size(); ++i) {
        // QEMU's physical geometry; the BIOS makes LBA assist of it (trans='lba').
        const std::uint64_t cylinders = machine.disk(i).size / 512 / (16ULL * 63ULL);
        described.disks[i].geometry = profiles::DiskGeometry{
            static_cast<std::uint32_t>(std::clamp<std::uint64_t>(cylinders, 2, 16383)), 16, 63};
    }
    std::vector<DefinitionFile> files = {
        {"domain.xml",
         profiles::libvirt_xml(machine.profile, described, {.accelerator = "kvm", .folder = machine.folder}),
         false}};
    const bool isolated =
        std::any_of(described.nics.begin(), described.nics.end(), [](const profiles::NicSpec& nic) {
            return nic.backend != "nat" && nic.backend != "bridge";
        });
    if (isolated)
        files.push_back(
            {"network.xml",
             "<network>\n  <name>isolated</name>\n  <bridge stp=\"on\" delay=\"0\"/>\n</network>\n", false});
    return files;
}

} // namespace ntferry::exports
