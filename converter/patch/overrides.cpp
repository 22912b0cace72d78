// Overrides from XML and from the command line.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/overrides.hpp"

#include "converter/base/text.hpp"
#include "converter/patch/value_xml.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ntferry::patch {
namespace {

constexpr std::uintmax_t largest_local_file = std::uintmax_t{64} << 20U;

std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw SystemError(path, "cannot open", errno);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

Bytes read_local_file(const std::string& path) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (error)
        throw SystemError(path, "cannot open", error.value());
    if (size > largest_local_file)
        throw Error(path, "is larger than 64 MiB", {}, ErrorKind::usage);
    const std::string text = read_text(path);
    return Bytes(text.begin(), text.end());
}

VendorRule read_vendor_rule(const XmlSource& source, pugi::xml_node node) {
    VendorRule rule;
    rule.pattern = source.required(node, "pattern");
    rule.product = node.attribute("product").as_string(rule.pattern.c_str());
    rule.note = node.attribute("note").value();
    const std::string action = source.required(node, "action");
    const auto known = nt::vendor_action(action);
    if (!known)
        source.fail(node, fmt::format("action '{}' is not known", action),
                    "use keep, report, manual or disable");
    rule.action = *known;
    return rule;
}

[[noreturn]] void bad_own(const std::string& text, const std::string& problem) {
    throw Error(text, problem,
                "write HIVE\\KEY\\NAME=TYPE:VALUE, as "
                "SYSTEM\\CurrentControlSet\\Services\\foo\\Start=dword:4",
                ErrorKind::usage);
}

} // namespace

void Overrides::merge(const Overrides& other) {
    leave_out.insert(leave_out.end(), other.leave_out.begin(), other.leave_out.end());
    own.insert(own.end(), other.own.begin(), other.own.end());
    vendor_rules.insert(vendor_rules.end(), other.vendor_rules.begin(), other.vendor_rules.end());
    for (const auto& [name, value] : other.settings)
        settings[name] = value;
    for (const auto& [name, value] : other.decisions)
        decisions[name] = value;
    if (other.vendors)
        vendors = other.vendors;
}

Overrides parse_overrides(const std::string& xml, const std::string& name_for_messages,
                          const std::string& folder) {
    const XmlSource source(xml, name_for_messages);
    if (std::string_view(source.root().name()) != "overrides")
        source.fail(source.root(), "is not a file of overrides", "its root element is <overrides>");
    Overrides overrides;
    for (const pugi::xml_node node : source.root().children()) {
        const std::string_view kind = node.name();
        if (kind == "leave-out") {
            overrides.leave_out.push_back(source.required(node, "id"));
        } else if (kind == "setting") {
            overrides.settings[source.required(node, "name")] = source.required(node, "value");
        } else if (kind == "decide") {
            overrides.decisions[source.required(node, "id")] = source.required(node, "choice");
        } else if (kind == "vendor-rule") {
            overrides.vendor_rules.push_back(read_vendor_rule(source, node));
        } else if (kind == "action") {
            Action action;
            action.rule = "own";
            action.id =
                node.attribute("id").as_string(fmt::format("own.{}", overrides.own.size() + 1).c_str());
            action.reason = node.attribute("reason").as_string("asked for by the administrator");
            action.evidence = name_for_messages;
            const pugi::xml_node change = node.first_child();
            if (!change)
                source.fail(node, "holds no change");
            if (change.next_sibling())
                source.fail(change.next_sibling(), "is a second change in one action",
                            "write one <action> for each");
            action.change = read_change(source, change, [&](const std::string& from) {
                return read_local_file((std::filesystem::path(folder) / from).string());
            });
            if (const auto* file = std::get_if<WriteFile>(&action.change);
                file != nullptr && !change.attribute("from"))
                source.fail(change, "attribute from is missing",
                            "name the file whose content is to be written");
            overrides.own.push_back(std::move(action));
        } else {
            source.fail(node, "is not known", "use leave-out, setting, decide, vendor-rule or action");
        }
    }
    return overrides;
}

Overrides load_overrides(const std::string& path) {
    return parse_overrides(read_text(path), path, std::filesystem::path(path).parent_path().string());
}

Action parse_own_action(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
        bad_own(text, "there is no '='");
    const std::string path = text.substr(0, equals);
    const std::string assigned = text.substr(equals + 1);
    const std::size_t first = path.find('\\');
    const std::size_t last = path.rfind('\\');
    if (first == std::string::npos || first == last)
        bad_own(text, "hive, key and name are not all there");
    HiveId hive = HiveId::system;
    if (text::iequals(path.substr(0, first), "SOFTWARE"))
        hive = HiveId::software;
    else if (!text::iequals(path.substr(0, first), "SYSTEM"))
        bad_own(text, "the hive is neither SYSTEM nor SOFTWARE");

    Action action;
    action.rule = "own";
    action.reason = "asked for by the administrator";
    action.evidence = "command line";
    const std::string key = path.substr(first + 1, last - first - 1);
    const std::string name = path.substr(last + 1);
    if (assigned == "delete") {
        action.change = DeleteValue{hive, key, name, {}};
        return action;
    }
    const std::size_t colon = assigned.find(':');
    if (colon == std::string::npos)
        bad_own(text, "there is no type in front of the value");
    action.change = SetValue{
        hive, key, name, parse_value(assigned.substr(0, colon), assigned.substr(colon + 1), text), {}};
    return action;
}

} // namespace ntferry::patch
