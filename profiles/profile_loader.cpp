// Profiles from XML: parsing, inheritance, validation.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A profile file says only what differs from the one it inherits: single attributes of <cpu>, <limits>,
// <interrupts>, <rtc> and <ide>; <features> and <cache-descriptors> as a whole; a <device> replaces the one
// with its id, <remove id=""/> takes one away; <rule> and <driver> lists replace as a whole, <setting>s one
// by one, <note>s add up.
#include "profiles/device_types.hpp"
#include "profiles/profile.hpp"
#include "profiles/xml_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

namespace ntferry::profiles {
namespace {

constexpr unsigned MAX_INHERITANCE = 8;

bool plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

std::string text_of(const pugi::xml_node& node) {
    return fmt::format("{}", fmt::join(split_words(node.text().get()), " "));
}

void read_cpu(const XmlFile& file, const pugi::xml_node& node, CpuModel& cpu) {
    file.check_attributes(
        node, {"vendor", "family", "model", "stepping", "max-leaf", "max-extended-leaf", "brand"});
    file.check_children(node, {"features", "cache-descriptors"});
    if (const pugi::xml_attribute vendor = node.attribute("vendor")) {
        cpu.vendor = vendor.value();
        if (cpu.vendor.size() != 12)
            throw file.error(node, fmt::format("vendor=\"{}\"", cpu.vendor), "allowed: 12 characters");
    }
    cpu.family = static_cast<std::uint8_t>(file.number(node, "family", cpu.family, 4, 15));
    cpu.model = static_cast<std::uint8_t>(file.number(node, "model", cpu.model, 0, 15));
    cpu.stepping = static_cast<std::uint8_t>(file.number(node, "stepping", cpu.stepping, 0, 15));
    cpu.max_leaf = static_cast<std::uint32_t>(file.number(node, "max-leaf", cpu.max_leaf, 1, 3));
    cpu.max_extended_leaf = static_cast<std::uint32_t>(
        file.number(node, "max-extended-leaf", cpu.max_extended_leaf, 0, 0x80000004));
    if (const pugi::xml_attribute brand = node.attribute("brand"))
        cpu.brand = brand.value();
    if (cpu.brand.size() > 47)
        throw file.error(node, "brand is too long", "allowed: 47 characters");
    if (const pugi::xml_node features = node.child("features")) {
        cpu.features = split_words(features.text().get());
        for (const std::string& feature : cpu.features)
            if (!cpu_feature(feature))
                throw file.error(features, fmt::format("unknown feature \"{}\"", feature),
                                 fmt::format("allowed: {}", fmt::join(cpu_feature_names(), " ")));
    }
    if (const pugi::xml_node descriptors = node.child("cache-descriptors")) {
        cpu.cache_descriptors.clear();
        for (const std::string& word : split_words(descriptors.text().get())) {
            unsigned value = 0;
            const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
            if (error != std::errc{} || end != word.data() + word.size() || value > 255)
                throw file.error(descriptors, fmt::format("\"{}\"", word),
                                 "allowed: two-digit hexadecimal bytes of CPUID leaf 2");
            cpu.cache_descriptors.push_back(static_cast<std::uint8_t>(value));
        }
        if (cpu.cache_descriptors.size() > 15)
            throw file.error(descriptors, "too many descriptors", "allowed: 15");
    }
}

PciSlot read_slot(const XmlFile& file, const pugi::xml_node& node) {
    const std::string text = file.required(node, "slot");
    const std::size_t dot = text.find('.');
    std::uint64_t device = 0;
    std::uint64_t function = 0;
    if (!parse_number(text.substr(0, dot), device) || device > 31 ||
        (dot != std::string::npos && !parse_number(text.substr(dot + 1), function)) || function > 7)
        throw file.error(node, fmt::format("slot=\"{}\"", text), "allowed: DEVICE.FUNCTION, 0.0 to 31.7");
    return {static_cast<std::uint8_t>(device), static_cast<std::uint8_t>(function)};
}

/// A network slot takes the types that are network cards themselves.
void check_models(const XmlFile& file, const pugi::xml_node& option, const std::string& models) {
    const auto is_card = [](const std::string& name) {
        const DeviceType* type = device_type(name);
        return type != nullptr &&
               std::find(type->options.begin(), type->options.end(), "models") != type->options.end();
    };
    for (const std::string& model : split_words(models)) {
        if (is_card(model))
            continue;
        std::vector<std::string> cards = device_type_names();
        std::erase_if(cards, [&](const std::string& name) { return !is_card(name); });
        throw file.error(option, fmt::format("unknown network card \"{}\"", model),
                         fmt::format("allowed: {}", fmt::join(cards, ", ")));
    }
}

DeviceSpec read_device(const XmlFile& file, const pugi::xml_node& node) {
    file.check_attributes(node, {"type", "id", "slot", "io", "irq", "dma"});
    file.check_children(node, {"option"});
    DeviceSpec device;
    device.type = file.required(node, "type");
    device.id = file.required(node, "id");
    const DeviceType* type = device_type(device.type);
    if (type == nullptr)
        throw file.error(node, fmt::format("unknown type \"{}\"", device.type),
                         fmt::format("allowed: {}", fmt::join(device_type_names(), ", ")));
    if (!plain_name(device.id))
        throw file.error(node, fmt::format("id=\"{}\"", device.id), "allowed: a-z, 0-9, - and _");
    if (type->bus == BusKind::pci) {
        device.pci = read_slot(file, node);
        for (const char* attribute : {"io", "irq", "dma"})
            if (node.attribute(attribute))
                throw file.error(node, fmt::format("{} on a PCI device", attribute),
                                 "the firmware assigns it; allowed: slot");
    } else {
        if (node.attribute("slot"))
            throw file.error(node, "slot on an ISA device", "allowed: io, irq, dma");
        file.required(node, "io");
        device.io = static_cast<std::uint16_t>(file.number(node, "io", 0, 0x20, 0xFFF8));
        if (node.attribute("irq"))
            device.irq = static_cast<std::uint8_t>(file.number(node, "irq", 0, 1, 15));
        if (node.attribute("dma"))
            device.dma = static_cast<std::uint8_t>(file.number(node, "dma", 0, 0, 7));
    }
    for (const pugi::xml_node& option : node.children("option")) {
        file.check_attributes(option, {"name", "value"});
        const std::string name = file.required(option, "name");
        if (std::find(type->options.begin(), type->options.end(), name) == type->options.end())
            throw file.error(
                option, fmt::format("{} has no option \"{}\"", device.type, name),
                fmt::format("allowed: {}", type->options.empty()
                                               ? std::string("none")
                                               : fmt::format("{}", fmt::join(type->options, ", "))));
        device.options[name] = file.required(option, "value");
        if (name == "models")
            check_models(file, option, device.options[name]);
    }
    return device;
}

void read_devices(const XmlFile& file, const pugi::xml_node& node, std::vector<DeviceSpec>& devices) {
    file.check_attributes(node, {});
    file.check_children(node, {"device", "remove"});
    for (const pugi::xml_node& child : node.children()) {
        if (std::string_view(child.name()) == "remove") {
            file.check_attributes(child, {"id"});
            const std::string id = file.required(child, "id");
            if (std::erase_if(devices, [&](const DeviceSpec& device) { return device.id == id; }) == 0)
                throw file.error(child, fmt::format("no inherited device has id \"{}\"", id));
            continue;
        }
        DeviceSpec device = read_device(file, child);
        const auto same = std::find_if(devices.begin(), devices.end(),
                                       [&](const DeviceSpec& other) { return other.id == device.id; });
        for (const DeviceSpec& other : devices) {
            if (other.id == device.id)
                continue;
            if (device.pci && other.pci == device.pci)
                throw file.error(child, fmt::format("slot {}.{} belongs to {}", device.pci->device,
                                                    device.pci->function, other.id));
            if (device.io && other.io == device.io)
                throw file.error(child, fmt::format("port {:X}h belongs to {}", *device.io, other.id));
            if (device.irq && other.irq == device.irq)
                throw file.error(child, fmt::format("IRQ {} belongs to {}", *device.irq, other.id));
        }
        if (same != devices.end())
            *same = std::move(device);
        else
            devices.push_back(std::move(device));
    }
}

void read_limits(const XmlFile& file, const pugi::xml_node& node, Limits& limits) {
    file.check_attributes(node, {"memory-default", "memory-minimum", "memory-maximum", "cpus-maximum",
                                 "disks-maximum", "disk-maximum"});
    file.check_children(node, {});
    constexpr std::uint64_t mib = 1U << 20U;
    limits.memory_default = file.size(node, "memory-default", limits.memory_default, mib, 3072 * mib);
    limits.memory_minimum = file.size(node, "memory-minimum", limits.memory_minimum, mib, 3072 * mib);
    limits.memory_maximum = file.size(node, "memory-maximum", limits.memory_maximum, mib, 3072 * mib);
    limits.cpus_maximum = static_cast<unsigned>(file.number(node, "cpus-maximum", limits.cpus_maximum, 1, 4));
    limits.disks_maximum =
        static_cast<unsigned>(file.number(node, "disks-maximum", limits.disks_maximum, 1, 4));
    // LBA28 addresses 2^28 sectors of 512 bytes.
    limits.disk_bytes_maximum =
        file.size(node, "disk-maximum", limits.disk_bytes_maximum, mib, std::uint64_t{1} << 37U);
    if (limits.memory_minimum > limits.memory_default || limits.memory_default > limits.memory_maximum)
        throw file.error(node, "memory-minimum, -default and -maximum are not in order");
}

void read_patch(const XmlFile& file, const pugi::xml_node& node, PatchDefaults& patch) {
    file.check_attributes(node, {"family"});
    file.check_children(node, {"rule", "setting", "driver"});
    const std::vector<std::string> families = {"nt4", "nt351", "win2000", "none"};
    if (node.attribute("family"))
        patch.family = families[file.choice(node, "family", 0, families)];
    if (patch.family == "none")
        patch = PatchDefaults{.family = "none", .rules = {}, .settings = {}, .driver_files = {}};
    if (node.child("rule"))
        patch.rules.clear();
    for (const pugi::xml_node& rule : node.children("rule"))
        patch.rules.push_back(text_of(rule));
    for (const pugi::xml_node& setting : node.children("setting")) {
        file.check_attributes(setting, {"name", "value"});
        patch.settings[file.required(setting, "name")] = file.required(setting, "value");
    }
    if (node.child("driver"))
        patch.driver_files.clear();
    for (const pugi::xml_node& driver : node.children("driver"))
        patch.driver_files.push_back(text_of(driver));
}

Profile load(const std::string& path, unsigned depth) {
    const XmlFile file = XmlFile::read(path);
    const pugi::xml_node root = file.root("profile");
    file.check_attributes(root, {"name", "inherits", "abi"});
    file.check_children(
        root, {"title", "guests", "cpu", "interrupts", "rtc", "ide", "devices", "limits", "patch", "note"});
    Profile profile;
    if (const pugi::xml_attribute inherits = root.attribute("inherits")) {
        if (!plain_name(inherits.value()))
            throw file.error(root, fmt::format("inherits=\"{}\"", inherits.value()),
                             "allowed: the name of a profile in the same folder");
        if (depth >= MAX_INHERITANCE)
            throw file.error(root, "inherits in a circle");
        const auto parent =
            std::filesystem::path(path).parent_path() / fmt::format("{}.xml", inherits.value());
        if (!std::filesystem::exists(parent))
            throw file.error(root, fmt::format("inherits \"{}\", but {} does not exist", inherits.value(),
                                               parent.string()));
        profile = load(parent.string(), depth + 1);
    }
    profile.name = file.required(root, "name");
    if (!plain_name(profile.name))
        throw file.error(root, fmt::format("name=\"{}\"", profile.name), "allowed: a-z, 0-9, - and _");
    profile.abi = static_cast<unsigned>(file.number(root, "abi", profile.abi, 1, 1000));
    for (const pugi::xml_node& node : root.children()) {
        const std::string_view element = node.name();
        if (element == "title") {
            profile.title = text_of(node);
        } else if (element == "guests") {
            profile.guests = text_of(node);
        } else if (element == "cpu") {
            read_cpu(file, node, profile.cpu);
        } else if (element == "interrupts") {
            file.check_attributes(node, {"controller"});
            profile.interrupts = static_cast<InterruptController>(file.choice(
                node, "controller", static_cast<std::size_t>(profile.interrupts), {"pic", "apic"}));
        } else if (element == "rtc") {
            file.check_attributes(node, {"time"});
            profile.rtc_local_time =
                file.choice(node, "time", profile.rtc_local_time ? 0 : 1, {"local", "utc"}) == 0;
        } else if (element == "ide") {
            file.check_attributes(node, {"interrupt-delay-us"});
            profile.ide_interrupt_delay_us = static_cast<unsigned>(
                file.number(node, "interrupt-delay-us", profile.ide_interrupt_delay_us, 0, 10000));
        } else if (element == "devices") {
            read_devices(file, node, profile.devices);
        } else if (element == "limits") {
            read_limits(file, node, profile.limits);
        } else if (element == "patch") {
            read_patch(file, node, profile.patch);
        } else {
            profile.notes.push_back(text_of(node));
        }
    }
    if (depth == 0) {
        if (profile.title.empty())
            throw file.error(root, "a profile needs a <title>");
        if ((profile.interrupts == InterruptController::apic) != profile.cpu.has("apic"))
            throw file.error(root, "<interrupts controller=\"apic\"> and the cpu feature apic go together");
        if (profile.limits.cpus_maximum > 1 && profile.interrupts != InterruptController::apic)
            throw file.error(root, "more than one processor needs <interrupts controller=\"apic\">");
        if (profile.find("i440fx") == nullptr || profile.find("piix3-isa") == nullptr)
            throw file.error(root, "no chipset", "needed: devices of type i440fx and piix3-isa");
    }
    return profile;
}

} // namespace

Profile load_profile(const std::string& path) {
    return load(path, 0);
}

} // namespace ntferry::profiles
