// Options and steps that `plan`, `patch` and `convert` share.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/commands/patch_support.hpp"

#include "converter/block/open.hpp"
#include "converter/patch/drivers/driver_cache.hpp"
#include "converter/patch/guest.hpp"
#include "converter/patch/planner.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

using Strings = std::vector<std::string>;

Strings list_of(const Invocation& invocation, const char* option) {
    return invocation.has(option) ? invocation.get<Strings>(option) : Strings();
}

/// "name=value".
std::pair<std::string, std::string> split_pair(const std::string& text, const std::string& option) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
        throw Error("--" + option, fmt::format("'{}' has no '='", text),
                    fmt::format("write --{} NAME=VALUE", option), ErrorKind::usage);
    return {text.substr(0, equals), text.substr(equals + 1)};
}

} // namespace

void add_profile_option(po::options_description& options) {
    options.add_options()("profile", po::value<std::string>()->value_name("NAME")->default_value("auto"),
                          "machine that the guest gets ('ntferry profiles list'); auto: by what is on the "
                          "disk");
}

void add_plan_options(po::options_description& options) {
    const auto list = [](const char* value) { return po::value<Strings>()->value_name(value)->composing(); };
    add_profile_option(options);
    options.add_options()("drivers", list("DIR|ISO"),
                          "NT CD, service pack or driver folder; may be repeated") //
        ("driver-cache", po::value<std::string>()->value_name("DIR"),
         "keeps the files taken from --drivers for the next server")                                  //
        ("vendor-rules", list("DIR"), "own vendor rules (XML), before those that NTFerry comes with") //
        ("overrides", list("FILE"), "XML file of own actions, settings and decisions")                //
        ("set", list("ACTION"), "own action: 'HIVE\\KEY\\NAME=TYPE:VALUE' or '...=delete'")           //
        ("leave-out", list("ID"), "leave out actions with this id ('*' and '?' allowed)")             //
        ("decide", list("ID=CHOICE"), "answer a decision")                                            //
        ("setting", list("NAME=VALUE"), "change a setting of the profile's rules");
}

patch::Overrides read_overrides(const Invocation& invocation) {
    patch::Overrides overrides;
    for (const std::string& path : list_of(invocation, "overrides"))
        overrides.merge(patch::load_overrides(path));
    patch::Overrides line;
    for (const std::string& text : list_of(invocation, "set"))
        line.own.push_back(patch::parse_own_action(text));
    line.leave_out = list_of(invocation, "leave-out");
    for (const std::string& text : list_of(invocation, "decide"))
        line.decisions.insert(split_pair(text, "decide"));
    for (const std::string& text : list_of(invocation, "setting"))
        line.settings.insert(split_pair(text, "setting"));
    overrides.merge(line);
    overrides.vendors = nt::load_vendor_table(list_of(invocation, "vendor-rules"));
    return overrides;
}

profiles::Profile choose_profile(const std::string& wanted, patch::Subject& subject,
                                 const std::string& otherwise) {
    if (wanted != "auto")
        return profiles::find_profile(wanted);
    const patch::Guest guest = patch::recognise_guest(subject);
    if (!guest.profile.empty())
        return profiles::find_profile(guest.profile);
    if (!otherwise.empty())
        return profiles::find_profile(otherwise);
    std::string why = guest.title;
    while (why.starts_with(subject.name() + ": "))
        why.erase(0, subject.name().size() + 2);
    throw Error(subject.name(), fmt::format("what starts from it was not recognised: {}", why),
                "choose the machine with --profile; 'dos' carries the disk as it is, with 'nt4' a damaged "
                "Windows NT is looked at",
                ErrorKind::decision);
}

patch::DriverSource read_drivers(const Invocation& invocation) {
    patch::DriverSource drivers;
    std::vector<patch::MediumPtr> media;
    for (const std::string& path : list_of(invocation, "drivers"))
        media.push_back(patch::open_medium(path));
    if (invocation.has("driver-cache")) {
        const std::string folder = invocation.get<std::string>("driver-cache");
        for (const patch::MediumPtr& medium : media)
            patch::fill_cache(folder, *medium, invocation.progress);
        drivers.add(patch::open_cache(folder));
    } else {
        for (const patch::MediumPtr& medium : media)
            drivers.add(medium);
    }
    return drivers;
}

patch::Plan plan_for(const Invocation& invocation, const std::vector<std::string>& disks,
                     const std::string& name) {
    const patch::DriverSource drivers = read_drivers(invocation);
    std::vector<block::SharedBlockDevice> devices;
    for (const std::string& disk : disks)
        devices.emplace_back(block::open_disk(disk));
    patch::Subject subject(std::move(devices), name);
    const profiles::Profile profile = choose_profile(invocation.get<std::string>("profile"), subject);
    return patch::make_plan(subject, profile, drivers, read_overrides(invocation));
}

void print_plan(const Invocation& invocation, const patch::Plan& plan) {
    if (invocation.json)
        fmt::print(invocation.out, "{}\n", patch::plan_json(plan));
    else if (!invocation.quiet)
        fmt::print(invocation.out, "{}", patch::plan_text(plan));
}

int plan_exit_code(const patch::Plan& plan) {
    return plan.applicable() ? 0 : static_cast<int>(ErrorKind::decision);
}

} // namespace ntferry::cli
