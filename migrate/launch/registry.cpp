// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/registry.hpp"

#include "converter/base/error.hpp"
#include "converter/patch/durable.hpp"
#include "migrate/launch/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <unistd.h>

namespace ntferry::launch {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): nobody sets it
    return value != nullptr ? value : "";
}

std::string default_folder() {
    if (const std::string own = variable("NTFERRY_STATE"); !own.empty())
        return own;
    if (::geteuid() == 0)
        return "/var/lib/ntferry";
    if (const std::string state = variable("XDG_STATE_HOME"); state.starts_with('/'))
        return state + "/ntferry";
    return variable("HOME") + "/.local/state/ntferry";
}

std::string absolute(const std::string& path) {
    fs::path whole = fs::absolute(path).lexically_normal();
    if (!whole.has_filename())
        whole = whole.parent_path();
    return whole.string();
}

} // namespace

Registry::Registry(std::string folder) : folder_(folder.empty() ? default_folder() : std::move(folder)) {}

void Registry::add(const std::string& name, const std::string& bundle) {
    const fs::path links = fs::path(folder_) / "machines";
    std::error_code error;
    fs::create_directories(links, error);
    if (error)
        throw SystemError(links.string(), "create", error.value());
    const fs::path link = links / name;
    const std::string target = absolute(bundle);
    if (fs::is_symlink(link, error)) {
        const std::string other = fs::read_symlink(link).string();
        if (other == target)
            return;
        if (fs::exists(fs::path(other) / "machine.xml", error) && !moved_to(other))
            throw Error(name, "is the name of the machine in " + other, "give this one another with --name",
                        ErrorKind::decision);
    }
    const fs::path fresh = links / ("." + name + ".new");
    fs::remove(fresh, error);
    fs::create_symlink(target, fresh, error);
    if (!error)
        fs::rename(fresh, link, error);
    if (error)
        throw SystemError(link.string(), "create", error.value());
}

void Registry::remove(const std::string& name) {
    std::error_code ignored;
    fs::remove(fs::path(folder_) / "machines" / name, ignored);
}

std::vector<RegisteredMachine> Registry::machines() const {
    std::vector<RegisteredMachine> machines;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(fs::path(folder_) / "machines", error))
        if (entry.is_symlink() && !entry.path().filename().string().starts_with('.'))
            machines.push_back({entry.path().filename().string(), fs::read_symlink(entry.path()).string()});
    std::sort(machines.begin(), machines.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return machines;
}

std::string Registry::bundle_of(const std::string& what) const {
    std::error_code ignored;
    if (fs::is_directory(what, ignored))
        return absolute(what);
    for (const RegisteredMachine& machine : machines())
        if (machine.name == what)
            return machine.bundle;
    throw Error(what, "is neither a bundle nor a machine of this host", "see 'ntferry list'",
                ErrorKind::usage);
}

std::vector<std::string> Registry::hosts() const {
    std::vector<std::string> hosts;
    std::error_code ignored;
    const std::string path = (fs::path(folder_) / "hosts").string();
    if (!fs::exists(path, ignored))
        return hosts;
    std::istringstream lines(patch::durable::read_text(path));
    std::string line;
    while (std::getline(lines, line))
        if (!line.empty())
            hosts.push_back(line);
    return hosts;
}

void Registry::add_host(const std::string& host) {
    std::vector<std::string> all = hosts();
    if (std::find(all.begin(), all.end(), host) != all.end())
        return;
    all.push_back(host);
    std::string text;
    for (const std::string& one : all)
        text += one + "\n";
    std::error_code error;
    fs::create_directories(folder_, error);
    patch::durable::write((fs::path(folder_) / "hosts").string(), text);
}

} // namespace ntferry::launch
