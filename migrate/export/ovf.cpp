// OVF 1.1 (DMTF DSP0243) for ESXi: streamOptimized disks on an IDE controller, PCNet32 cards.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/export/definition.hpp"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <filesystem>
#include <sstream>

namespace ntferry::exports {
namespace {

constexpr const char* cim = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";
constexpr unsigned operating_system_nt = 18; ///< CIM_OperatingSystem.OSType: Windows NT

pugi::xml_node add(pugi::xml_node parent, const char* name, const std::string& text = {}) {
    pugi::xml_node node = parent.append_child(name);
    if (!text.empty())
        node.text().set(text.c_str());
    return node;
}

pugi::xml_node with(pugi::xml_node node, const char* attribute, const std::string& value) {
    node.append_attribute(attribute).set_value(value.c_str());
    return node;
}

/// An Item; its RASD children must stand in alphabetical order (DSP0243 8.1), so they come as a list.
void add_item(pugi::xml_node section, std::initializer_list<std::pair<const char*, std::string>> children) {
    pugi::xml_node item = add(section, "Item");
    for (const auto& [name, text] : children)
        add(item, (std::string("rasd:") + name).c_str(), text);
}

void add_hardware(pugi::xml_node system, const ExportedMachine& machine) {
    pugi::xml_node section = add(system, "VirtualHardwareSection");
    add(section, "Info", "Virtual hardware");
    pugi::xml_node about = add(section, "System");
    add(about, "vssd:ElementName", "Virtual Hardware Family");
    add(about, "vssd:InstanceID", "0");
    add(about, "vssd:VirtualSystemIdentifier", plain_name(machine.machine.name));
    add(about, "vssd:VirtualSystemType", "vmx-08");
    add_item(section, {{"AllocationUnits", "hertz * 10^6"},
                       {"ElementName", "processors"},
                       {"InstanceID", "1"},
                       {"ResourceType", "3"},
                       {"VirtualQuantity", std::to_string(machine.machine.cpus)}});
    add_item(section, {{"AllocationUnits", "byte * 2^20"},
                       {"ElementName", "memory"},
                       {"InstanceID", "2"},
                       {"ResourceType", "4"},
                       {"VirtualQuantity", std::to_string((machine.mebibytes() + 3) / 4 * 4)}});
    for (unsigned channel = 0; channel < 2; ++channel)
        add_item(section, {{"Address", std::to_string(channel)},
                           {"ElementName", fmt::format("IDE {}", channel)},
                           {"InstanceID", std::to_string(3 + channel)},
                           {"ResourceType", "5"}});
    for (std::size_t i = 0; i < machine.machine.disks.size(); ++i) {
        const unsigned position = machine.machine.disks[i].position;
        add_item(section, {{"AddressOnParent", std::to_string(position == 2 ? 1 : position % 2)},
                           {"ElementName", fmt::format("disk{}", i)},
                           {"HostResource", fmt::format("ovf:/disk/vmdisk{}", i)},
                           {"InstanceID", std::to_string(10 + i)},
                           {"Parent", std::to_string(3 + position / 2)},
                           {"ResourceType", "17"}});
    }
    for (std::size_t i = 0; i < machine.machine.nics.size(); ++i)
        add_item(section, {{"Address", mac_text(machine.machine.nics[i])},
                           {"AddressOnParent", std::to_string(7 + i)},
                           {"AutomaticAllocation", "true"},
                           {"Connection", "network"},
                           {"ElementName", fmt::format("net{}", i)},
                           {"InstanceID", std::to_string(20 + i)},
                           {"ResourceSubType", "PCNet32"},
                           {"ResourceType", "10"}});
}

} // namespace

std::vector<DefinitionFile> ovf_definition(const ExportedMachine& machine) {
    pugi::xml_document document;
    pugi::xml_node envelope = add(document, "Envelope");
    with(envelope, "xmlns", "http://schemas.dmtf.org/ovf/envelope/1");
    with(envelope, "xmlns:ovf", "http://schemas.dmtf.org/ovf/envelope/1");
    with(envelope, "xmlns:rasd", std::string(cim) + "CIM_ResourceAllocationSettingData");
    with(envelope, "xmlns:vssd", std::string(cim) + "CIM_VirtualSystemSettingData");
    pugi::xml_node references = add(envelope, "References");
    pugi::xml_node disks = add(envelope, "DiskSection");
    add(disks, "Info", "Virtual disks");
    for (std::size_t i = 0; i < machine.machine.disks.size(); ++i) {
        with(with(add(references, "File"), "ovf:href", machine.disk(i).file), "ovf:id",
             fmt::format("file{}", i));
        pugi::xml_node disk = add(disks, "Disk");
        with(disk, "ovf:capacity", std::to_string(machine.disk(i).size));
        with(disk, "ovf:capacityAllocationUnits", "byte");
        with(disk, "ovf:diskId", fmt::format("vmdisk{}", i));
        with(disk, "ovf:fileRef", fmt::format("file{}", i));
        with(disk, "ovf:format", "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized");
    }
    if (!machine.machine.nics.empty()) {
        pugi::xml_node networks = add(envelope, "NetworkSection");
        add(networks, "Info", "Logical networks");
        pugi::xml_node network = with(add(networks, "Network"), "ovf:name", "network");
        add(network, "Description", "choose one that reaches only whom the server may reach");
    }
    pugi::xml_node system = with(add(envelope, "VirtualSystem"), "ovf:id", plain_name(machine.machine.name));
    add(system, "Info", machine.profile.title);
    add(system, "Name", machine.machine.name);
    pugi::xml_node guest =
        with(add(system, "OperatingSystemSection"), "ovf:id", std::to_string(operating_system_nt));
    add(guest, "Info", "Guest operating system");
    add(guest, "Description", "Windows NT");
    add_hardware(system, machine);
    std::ostringstream out;
    document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
    return {{plain_name(machine.machine.name) + ".ovf", out.str(), false}};
}

} // namespace ntferry::exports
