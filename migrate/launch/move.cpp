// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/move.hpp"

#include "converter/base/error.hpp"
#include "migrate/launch/bundle_files.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <filesystem>

#include <unistd.h>

namespace ntferry::launch {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr int not_able = static_cast<int>(ErrorKind::unsupported);

json::value parsed(const std::string& text, const RemoteHost& host) {
    json::error_code error;
    json::value value = json::parse(text, error);
    if (error)
        throw Error(host.address, "answers with something that is no JSON",
                    "install the same version on both sides");
    return value;
}

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "another host";
}

void finish(WireProcess& process, const RemoteHost& host) {
    if (const int code = process.finish(); code != 0)
        throw Error(host.address, fmt::format("the other side ended with exit code {}", code),
                    "run the same command again, it goes on from there");
}

} // namespace

std::vector<Check> examine_remote(const RemoteHost& host, std::uint64_t memory, std::uint64_t space) {
    const std::string answer =
        host.ask({"doctor", "--json", "--memory", std::to_string(memory), "--space", std::to_string(space)},
                 {not_able});
    std::vector<Check> checks;
    try {
        const json::value document = parsed(answer, host);
        for (const json::value& one : document.at("checks").as_array()) {
            Check check;
            check.name = json::value_to<std::string>(one.at("check"));
            check.says = json::value_to<std::string>(one.at("says"));
            check.remedy = json::value_to<std::string>(one.at("remedy"));
            const std::string verdict = json::value_to<std::string>(one.at("verdict"));
            check.verdict = verdict == "good"      ? Verdict::good
                            : verdict == "warning" ? Verdict::warning
                                                   : Verdict::bad;
            checks.push_back(std::move(check));
        }
    } catch (const Error&) {
        throw;
    } catch (const std::exception&) {
        throw Error(host.address, "its doctor speaks another language",
                    "install the same version on both sides");
    }
    return checks;
}

TransferCounts move_to(const RemoteHost& host, const std::string& bundle, const std::string& folder,
                       Progress& progress, const std::stop_token& stop) {
    TransferCounts counts;
    {
        WireProcess process(host.command({"bundle", "receive", folder, "--quiet"}), host.address);
        counts =
            send_bundle(bundle, MovedTo{host.address, folder, host.program}, process.wire(), progress, stop);
        finish(process, host);
    }
    for (const BundleFile& file : bundle_files(bundle)) {
        if (!file.path.starts_with("disks/") || !file.path.ends_with(".manifest.json"))
            continue;
        const std::string image =
            file.path.substr(0, file.path.size() - std::string(".manifest.json").size());
        progress.note(fmt::format("{}: comparing {} with its manifest", host.address, image));
        host.ask({"image", "verify", "--quiet", folder + "/" + image});
    }
    return counts;
}

TransferCounts move_back(const std::string& bundle, Progress& progress) {
    const auto away = moved_to(bundle);
    if (!away)
        throw Error(bundle, "was not moved away", {}, ErrorKind::usage);
    RemoteHost host = parse_host(away->host);
    host.program = away->program.empty() ? host.program : away->program;
    const json::value machines = parsed(host.ask({"list", "--json", "--local"}), host);
    if (machines.is_array())
        for (const json::value& machine : machines.as_array()) {
            const auto text = [&](const char* name) {
                const auto* value = machine.is_object() ? machine.as_object().if_contains(name) : nullptr;
                return value != nullptr && value->is_string() ? std::string(value->as_string().c_str())
                                                              : std::string();
            };
            const std::string there = text("bundle");
            if (text("status") != "running" ||
                (there != away->folder && !there.ends_with("/" + away->folder)))
                continue;
            progress.note(fmt::format("{}: stopping {}", host.address, text("name")));
            host.ask({"stop", text("name")});
        }
    WireProcess process(host.command({"bundle", "send", away->folder, "--moved-to", host_name(), "--quiet"}),
                        host.address);
    const TransferCounts counts = receive_bundle(bundle, process.wire(), progress);
    finish(process, host);
    return counts;
}

} // namespace ntferry::launch
