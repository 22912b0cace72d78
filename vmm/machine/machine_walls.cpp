// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/machine_walls.hpp"

#include "converter/base/error.hpp"
#include "vmm/machine/make_backends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace ntferry::vmm {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

/// A sanitizer's run-time library makes processes and traces them at the end.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool SANITIZED = true;
#elif defined(__has_feature)
constexpr bool SANITIZED = __has_feature(address_sanitizer);
#else
constexpr bool SANITIZED = false;
#endif

bool is_address(const std::string& spec) {
    return spec.find("://") != std::string::npos;
}

bool is_local_nbd(const std::string& spec) {
    return spec.starts_with("nbd+unix://") || spec.starts_with("nbds+unix://");
}

/// The folder of "nbd+unix:///export?socket=PATH": a server that comes back makes a new socket there.
std::string socket_folder_of(const std::string& spec) {
    constexpr std::string_view key = "socket=";
    const std::size_t at = spec.find(key);
    if (at == std::string::npos)
        return {};
    const std::string path = spec.substr(at + key.size(), spec.find('&', at) - at - key.size());
    return fs::absolute(path).parent_path().string();
}

sandbox::Policy policy_of(const WallsOptions& options, const WithinReach& reach) {
    sandbox::Policy policy;
    policy.user = options.user;
    policy.remove_at_end = reach.remove_at_end;
    policy.readable = reach.readable;
    const auto readable = [&policy](const std::string& path) {
        if (!path.empty())
            policy.readable.push_back(fs::absolute(path).lexically_normal().string());
    };
    for (const std::string& folder : options.media)
        readable(folder);
    readable(reach.folder);
    if (!reach.state_folder.empty())
        policy.writable.push_back(reach.state_folder);
    policy.writable.insert(policy.writable.end(), reach.writable.begin(), reach.writable.end());
    if (!reach.folder.empty())
        policy.owner_of = reach.folder;
    std::vector<std::string> images = {reach.machine.cdrom, reach.machine.floppy};
    for (const profiles::DiskSpec& disk : reach.machine.disks) {
        images.push_back(disk.path);
        if (policy.owner_of.empty() && !is_address(disk.path)) // layers come and go, what they lie on stays
            policy.owner_of = fs::absolute(reach.writable.empty() ? disk.path : reach.writable.front())
                                  .lexically_normal()
                                  .string();
    }
    for (const std::string& image : images) {
        if (is_local_nbd(image))
            readable(socket_folder_of(image));
        else if (is_address(image))
            policy.host_network = true;
    }
    for (const profiles::NicSpec& nic : reach.machine.nics) {
        if (nic.backend == "nat")
            policy.host_network = true;
        if (const auto folder = nic.options.find("path");
            nic.backend == "switch" && folder != nic.options.end())
            policy.writable.push_back(fs::absolute(folder->second).lexically_normal().string());
    }
    return policy;
}

} // namespace

void add_walls_options(po::options_description& options) {
    // clang-format off
    options.add_options()
        ("sandbox", po::value<std::string>()->value_name("WHEN"), "walls around the process: auto (default: those the "
            "host allows), required (all of them or no machine), off")
        ("run-as", po::value<std::string>()->value_name("USER"), "started as root: become this user (default: the owner "
            "of the machine's folder or disk; for root's own the user ntferry, or a number without an account)")
        ("media", po::value<std::vector<std::string>>()->composing()->value_name("FOLDER"), "images in this folder can be "
            "put in by name while the machine runs");
    // clang-format on
}

WallsOptions walls_options(const po::variables_map& options) {
    WallsOptions result;
    if (options.count("sandbox") != 0) {
        const std::string mode = options["sandbox"].as<std::string>();
        if (mode == "required")
            result.mode = WallsMode::required;
        else if (mode == "off")
            result.mode = WallsMode::off;
        else if (mode != "auto")
            throw Error("--sandbox", mode, "allowed: auto, required, off", ErrorKind::usage);
    }
    if (options.count("run-as") != 0)
        result.user = options["run-as"].as<std::string>();
    if (!result.user.empty() && result.mode == WallsMode::off)
        throw Error("--run-as", "changing the user is one of the walls", "leave --sandbox off away",
                    ErrorKind::usage);
    if (options.count("media") != 0)
        result.media = options["media"].as<std::vector<std::string>>();
    for (const std::string& folder : result.media)
        if (!fs::is_directory(folder))
            throw Error("--media", folder + " is no folder", {}, ErrorKind::usage);
    return result;
}

MachineWalls::MachineWalls(const WallsOptions& options, const WithinReach& reach)
    : mode_(options.mode), policy_(policy_of(options, reach)),
      network_disk_(std::any_of(reach.machine.disks.begin(), reach.machine.disks.end(),
                                [](const profiles::DiskSpec& disk) { return is_address(disk.path); })) {}

void MachineWalls::enter() {
    if (mode_ == WallsMode::off)
        return;
    measures_ = sandbox::enter(policy_);
    demand();
}

void MachineWalls::close() {
    if (mode_ == WallsMode::off)
        return;
    if (SANITIZED) {
        measures_.push_back({"system calls", false, "this program was built with a sanitizer"});
        return;
    }
    try {
        measures_.push_back(sandbox::filter_system_calls(policy_));
        filtered_ = true;
    } catch (const Error& error) {
        measures_.push_back({"system calls", false, error.what()});
    }
    demand();
}

void MachineWalls::demand() const {
    if (mode_ != WallsMode::required)
        return;
    for (const sandbox::Measure& measure : measures_)
        if (!measure.applied && !(measure.name == "own network" && policy_.host_network))
            throw Error(
                "--sandbox required", fmt::format("{} does not stand: {}", measure.name, measure.detail),
                "allow it on this host (ntferry doctor), or use --sandbox auto", ErrorKind::unsupported);
}

std::function<void()> MachineWalls::thread_filter(sandbox::ThreadRole role) const {
    return [this, role] {
        if (filtered_)
            sandbox::filter_this_thread(role);
    };
}

std::string MachineWalls::describe() const {
    return mode_ == WallsMode::off ? std::string("off: --sandbox off\n") : sandbox::describe(measures_);
}

std::string MachineWalls::summary() const {
    if (mode_ == WallsMode::off)
        return "walls: none (--sandbox off)";
    std::string up;
    std::string missing;
    for (const sandbox::Measure& measure : measures_) {
        std::string& list = measure.applied ? up : missing;
        list += (list.empty() ? "" : ", ") + measure.name;
        if (!measure.applied)
            list += fmt::format(" ({})", measure.detail);
    }
    return "walls: " + up + (missing.empty() ? "" : "; not: " + missing);
}

void MachineWalls::hand_over_file(const std::string& path) const {
    if (mode_ != WallsMode::off && fs::is_regular_file(path)) // a disk of the host stays the host's
        sandbox::hand_over(policy_, path);
}

void MachineWalls::hand_over(const std::string& path) const {
    if (mode_ == WallsMode::off)
        return;
    sandbox::hand_over(policy_, path);
    for (const auto& entry : fs::directory_iterator(path))
        if (entry.is_regular_file() && !entry.is_symlink())
            sandbox::hand_over(policy_, entry.path().string());
}

} // namespace ntferry::vmm
