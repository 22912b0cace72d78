// ntferry profiles list, show, check
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "profiles/print.hpp"
#include "profiles/render_qemu.hpp"

#include <boost/json.hpp>
#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

namespace json = boost::json;
using namespace profiles;

int list(Invocation& invocation) {
    json::array all;
    for (const std::string& name : profile_names()) {
        const Profile profile = find_profile(name);
        if (invocation.json)
            all.push_back(json::object{{"name", profile.name},
                                       {"abi", profile.abi},
                                       {"title", profile.title},
                                       {"guests", profile.guests},
                                       {"cpus_maximum", profile.limits.cpus_maximum},
                                       {"memory_maximum", profile.limits.memory_maximum}});
        else
            fmt::print(invocation.out, "{:<10} {}\n", profile.name, profile.title);
    }
    if (invocation.json)
        fmt::print(invocation.out, "{}\n", json::serialize(all));
    return 0;
}

json::array devices_of(const Profile& profile) {
    json::array devices;
    for (const DeviceSpec& device : profile.devices) {
        json::object one{{"type", device.type}, {"id", device.id}};
        if (device.pci)
            one["pci"] = fmt::format("{:02x}.{}", device.pci->device, device.pci->function);
        if (device.io)
            one["io"] = fmt::format("0x{:x}", *device.io);
        if (device.irq)
            one["irq"] = *device.irq;
        devices.push_back(std::move(one));
    }
    return devices;
}

int show(Invocation& invocation) {
    const Profile profile = find_profile(required(invocation, "profile"));
    MachineDescription machine;
    machine.name = profile.name;
    machine.profile = profile.name;
    if (invocation.json) {
        json::object shown{{"name", profile.name},
                           {"abi", profile.abi},
                           {"title", profile.title},
                           {"guests", profile.guests}};
        if (invocation.has("qemu"))
            shown["qemu"] = json::value_from(qemu_arguments(profile, machine));
        else if (invocation.has("libvirt"))
            shown["libvirt"] = libvirt_xml(profile, machine);
        else
            shown["text"] = print_profile(profile);
        shown["devices"] = devices_of(profile);
        fmt::print(invocation.out, "{}\n", json::serialize(shown));
    } else if (invocation.has("qemu"))
        fmt::print(invocation.out, "{}\n", shell_line(qemu_arguments(profile, machine)));
    else if (invocation.has("libvirt"))
        fmt::print(invocation.out, "{}", libvirt_xml(profile, machine));
    else
        fmt::print(invocation.out, "{}", print_profile(profile));
    return 0;
}

int check(Invocation& invocation) {
    std::vector<std::string> names = profile_names();
    if (invocation.has("profile"))
        names = invocation.get<std::vector<std::string>>("profile");
    json::array good;
    for (const std::string& name : names) {
        const Profile profile = find_profile(name);
        good.push_back(
            json::object{{"profile", name}, {"abi", profile.abi}, {"devices", profile.devices.size()}});
        if (!invocation.quiet && !invocation.json)
            fmt::print(invocation.out, "{}: good, abi {}, {} devices\n", name, profile.abi,
                       profile.devices.size());
    }
    if (invocation.json)
        print_json(invocation.out, good);
    return 0;
}

} // namespace

Command profiles_list_command() {
    Command command;
    command.name = "profiles list";
    command.summary = "list the hardware profiles";
    command.synopsis = "[options]";
    command.description = "Lists every profile in the search path: the folder in NTFERRY_PROFILES, then the "
                          "installed ones.";
    command.add_options = [](po::options_description&) {};
    command.examples = {{"ntferry profiles list", "shows names and titles"}};
    command.run = list;
    return command;
}

Command profiles_show_command() {
    Command command;
    command.name = "profiles show";
    command.summary = "show what a profile's machine consists of";
    command.synopsis = "PROFILE [--qemu | --libvirt] [options]";
    command.description =
        "Prints processor, chipset, devices with their places, limits, patch defaults and the "
        "reasons. PROFILE is a name or the path of an XML file.";
    command.add_options = [](po::options_description& options) {
        options.add_options()("qemu", "as a QEMU command line")("libvirt", "as libvirt domain XML");
    };
    command.positional = {{"profile", 1}};
    command.examples = {
        {"ntferry profiles show nt4", "shows the Standard PC"},
        {"ntferry profiles show nt4-mps --libvirt", "shows the domain XML of the same machine"}};
    command.run = show;
    return command;
}

Command profiles_check_command() {
    Command command;
    command.name = "profiles check";
    command.summary = "check profiles and name what is wrong in them";
    command.synopsis = "[PROFILE...] [options]";
    command.description =
        "Reads profiles by name or path, all there are when none is named. A bad one is reported "
        "with file, line, element and what is allowed there; the exit code is then 2.";
    command.add_options = [](po::options_description&) {};
    command.positional = {{"profile", -1}};
    command.examples = {{"ntferry profiles check ./site.xml", "checks a profile of one's own"}};
    command.run = check;
    return command;
}

} // namespace ntferry::cli
