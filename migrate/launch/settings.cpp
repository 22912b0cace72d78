// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/settings.hpp"

#include "converter/base/error.hpp"
#include "converter/base/run_directory.hpp"
#include "converter/patch/durable.hpp"
#include "profiles/machine.hpp"

#include <boost/json.hpp>

#include <filesystem>

namespace ntferry::launch {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string in_bundle(const std::string& bundle, const char* file) {
    return (fs::path(bundle) / file).string();
}

json::object read_object(const std::string& path) {
    json::error_code error;
    const json::value value = json::parse(patch::durable::read_text(path), error);
    if (error || !value.is_object())
        throw Error(path, "is damaged", "remove it, and launch with the settings that are wanted");
    return value.as_object();
}

} // namespace

const char* to_string(Restart restart) {
    return restart == Restart::no ? "no" : restart == Restart::always ? "always" : "on-failure";
}

Restart restart_of(const std::string& text) {
    for (const Restart restart : {Restart::no, Restart::on_failure, Restart::always})
        if (text == to_string(restart))
            return restart;
    throw Error("--restart", "'" + text + "' is not known", "allowed: no, on-failure, always",
                ErrorKind::usage);
}

LaunchSettings load_settings(const std::string& bundle) {
    LaunchSettings settings;
    const std::string path = in_bundle(bundle, "launch.json");
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        return settings;
    const json::object object = read_object(path);
    try {
        settings.name = json::value_to<std::string>(object.at("name"));
        settings.engine = json::value_to<std::string>(object.at("engine"));
        settings.autostart = object.at("autostart").as_bool();
        settings.restart = restart_of(json::value_to<std::string>(object.at("restart")));
        settings.after = json::value_to<std::vector<std::string>>(object.at("after"));
        settings.delay = object.at("delay").to_number<unsigned>();
        settings.vnc = json::value_to<std::string>(object.at("vnc"));
        settings.stop_wait = object.at("stop_wait").to_number<unsigned>();
    } catch (const std::exception& error) {
        throw Error(path, std::string("is damaged: ") + error.what(),
                    "remove it, and launch with the settings that are wanted");
    }
    return settings;
}

void save_settings(const std::string& bundle, const LaunchSettings& settings) {
    const json::object object{{"name", settings.name},
                              {"engine", settings.engine},
                              {"autostart", settings.autostart},
                              {"restart", to_string(settings.restart)},
                              {"after", json::value_from(settings.after)},
                              {"delay", settings.delay},
                              {"vnc", settings.vnc},
                              {"stop_wait", settings.stop_wait}};
    patch::durable::write(in_bundle(bundle, "launch.json"), json::serialize(object) + "\n");
}

std::string machine_name(const std::string& bundle, const LaunchSettings& settings) {
    std::string name = settings.name;
    if (name.empty())
        name = profiles::load_machine(in_bundle(bundle, "machine.xml")).name;
    if (name.empty())
        name = fs::absolute(bundle).lexically_normal().filename().string();
    static_cast<void>(control_socket_of(name)); // throws for what cannot name a socket
    return name;
}

std::optional<MovedTo> moved_to(const std::string& bundle) {
    std::error_code ignored;
    const std::string path = in_bundle(bundle, moved_file);
    if (!fs::exists(path, ignored))
        return std::nullopt;
    const json::object object = read_object(path);
    const auto text = [&](const char* name) {
        const json::value* value = object.if_contains(name);
        return value != nullptr && value->is_string() ? std::string(value->as_string().c_str())
                                                      : std::string();
    };
    return MovedTo{text("host"), text("folder"), text("program")};
}

void mark_moved(const std::string& bundle, const MovedTo& to) {
    patch::durable::write(
        in_bundle(bundle, moved_file),
        json::serialize(json::object{{"host", to.host}, {"folder", to.folder}, {"program", to.program}}) +
            "\n");
}

void require_runnable(const std::string& bundle) {
    std::error_code ignored;
    if (fs::exists(in_bundle(bundle, incoming_file), ignored))
        throw Error(bundle, "was not moved here completely",
                    "run the move again, it goes on from where it was", ErrorKind::decision);
    if (const auto to = moved_to(bundle))
        throw Error(bundle, "was moved to " + to->host,
                    "fetch it with 'ntferry launch " + bundle + " --back'", ErrorKind::decision);
    if (!fs::exists(in_bundle(bundle, "machine.xml"), ignored))
        throw Error(bundle, "holds no machine.xml", "name a bundle that 'ntferry convert' has finished",
                    ErrorKind::usage);
}

} // namespace ntferry::launch
