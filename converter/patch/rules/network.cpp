// Network: the old adapters get the machine's card under them; IP configuration, bindings and names stay.
//
// NT keeps driver and adapter apart. keep-instance binds the new driver to the old adapter names, so that
// whatever refers to them stays valid; rename gives the adapters the new card's names everywhere. With a team
// the virtual adapter that holds the addresses gets the card. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/rules/nic_driver.hpp"
#include "converter/patch/rules/rules.hpp"

#include "converter/base/text.hpp"
#include "converter/nt/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ntferry::patch {
namespace {

constexpr const char* network_cards = "Microsoft\\Windows NT\\CurrentVersion\\NetworkCards";

/// An adapter of the old machine and the card that it gets.
struct Assignment {
    std::string adapter; ///< key below Services: "CpqNF31"
    std::string name;    ///< key afterwards: the same, or "AMDPCN1"
    unsigned slot = 0;   ///< PCI device number
};

class NetworkRule {
  public:
    NetworkRule(RuleContext& context, const NicDriver& driver) : context_(context), driver_(driver) {}

    void run() {
        rename_ = context_.setting("nic-strategy", "keep-instance") == "rename";
        const unsigned current = context_.subject().current_set();
        const nt::NetworkFacts facts = read(current);
        if (assign(facts).empty()) {
            context_.note("no network adapter was found: nothing to carry over");
            return;
        }
        if (!find_driver())
            return;
        for (const unsigned set : context_.subject().control_sets()) {
            const nt::NetworkFacts here = read(set);
            change_set(set, here, assign(here));
        }
        describe_cards(facts, assign(facts));
        tell(facts);
    }

  private:
    nt::NetworkFacts read(unsigned set) {
        return nt::read_network(context_.subject().hive(HiveId::system),
                                &context_.subject().hive(HiveId::software), Subject::control_set_key(set),
                                context_.services(set));
    }

    /// Adapters that protocols use, in the order of NetworkCards; with a team its virtual adapter instead of
    /// its members.
    std::vector<Assignment> assign(const nt::NetworkFacts& facts) const {
        std::set<std::string> members;
        for (const nt::NetworkTeam& team : facts.teams)
            for (const std::string& member : team.members)
                members.insert(text::to_lower(member));
        std::vector<Assignment> assignments;
        for (const nt::NetworkAdapter& adapter : facts.adapters) {
            if (adapter.dial_up || members.contains(text::to_lower(adapter.key)) ||
                assignments.size() == driver_.slots.size())
                continue;
            const std::size_t number = assignments.size();
            assignments.push_back({adapter.key,
                                   rename_ ? fmt::format("{}{}", driver_.service, number + 1) : adapter.key,
                                   driver_.slots[number]});
        }
        return assignments;
    }

    bool find_driver() {
        const std::string target = context_.subject().system32("drivers\\" + driver_.file);
        const std::size_t missing = context_.plan().missing.size();
        if (context_.need_file(
                {driver_.file, target, "the driver of the machine's network card", true, false, {}}))
            return true;
        const auto choice =
            context_.decide("nic-driver",
                            fmt::format("{} is not on the media given; {}", driver_.file,
                                        where_to_find(driver_.file, context_.subject().product().version)),
                            "the network card cannot work without it",
                            {{"without", "patch without network: the old cards' drivers stay as they are"}});
        if (choice == "without") {
            context_.plan().missing.resize(missing);
            context_.not_done(
                fmt::format("network: {} was not found, the machine starts without network", driver_.file));
        }
        return false;
    }

    std::string key(unsigned set, std::string_view rest) const { return RuleContext::service_key(set, rest); }
    std::string id(std::string_view what, unsigned set) const {
        return fmt::format("network.{}.{}", what, set);
    }

    void change_set(unsigned set, const nt::NetworkFacts& facts, const std::vector<Assignment>& assignments) {
        std::vector<std::string> devices;
        std::vector<std::string> routes;
        for (const Assignment& assignment : assignments) {
            devices.push_back("\\Device\\" + assignment.name);
            routes.push_back(fmt::format("\"{}\"", assignment.name));
        }
        define_driver(set, devices, routes);
        stop_old_drivers(set, facts);
        for (const Assignment& assignment : assignments) {
            if (rename_)
                copy_adapter(set, assignment);
            set_hardware(set, assignment);
        }
        if (rename_)
            rename_bindings(set, facts, assignments);
    }

    void define_driver(unsigned set, const std::vector<std::string>& devices,
                       const std::vector<std::string>& routes) {
        const std::string service = key(set, driver_.service);
        const Because because{fmt::format("{} is the card of the machine", driver_.title),
                              context_.has_key(HiveId::system, service) ? service + " is there"
                                                                        : service + " does not exist"};
        const auto number = [&](const char* name, std::uint32_t value) {
            context_.set_dword(id(fmt::format("driver.{}", text::to_lower(name)), set), service, name, value,
                               because);
        };
        const auto put = [&](std::string_view what, const std::string& at, const char* name,
                             const registry::Value& value) {
            context_.set(HiveId::system, id(what, set), at, name, value, because);
        };
        number("Type", nt::service_kernel_driver);
        // Automatic: at Boot or System start NDIS is not there yet (KB Q172353).
        number("Start", nt::start_auto);
        number("ErrorControl", 1);
        put("driver.group", service, "Group", registry::Value::sz("NDIS"));
        put("driver.imagepath", service, "ImagePath",
            registry::Value::expand_sz("\\SystemRoot\\system32\\drivers\\" + driver_.file));
        put("driver.displayname", service, "DisplayName", registry::Value::sz(driver_.title));
        put("driver.bind", service + "\\Linkage", "Bind", registry::Value::multi_sz(devices));
        put("driver.export", service + "\\Linkage", "Export", registry::Value::multi_sz(devices));
        put("driver.route", service + "\\Linkage", "Route", registry::Value::multi_sz(routes));
        for (const char* name : {"Bind", "Export", "Route"})
            put(fmt::format("driver.disabled.{}", text::to_lower(name)), service + "\\Linkage\\Disabled",
                name, registry::Value::multi_sz({}));
    }

    void stop_old_drivers(unsigned set, const nt::NetworkFacts& facts) {
        std::set<std::string> drivers;
        for (const nt::NetworkAdapter& adapter : facts.adapters)
            if (!adapter.dial_up && !adapter.driver.empty() &&
                !text::iequals(adapter.driver, driver_.service))
                drivers.insert(adapter.driver);
        for (const nt::NetworkTeam& team : facts.teams)
            drivers.insert(team.service);
        for (const std::string& driver : drivers)
            context_.disable(set, driver,
                             {"its card does not exist in the machine",
                              fmt::format("{}\\Linkage\\Bind names the old adapters", key(set, driver))});
    }

    void set_hardware(unsigned set, const Assignment& assignment) {
        const std::string parameters = key(set, assignment.name) + "\\Parameters";
        const Because because{
            fmt::format("where {} finds its card", driver_.file),
            fmt::format("profile {}: PCI device {}", context_.profile().name, assignment.slot)};
        const auto number = [&](const std::string& name, std::uint32_t value) {
            context_.set_dword(
                id(fmt::format("{}.{}", text::to_lower(assignment.name), text::to_lower(name)), set),
                parameters, name, value, because);
        };
        number("BusType", 5);
        number("BusNumber", 0);
        number("SlotNumber", assignment.slot);
        for (const auto& [name, value] : driver_.parameters)
            number(name, value);
    }

    /// Everything below Services\OLD goes to Services\NEW as well.
    void copy_adapter(unsigned set, const Assignment& assignment) {
        copy_tree(set, key(set, assignment.adapter), key(set, assignment.name), assignment);
        copy_tree(set, key(set, "NetBT\\Adapters\\" + assignment.adapter),
                  key(set, "NetBT\\Adapters\\" + assignment.name), assignment);
        copy_tree(set, key(set, "NwlnkIpx\\NetConfig\\" + assignment.adapter),
                  key(set, "NwlnkIpx\\NetConfig\\" + assignment.name), assignment);
    }

    void copy_tree(unsigned set, const std::string& from, const std::string& to,
                   const Assignment& assignment) {
        const auto source = context_.subject().hive(HiveId::system).find(from);
        if (!source || text::iequals(from, to))
            return;
        for (const auto& [name, value] : source->values())
            context_.set(HiveId::system, id(fmt::format("{}.copy", text::to_lower(assignment.name)), set), to,
                         name, value,
                         {fmt::format("{} is called {} now", assignment.adapter, assignment.name), from});
        for (const registry::Key& child : source->children())
            copy_tree(set, from + "\\" + child.name(), to + "\\" + child.name(), assignment);
    }

    /// A name as a whole word of a device path or a quoted route.
    static std::string replace_word(const std::string& text, const std::string& from, const std::string& to) {
        const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
        std::string result;
        for (std::size_t at = 0; at < text.size();) {
            const bool here = text::iequals(std::string_view(text).substr(at, from.size()), from) &&
                              (at == 0 || !is_word(text[at - 1])) &&
                              (at + from.size() == text.size() || !is_word(text[at + from.size()]));
            if (here) {
                result += to;
                at += from.size();
            } else {
                result += text[at++];
            }
        }
        return result;
    }

    void rename_bindings(unsigned set, const nt::NetworkFacts& facts,
                         const std::vector<Assignment>& assignments) {
        std::vector<std::pair<std::string, std::string>> words;
        for (const Assignment& assignment : assignments)
            words.emplace_back(assignment.adapter, assignment.name);
        for (const nt::NetworkAdapter& adapter : facts.adapters)
            if (!adapter.dial_up && !adapter.driver.empty())
                words.emplace_back(adapter.driver, driver_.service);
        for (const nt::Service& service : context_.services(set)) {
            if (text::iequals(service.name, driver_.service) || is_old_driver(facts, service.name))
                continue;
            for (const char* linkage : {"\\Linkage", "\\Linkage\\Disabled"})
                for (const char* name : {"Bind", "Export", "Route"})
                    rename_list(set, key(set, service.name) + linkage, name, service.name, words);
        }
    }

    static bool is_old_driver(const nt::NetworkFacts& facts, const std::string& service) {
        return std::any_of(
            facts.adapters.begin(), facts.adapters.end(),
            [&](const nt::NetworkAdapter& adapter) { return text::iequals(adapter.driver, service); });
    }

    void rename_list(unsigned set, const std::string& at, const char* name, const std::string& service,
                     const std::vector<std::pair<std::string, std::string>>& words) {
        const auto value = context_.value(HiveId::system, at, name);
        if (!value)
            return;
        std::vector<std::string> strings = value->as_strings();
        for (std::string& string : strings)
            for (const auto& [from, to] : words)
                string = replace_word(string, from, to);
        if (strings != value->as_strings())
            context_.set(HiveId::system,
                         id(fmt::format("binding.{}.{}", text::to_lower(service), text::to_lower(name)), set),
                         at, name, registry::Value::multi_sz(strings),
                         {"the binding follows the adapter's new name", fmt::format("{}\\{}", at, name)});
    }

    /// What the Network applet shows, and the driver's own software key.
    void describe_cards(const nt::NetworkFacts& facts, const std::vector<Assignment>& assignments) {
        for (const nt::NetworkAdapter& adapter : facts.adapters) {
            const auto assigned =
                std::find_if(assignments.begin(), assignments.end(), [&](const Assignment& assignment) {
                    return text::iequals(assignment.adapter, adapter.key);
                });
            if (assigned == assignments.end() || adapter.card.empty())
                continue;
            const std::string card = fmt::format("{}\\{}", network_cards, adapter.card);
            const auto put = [&](const char* name, const std::string& text) {
                context_.set(HiveId::software,
                             fmt::format("network.card.{}.{}", adapter.card, text::to_lower(name)), card,
                             name, registry::Value::sz(text),
                             {"the Network applet shows the machine's card", card});
            };
            put("ProductName", driver_.service);
            put("Manufacturer", driver_.vendor);
            put("Description", driver_.title);
            put("Title", fmt::format("[{}] {}", adapter.card, driver_.title));
            put("ServiceName", assigned->name);
            put_rules(
                card, "network.card." + adapter.card,
                {{"type", sz("{0} {0}Adapter")},
                 {"class", list("{0}Adapter basic")},
                 {"bindform", registry::Value::sz(fmt::format("\"{}\" yes yes container", assigned->name))}});
        }
        const std::string software = fmt::format("{}\\{}\\CurrentVersion", driver_.vendor, driver_.service);
        const auto put = [&](const char* name, const registry::Value& value) {
            context_.set(HiveId::software, fmt::format("network.software.{}", text::to_lower(name)), software,
                         name, value, {"the Network applet knows the driver by it", software});
        };
        put("Description", registry::Value::sz(driver_.title + " Driver"));
        put("MajorVersion", registry::Value::dword(4));
        put("MinorVersion", registry::Value::dword(0));
        put("RefCount", registry::Value::dword(static_cast<std::uint32_t>(assignments.size())));
        put("ServiceName", registry::Value::sz(driver_.service));
        put("SoftwareType", registry::Value::sz("driver"));
        put("Title", registry::Value::sz(driver_.title + " Driver"));
        put_rules(software, "network.software",
                  {{"type", sz("{0}Sys ndisDriver {0}Driver")},
                   {"class", list("{0}Driver basic")},
                   {"bindform", sz("{0}Sys yes no container")},
                   {"bindable", list("{0}Driver {0}Adapter non exclusive 100")},
                   {"use", registry::Value::sz("driver")}});
    }

    registry::Value sz(const char* pattern) const {
        return registry::Value::sz(fmt::format(fmt::runtime(pattern), driver_.service));
    }
    registry::Value list(const char* pattern) const {
        return registry::Value::multi_sz({fmt::format(fmt::runtime(pattern), driver_.service)});
    }

    /// NetRules: nothing reads them at the start. From them the Network applet makes all bindings anew when
    /// the administrator changes something there; with the old card's it would bind the old driver again.
    void put_rules(const std::string& parent, const std::string& prefix,
                   std::vector<std::pair<const char*, registry::Value>> values) {
        if (!driver_.inf.empty()) {
            values.emplace_back("InfName", registry::Value::sz(driver_.inf));
            values.emplace_back("InfOption", registry::Value::sz(driver_.inf_option));
        }
        const std::string key = parent + "\\NetRules";
        for (const auto& [name, value] : values)
            context_.set(
                HiveId::software, fmt::format("{}.netrules.{}", prefix, text::to_lower(name)), key, name,
                value,
                {"the Network applet makes bindings from these rules; the old card's would bring its "
                 "driver back",
                 key});
    }

    void tell(const nt::NetworkFacts& facts) {
        for (const nt::NetworkTeam& team : facts.teams)
            context_.note(fmt::format("the team of {} is dissolved: {} keeps its addresses on one card",
                                      fmt::join(team.members, " and "), fmt::join(team.adapters, ", ")));
        std::size_t real = 0;
        for (const nt::NetworkAdapter& adapter : facts.adapters)
            real += adapter.dial_up ? 0 : 1;
        if (facts.teams.empty() && real > driver_.slots.size())
            context_.note(
                fmt::format("{} adapters, the machine has {} cards: the others have no driver any more", real,
                            driver_.slots.size()));
        context_.note(
            "give each card the MAC address of the old one (machine.xml): licence managers and DHCP "
            "reservations know it");
    }

    RuleContext& context_;
    const NicDriver& driver_;
    bool rename_ = false;
};

} // namespace

void plan_network(RuleContext& context) {
    const std::string strategy = context.setting("nic-strategy", "keep-instance");
    if (strategy != "keep-instance" && strategy != "rename" && strategy != "none")
        throw Error("setting nic-strategy", fmt::format("'{}' is not one of its values", strategy),
                    "use keep-instance, rename or none", ErrorKind::usage);
    const auto driver = nic_driver(context.profile(), context.setting("nic", ""));
    if (strategy == "none" || !driver) {
        context.not_done("network: the old cards' drivers stay, the machine has no card for them");
        return;
    }
    NetworkRule(context, *driver).run();
}

} // namespace ntferry::patch
