// machine.xml: reading, writing.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/machine.hpp"

#include "profiles/xml_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sstream>
#include <unistd.h>

namespace ntferry::profiles {
namespace {

const std::vector<std::string> BOOT_DEVICES = {"disk", "cdrom", "floppy"};
const std::vector<std::string> UNDO_MODES = {"keep", "commit", "discard"};
const std::vector<std::string> NIC_BACKENDS = {"isolated", "nat", "bridge", "switch"};
const std::vector<std::string> SERIAL_KINDS = {"none", "stdio", "pty", "file:", "unix:", "tcp:", "device:"};

bool known_serial(const std::string& backend) {
    return std::any_of(SERIAL_KINDS.begin(), SERIAL_KINDS.end(), [&](const std::string& kind) {
        return kind.ends_with(':') ? backend.starts_with(kind) && backend.size() > kind.size()
                                   : backend == kind;
    });
}

DiskSpec read_disk(const XmlFile& file, const pugi::xml_node& node) {
    file.check_attributes(node, {"path", "position", "cylinders", "heads", "sectors", "read-only"});
    file.check_children(node, {});
    DiskSpec disk;
    disk.path = file.required(node, "path");
    disk.position = static_cast<unsigned>(file.number(node, "position", 0, 0, 3));
    disk.read_only = file.boolean(node, "read-only", false);
    if (node.attribute("cylinders") || node.attribute("heads") || node.attribute("sectors")) {
        for (const char* attribute : {"cylinders", "heads", "sectors"})
            file.required(node, attribute);
        DiskGeometry geometry;
        geometry.cylinders = static_cast<std::uint32_t>(file.number(node, "cylinders", 0, 1, 1U << 28U));
        geometry.heads = static_cast<std::uint32_t>(file.number(node, "heads", 0, 1, 255));
        geometry.sectors = static_cast<std::uint32_t>(file.number(node, "sectors", 0, 1, 63));
        disk.geometry = geometry;
    }
    return disk;
}

std::array<std::uint8_t, 6> read_mac(const XmlFile& file, const pugi::xml_node& node) {
    std::array<std::uint8_t, 6> mac{};
    const pugi::xml_attribute attribute = node.attribute("mac");
    if (!attribute)
        return mac;
    const std::string text = attribute.value();
    unsigned byte[6] = {};
    int length = 0;
    if (text.size() != 17 ||
        std::sscanf(text.c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3],
                    &byte[4], &byte[5], &length) != 6 ||
        length != 17 || (byte[0] & 1U) != 0)
        throw file.error(node, fmt::format("mac=\"{}\"", text),
                         "allowed: six hexadecimal bytes with colons, not a group address");
    for (std::size_t i = 0; i < mac.size(); ++i)
        mac[i] = static_cast<std::uint8_t>(byte[i]);
    return mac;
}

NicSpec read_nic(const XmlFile& file, const pugi::xml_node& node) {
    file.check_attributes(node, {"model", "mac", "backend"});
    file.check_children(node, {"option"});
    NicSpec nic;
    nic.model = node.attribute("model").value();
    nic.mac = read_mac(file, node);
    nic.backend = NIC_BACKENDS[file.choice(node, "backend", 0, NIC_BACKENDS)];
    for (const pugi::xml_node& option : node.children("option")) {
        file.check_attributes(option, {"name", "value"});
        nic.options[file.required(option, "name")] = option.attribute("value").value();
    }
    return nic;
}

SerialSpec read_serial(const XmlFile& file, const pugi::xml_node& node) {
    file.check_attributes(node, {"port", "backend"});
    file.check_children(node, {});
    SerialSpec serial;
    serial.port = static_cast<unsigned>(file.number(node, "port", 0, 0, 1));
    serial.backend = file.required(node, "backend");
    if (!known_serial(serial.backend))
        throw file.error(node, fmt::format("backend=\"{}\"", serial.backend),
                         "allowed: none, stdio, pty, file:PATH, unix:PATH, tcp:HOST:PORT, device:PATH");
    return serial;
}

ResourceSpec read_resources(const XmlFile& file, const pugi::xml_node& node) {
    file.check_attributes(node, {"cpu-weight", "cpu-cap-percent", "cpu-reserve-percent", "memory-ceiling",
                                 "disk-bytes-per-second", "disk-operations-per-second"});
    file.check_children(node, {});
    ResourceSpec r;
    constexpr std::uint64_t tib = std::uint64_t{1} << 40U;
    r.cpu_weight = static_cast<unsigned>(file.number(node, "cpu-weight", r.cpu_weight, 1, 10000));
    r.cpu_cap_percent = static_cast<unsigned>(file.number(node, "cpu-cap-percent", 0, 0, 400));
    r.cpu_reserve_percent = static_cast<unsigned>(file.number(node, "cpu-reserve-percent", 0, 0, 400));
    r.memory_ceiling = file.size(node, "memory-ceiling", 0, 0, tib);
    r.disk_bytes_per_second = file.size(node, "disk-bytes-per-second", 0, 0, tib);
    r.disk_operations_per_second =
        static_cast<std::uint32_t>(file.number(node, "disk-operations-per-second", 0, 0, 1U << 30U));
    return r;
}

MachineDescription read(const XmlFile& file) {
    const pugi::xml_node root = file.root("machine");
    file.check_attributes(root, {"name", "profile"});
    file.check_children(root, {"memory", "cpu", "disk", "cdrom", "floppy", "nic", "serial", "parallel",
                               "boot", "undo", "resources", "override"});
    MachineDescription machine;
    machine.name = root.attribute("name").value();
    if (root.attribute("profile"))
        machine.profile = file.required(root, "profile");
    bool position_taken[4] = {};
    for (const pugi::xml_node& node : root.children()) {
        const std::string_view element = node.name();
        if (element == "memory") {
            file.check_attributes(node, {"size"});
            machine.memory = file.size(node, "size", 0, 1U << 20U, std::uint64_t{3} << 30U);
        } else if (element == "cpu") {
            file.check_attributes(node, {"count"});
            machine.cpus = static_cast<unsigned>(file.number(node, "count", 1, 1, 4));
        } else if (element == "disk") {
            machine.disks.push_back(read_disk(file, node));
            bool& taken = position_taken[machine.disks.back().position];
            if (taken)
                throw file.error(node, fmt::format("position {} is taken", machine.disks.back().position));
            taken = true;
        } else if (element == "cdrom" || element == "floppy") {
            file.check_attributes(node, {"path"});
            (element == "cdrom" ? machine.cdrom : machine.floppy) = node.attribute("path").value();
        } else if (element == "nic") {
            machine.nics.push_back(read_nic(file, node));
        } else if (element == "serial") {
            machine.serials.push_back(read_serial(file, node));
        } else if (element == "parallel") {
            file.check_attributes(node, {"backend"});
            machine.parallel = file.required(node, "backend");
            if (!machine.parallel.starts_with("file:") && !machine.parallel.starts_with("device:"))
                throw file.error(node, fmt::format("backend=\"{}\"", machine.parallel),
                                 "allowed: file:PATH, device:PATH");
        } else if (element == "boot") {
            file.check_attributes(node, {"device"});
            machine.boot = BOOT_DEVICES[file.choice(node, "device", 0, BOOT_DEVICES)];
        } else if (element == "undo") {
            file.check_attributes(node, {"mode"});
            machine.undo = static_cast<UndoMode>(file.choice(node, "mode", 0, UNDO_MODES));
        } else if (element == "resources") {
            machine.resources = read_resources(file, node);
        } else {
            file.check_attributes(node, {"name", "value"});
            machine.overrides[file.required(node, "name")] = node.attribute("value").value();
        }
    }
    return machine;
}

std::string mac_text(const std::array<std::uint8_t, 6>& mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4],
                       mac[5]);
}

pugi::xml_node add(pugi::xml_node& parent, const char* element) {
    return parent.append_child(element);
}

void set(pugi::xml_node& node, const char* attribute, const std::string& value) {
    node.append_attribute(attribute).set_value(value.c_str());
}

void add_resources(pugi::xml_node& root, const ResourceSpec& r) {
    const ResourceSpec none;
    pugi::xml_node node = add(root, "resources");
    if (r.cpu_weight != none.cpu_weight)
        set(node, "cpu-weight", std::to_string(r.cpu_weight));
    if (r.cpu_cap_percent != 0)
        set(node, "cpu-cap-percent", std::to_string(r.cpu_cap_percent));
    if (r.cpu_reserve_percent != 0)
        set(node, "cpu-reserve-percent", std::to_string(r.cpu_reserve_percent));
    if (r.memory_ceiling != 0)
        set(node, "memory-ceiling", format_size(r.memory_ceiling));
    if (r.disk_bytes_per_second != 0)
        set(node, "disk-bytes-per-second", format_size(r.disk_bytes_per_second));
    if (r.disk_operations_per_second != 0)
        set(node, "disk-operations-per-second", std::to_string(r.disk_operations_per_second));
    if (node.first_attribute().empty())
        root.remove_child(node);
}

} // namespace

MachineDescription load_machine(const std::string& path) {
    return read(XmlFile::read(path));
}

MachineDescription parse_machine(const std::string& xml, const std::string& name_for_messages) {
    return read(XmlFile::parse(xml, name_for_messages));
}

std::string machine_xml(const MachineDescription& machine) {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("machine");
    if (!machine.name.empty())
        set(root, "name", machine.name);
    set(root, "profile", machine.profile);
    if (machine.memory != 0) {
        pugi::xml_node node = add(root, "memory");
        set(node, "size", format_size(machine.memory));
    }
    pugi::xml_node cpu = add(root, "cpu");
    set(cpu, "count", std::to_string(machine.cpus));
    for (const DiskSpec& disk : machine.disks) {
        pugi::xml_node node = add(root, "disk");
        set(node, "path", disk.path);
        set(node, "position", std::to_string(disk.position));
        if (disk.geometry) {
            set(node, "cylinders", std::to_string(disk.geometry->cylinders));
            set(node, "heads", std::to_string(disk.geometry->heads));
            set(node, "sectors", std::to_string(disk.geometry->sectors));
        }
        if (disk.read_only)
            set(node, "read-only", "yes");
    }
    if (!machine.cdrom.empty()) {
        pugi::xml_node node = add(root, "cdrom");
        set(node, "path", machine.cdrom);
    }
    if (!machine.floppy.empty()) {
        pugi::xml_node node = add(root, "floppy");
        set(node, "path", machine.floppy);
    }
    for (const NicSpec& nic : machine.nics) {
        pugi::xml_node node = add(root, "nic");
        if (!nic.model.empty())
            set(node, "model", nic.model);
        if (nic.mac != std::array<std::uint8_t, 6>{})
            set(node, "mac", mac_text(nic.mac));
        set(node, "backend", nic.backend);
        for (const auto& [name, value] : nic.options) {
            pugi::xml_node option = add(node, "option");
            set(option, "name", name);
            set(option, "value", value);
        }
    }
    for (const SerialSpec& serial : machine.serials) {
        pugi::xml_node node = add(root, "serial");
        set(node, "port", std::to_string(serial.port));
        set(node, "backend", serial.backend);
    }
    if (!machine.parallel.empty()) {
        pugi::xml_node node = add(root, "parallel");
        set(node, "backend", machine.parallel);
    }
    pugi::xml_node boot = add(root, "boot");
    set(boot, "device", machine.boot);
    pugi::xml_node undo = add(root, "undo");
    set(undo, "mode", UNDO_MODES[static_cast<std::size_t>(machine.undo)]);
    add_resources(root, machine.resources);
    for (const auto& [name, value] : machine.overrides) {
        pugi::xml_node node = add(root, "override");
        set(node, "name", name);
        set(node, "value", value);
    }
    std::ostringstream out;
    document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
    return out.str();
}

void save_machine(const MachineDescription& machine, const std::string& path) {
    const std::string text = machine_xml(machine);
    const std::string temporary = path + ".new";
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        throw SystemError(temporary, "create", errno);
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            const int error = errno;
            ::close(fd);
            ::unlink(temporary.c_str());
            throw SystemError(temporary, "write", error);
        }
        done += static_cast<std::size_t>(count);
    }
    const bool synced = ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    if (!synced)
        throw SystemError(temporary, "sync", error);
    if (std::rename(temporary.c_str(), path.c_str()) != 0)
        throw SystemError(path, "replace", errno);
}

} // namespace ntferry::profiles
