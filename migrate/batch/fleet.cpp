// Fleets from XML, to XML; what makes sense as a fleet.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/batch/fleet.hpp"

#include "profiles/xml_file.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

namespace ntferry::batch {
namespace {

using profiles::XmlFile;

constexpr std::size_t MAX_FILE = 8U << 20U;

bool usable_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 && name.front() != '.' && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
           });
}

bool usable_option(const std::string& name) {
    return !name.empty() && name.size() <= 64 && name.front() != '-' &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

void read_settings(const XmlFile& file, const pugi::xml_node& node, Settings& settings) {
    if (node.attribute("profile"))
        settings.profile = file.required(node, "profile");
    // A server's own media are instead of the fleet's: it may be of another language or edition.
    std::vector<std::string> drivers;
    if (node.attribute("drivers"))
        drivers.push_back(file.required(node, "drivers"));
    for (const pugi::xml_node& medium : node.children("drivers")) {
        file.check_attributes(medium, {"path"});
        drivers.push_back(file.required(medium, "path"));
    }
    if (!drivers.empty())
        settings.drivers = std::move(drivers);
    settings.retries = static_cast<unsigned>(file.number(node, "retries", settings.retries, 0, 100));
    settings.retry_delay =
        static_cast<unsigned>(file.number(node, "retry-delay", settings.retry_delay, 0, 86400));
    for (const pugi::xml_node& option : node.children("option")) {
        file.check_attributes(option, {"name", "value"});
        const std::string name = file.required(option, "name");
        if (!usable_option(name))
            throw file.error(option, fmt::format("name=\"{}\"", name),
                             "allowed: an option of 'ntferry convert' without the dashes");
        settings.options[name] = option.attribute("value").value();
    }
}

Server read_server(const XmlFile& file, const pugi::xml_node& node, const Settings& defaults) {
    file.check_attributes(node, {"name", "source", "after", "profile", "drivers", "retries", "retry-delay"});
    file.check_children(node, {"disk", "drivers", "option"});
    Server server;
    server.settings = defaults;
    server.name = file.required(node, "name");
    if (!usable_name(server.name))
        throw file.error(node, fmt::format("name=\"{}\"", server.name),
                         "allowed: letters, digits, - _ and .");
    if (node.attribute("source"))
        server.sources.push_back(file.required(node, "source"));
    for (const pugi::xml_node& disk : node.children("disk")) {
        file.check_attributes(disk, {"source"});
        server.sources.push_back(file.required(disk, "source"));
    }
    if (server.sources.empty())
        throw file.error(node, "has no source", "allowed: source=\"...\" or <disk source=\"...\"/>");
    server.after = profiles::split_words(node.attribute("after").value());
    read_settings(file, node, server.settings);
    return server;
}

void write_settings(pugi::xml_node node, const Settings& settings) {
    if (!settings.profile.empty())
        node.append_attribute("profile") = settings.profile.c_str();
    node.append_attribute("retries") = settings.retries;
    node.append_attribute("retry-delay") = settings.retry_delay;
    for (const std::string& medium : settings.drivers)
        node.append_child("drivers").append_attribute("path") = medium.c_str();
    for (const auto& [name, value] : settings.options) {
        pugi::xml_node option = node.append_child("option");
        option.append_attribute("name") = name.c_str();
        option.append_attribute("value") = value.c_str();
    }
}

/// A walk along `after` that comes back to a server on its own path is a circle.
void refuse_circles(const Fleet& fleet, const std::string& name) {
    enum class Mark : std::uint8_t { fresh, open, closed };
    std::map<std::string, std::size_t> at;
    for (std::size_t i = 0; i < fleet.servers.size(); ++i)
        at[fleet.servers[i].name] = i;
    std::vector<Mark> marks(fleet.servers.size(), Mark::fresh);
    // (server, next dependency to look at): an explicit stack, because chains may be long.
    for (std::size_t start = 0; start < fleet.servers.size(); ++start) {
        std::vector<std::pair<std::size_t, std::size_t>> path;
        if (marks[start] == Mark::fresh)
            path.emplace_back(start, 0);
        while (!path.empty()) {
            auto& [server, next] = path.back();
            marks[server] = Mark::open;
            if (next == fleet.servers[server].after.size()) {
                marks[server] = Mark::closed;
                path.pop_back();
                continue;
            }
            const std::size_t other = at.at(fleet.servers[server].after[next++]);
            if (marks[other] == Mark::open)
                throw Error(name,
                            fmt::format("{} and {} wait for each other", fleet.servers[server].name,
                                        fleet.servers[other].name),
                            "take one 'after' away", ErrorKind::usage);
            if (marks[other] == Mark::fresh)
                path.emplace_back(other, 0);
        }
    }
}

} // namespace

bool Server::remote() const {
    return std::any_of(sources.begin(), sources.end(), [](const std::string& source) {
        return source.starts_with("ssh://") || source.starts_with("nbd");
    });
}

std::size_t Fleet::index_of(const std::string& name) const {
    const auto at = std::find_if(servers.begin(), servers.end(),
                                 [&](const Server& server) { return server.name == name; });
    if (at == servers.end())
        throw Error(name, "is not a server of this fleet", {}, ErrorKind::usage);
    return static_cast<std::size_t>(at - servers.begin());
}

Fleet parse_fleet_xml(const std::string& xml, const std::string& name) {
    const XmlFile file = XmlFile::parse(xml, name);
    const pugi::xml_node root = file.root("fleet");
    file.check_attributes(root, {"output"});
    file.check_children(root, {"limits", "defaults", "server"});
    Fleet fleet;
    fleet.output = root.attribute("output").value();
    if (const pugi::xml_node limits = root.child("limits")) {
        file.check_attributes(limits, {"jobs", "disk", "network"});
        file.check_children(limits, {});
        fleet.limits.jobs = static_cast<unsigned>(file.number(limits, "jobs", fleet.limits.jobs, 1, 1000));
        fleet.limits.disk = static_cast<unsigned>(file.number(limits, "disk", fleet.limits.disk, 1, 1000));
        fleet.limits.network =
            static_cast<unsigned>(file.number(limits, "network", fleet.limits.network, 1, 1000));
    }
    Settings defaults;
    if (const pugi::xml_node node = root.child("defaults")) {
        file.check_attributes(node, {"profile", "drivers", "retries", "retry-delay"});
        file.check_children(node, {"drivers", "option"});
        read_settings(file, node, defaults);
    }
    for (const pugi::xml_node& node : root.children("server")) {
        if (fleet.servers.size() == MAX_SERVERS)
            throw file.error(node, "too many servers", fmt::format("allowed: {}", MAX_SERVERS));
        fleet.servers.push_back(read_server(file, node, defaults));
    }
    validate(fleet, name);
    return fleet;
}

void validate(const Fleet& fleet, const std::string& name) {
    if (fleet.servers.empty())
        throw Error(name, "names no server", {}, ErrorKind::usage);
    std::set<std::string> names;
    for (const Server& server : fleet.servers) {
        if (!usable_name(server.name))
            throw Error(name, fmt::format("\"{}\" is no name for a server", server.name),
                        "allowed: letters, digits, - _ and .", ErrorKind::usage);
        if (server.sources.empty())
            throw Error(name, fmt::format("{} has no source", server.name), {}, ErrorKind::usage);
        if (!names.insert(server.name).second)
            throw Error(name, fmt::format("{} is there twice", server.name), {}, ErrorKind::usage);
    }
    for (const Server& server : fleet.servers)
        for (const std::string& other : server.after)
            if (names.count(other) == 0)
                throw Error(name,
                            fmt::format("{} waits for {}, which is not in the fleet", server.name, other), {},
                            ErrorKind::usage);
    refuse_circles(fleet, name);
}

std::string fleet_xml(const Fleet& fleet) {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("fleet");
    if (!fleet.output.empty())
        root.append_attribute("output") = fleet.output.c_str();
    pugi::xml_node limits = root.append_child("limits");
    limits.append_attribute("jobs") = fleet.limits.jobs;
    limits.append_attribute("disk") = fleet.limits.disk;
    limits.append_attribute("network") = fleet.limits.network;
    for (const Server& server : fleet.servers) {
        pugi::xml_node node = root.append_child("server");
        node.append_attribute("name") = server.name.c_str();
        if (!server.after.empty())
            node.append_attribute("after") = fmt::format("{}", fmt::join(server.after, " ")).c_str();
        write_settings(node, server.settings);
        for (const std::string& source : server.sources)
            node.append_child("disk").append_attribute("source") = source.c_str();
    }
    std::ostringstream out;
    document.save(out, "  ", pugi::format_default | pugi::format_no_declaration, pugi::encoding_utf8);
    return out.str();
}

std::string fleet_json(const Fleet& fleet) {
    namespace json = boost::json;
    json::array servers;
    for (const Server& server : fleet.servers)
        servers.push_back(json::object{{"name", server.name},
                                       {"sources", json::value_from(server.sources)},
                                       {"after", json::value_from(server.after)},
                                       {"profile", server.settings.profile},
                                       {"drivers", json::value_from(server.settings.drivers)},
                                       {"retries", server.settings.retries},
                                       {"retry_delay", server.settings.retry_delay},
                                       {"options", json::value_from(server.settings.options)}});
    return json::serialize(json::object{{"output", fleet.output},
                                        {"limits", json::object{{"jobs", fleet.limits.jobs},
                                                                {"disk", fleet.limits.disk},
                                                                {"network", fleet.limits.network}}},
                                        {"servers", std::move(servers)}});
}

Fleet load_fleet(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw SystemError(path, "open", errno);
    std::string text(MAX_FILE + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > MAX_FILE)
        throw Error(path, "is too long for a fleet", "8 MiB at most", ErrorKind::usage);
    if (text.starts_with("\xEF\xBB\xBF")) // spreadsheets write one
        text.erase(0, 3);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string::npos && text[first] == '<' ? parse_fleet_xml(text, path)
                                                            : parse_fleet_csv(text, path);
}

} // namespace ntferry::batch
