// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/machine_group.hpp"

#include "converter/base/error.hpp"
#include "profiles/xml_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

extern char** environ; // NOLINT(readability-redundant-declaration): POSIX has programs declare it

namespace ntferry::vmm {
namespace {

namespace fs = std::filesystem;

constexpr const char* CLAIM = "user.ntferry.cpu"; ///< extended attribute: "WEIGHT RESERVE"
constexpr unsigned LEAST_WEIGHT = 1;
constexpr unsigned MOST_WEIGHT = 10000;
constexpr unsigned DEFAULT_WEIGHT = 100;
/// What a machine needs besides its RAM: programs, caches of images, pictures of the screen, networks.
constexpr std::uint64_t ALLOWANCE = std::uint64_t{128} << 20U;
constexpr std::uint64_t LEAST_ALLOWANCE = std::uint64_t{32} << 20U;
constexpr unsigned PERIOD_US = 100000; ///< of cpu.max

std::string first_line(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

/// 0 or an errno value.
int put(const std::string& file, const std::string& text) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    const int error = ::write(fd, text.data(), text.size()) < 0 ? errno : 0;
    ::close(fd);
    return error;
}

std::string reason_of(int error) {
    return std::generic_category().message(error);
}

/// The folder of this process's group in the cgroup v2 tree, and whether that is the tree's root.
std::pair<std::string, bool> own_group(const GroupPlaces& places) {
    std::string path;
    std::ifstream own(places.own);
    for (std::string line; std::getline(own, line);)
        if (line.starts_with("0::"))
            path = line.substr(3);
    if (path.empty())
        return {};
    std::ifstream mounts(places.mounts); // proc(5): ID PARENT DEVICE ROOT POINT OPTIONS... - TYPE ...
    for (std::string line; std::getline(mounts, line);) {
        if (line.find(" - cgroup2 ") == std::string::npos)
            continue;
        std::istringstream words(line);
        std::string skipped;
        std::string root;
        std::string point;
        words >> skipped >> skipped >> skipped >> root >> point;
        if (root != "/" && path.starts_with(root))
            path = path.substr(root.size());
        return {point + (path == "/" ? std::string() : path), path.empty() || path == "/"};
    }
    return {};
}

/// systemd.resource-control(5), Delegate=: marks the group with an extended attribute.
bool is_delegated(const std::string& group) {
    char value = 0;
    for (const char* name : {"user.delegate", "trusted.delegate"})
        if (::getxattr(group.c_str(), name, &value, 1) == 1 && value == '1')
            return true;
    return false;
}

bool has_word(const std::string& words, const std::string& word) {
    std::istringstream in(words);
    for (std::string one; in >> one;)
        if (one == word)
            return true;
    return false;
}

std::optional<MachineGroup::Claim> claim_of(const std::string& group) {
    char text[64] = {};
    MachineGroup::Claim claim;
    if (::getxattr(group.c_str(), CLAIM, text, sizeof text - 1) <= 0 ||
        std::sscanf(text, "%u %u", &claim.weight, &claim.reserve) != 2) // NOLINT(cert-err34-c): checked below
        return std::nullopt;
    claim.weight = std::clamp(claim.weight, LEAST_WEIGHT, MOST_WEIGHT);
    claim.reserve = std::min(claim.reserve, MOST_WEIGHT);
    return claim;
}

unsigned weight_of(const std::string& group) {
    const std::string text = first_line(group + "/cpu.weight");
    std::uint64_t value = 0;
    return profiles::parse_number(text, value)
               ? static_cast<unsigned>(std::min<std::uint64_t>(value, MOST_WEIGHT))
               : DEFAULT_WEIGHT;
}

bool is_empty(const std::string& group) {
    return first_line(group + "/cgroup.procs").empty();
}

/// Enables controllers for the groups below. Processes of a delegated group have to move down for that ("no
/// internal processes"): into the group "rest".
void enable(const std::string& parent) {
    const std::string has = first_line(parent + "/cgroup.controllers");
    for (const std::string controller : {"cpu", "memory"}) {
        if (!has_word(has, controller) ||
            has_word(first_line(parent + "/cgroup.subtree_control"), controller))
            continue;
        const std::string wish = "+" + controller;
        if (put(parent + "/cgroup.subtree_control", wish) != EBUSY)
            continue;
        std::error_code ignored;
        fs::create_directory(parent + "/rest", ignored);
        std::ifstream processes(parent + "/cgroup.procs");
        for (std::string process; std::getline(processes, process);)
            put(parent + "/rest/cgroup.procs", process);
        put(parent + "/cgroup.subtree_control", wish);
    }
}

/// @throws Error with what the program said by its exit code
void run(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const std::string& word : words)
        arguments.push_back(const_cast<char*>(word.c_str())); // NOLINT(cppcoreguidelines-pro-type-const-cast)
    arguments.push_back(nullptr);
    pid_t child = 0;
    if (const int error = ::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ);
        error != 0)
        throw SystemError(words[0], "start it", error);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw Error(words[0], fmt::format("refuses to set the limits ({})", words.back()));
}

} // namespace

std::vector<unsigned> MachineGroup::weights_for(const std::vector<Claim>& claims, unsigned others,
                                                unsigned host_processors) {
    // Of the host a machine i is to have r_i + (1 - R) * w_i / W, W the sum of all weights and R of all
    // reservations. Groups that are no machines keep theirs, so that share is w_i + r_i * W / (1 - R) in
    // theirs.
    const double capacity = 100.0 * std::max(host_processors, 1U);
    double weights = others;
    double reserved = 0;
    for (const Claim& claim : claims) {
        weights += claim.weight;
        reserved += claim.reserve / capacity;
    }
    constexpr double least_rest = 0.01; // all of the host reserved: the rest gets next to nothing
    const double rest = std::max(1 - reserved, least_rest);
    std::vector<unsigned> result;
    for (const Claim& claim : claims) {
        const double weight = claim.weight + claim.reserve / capacity * weights / rest;
        result.push_back(std::clamp(static_cast<unsigned>(weight + 0.5), LEAST_WEIGHT, MOST_WEIGHT));
    }
    return result;
}

MachineGroup::MachineGroup(const std::string& machine, const profiles::ResourceSpec& wanted,
                           std::uint64_t ram, const GroupPlaces& places)
    : systemctl_(places.systemctl),
      host_processors_(places.host_processors != 0 ? places.host_processors
                                                   : std::max(1U, std::thread::hardware_concurrency())) {
    if (wanted.memory_ceiling != 0 && wanted.memory_ceiling < ram + LEAST_ALLOWANCE)
        throw Error("memory-ceiling",
                    fmt::format("{} is too little for a guest with {}",
                                profiles::format_size(wanted.memory_ceiling), profiles::format_size(ram)),
                    fmt::format("{} at least", profiles::format_size(ram + LEAST_ALLOWANCE)),
                    ErrorKind::usage);
    if (wanted.cpu_cap_percent != 0 && wanted.cpu_reserve_percent > wanted.cpu_cap_percent)
        throw Error("cpu-reserve-percent", "is more than cpu-cap-percent", "lower it", ErrorKind::usage);
    find(machine, places);
    share_processors(wanted);
    limit("cpu cap", wanted.cpu_cap_percent != 0, fmt::format("{} % of a processor", wanted.cpu_cap_percent),
          "cpu.max", "CPUQuota",
          unit_.empty() ? fmt::format("{} {}", wanted.cpu_cap_percent * (PERIOD_US / 100), PERIOD_US)
                        : fmt::format("{}%", wanted.cpu_cap_percent));
    const std::uint64_t ceiling = wanted.memory_ceiling != 0 ? wanted.memory_ceiling : ram + ALLOWANCE;
    if (wanted.memory_ceiling != 0 || !group_.empty())
        limit("memory ceiling", wanted.memory_ceiling != 0, profiles::format_size(ceiling), "memory.max",
              "MemoryMax", std::to_string(ceiling));
    if (made_.empty())
        return;
    procs_ = ::open((group_ + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    if (const std::string home = own_group(places).first; !home.empty())
        home_ = ::open((home + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
}

MachineGroup::~MachineGroup() {
    if (home_ >= 0)
        static_cast<void>(!::write(home_, "0", 1));
    if (!made_.empty())
        ::rmdir(made_.c_str()); // behind the walls the process outside does it
    for (const int descriptor : {procs_, home_})
        if (descriptor >= 0)
            ::close(descriptor);
}

void MachineGroup::find(const std::string& machine, const GroupPlaces& places) {
    if (!places.folder.empty()) {
        if (!fs::exists(places.folder + "/cgroup.controllers"))
            throw Error("--cgroup", places.folder + " is no folder of a cgroup v2 tree", {},
                        ErrorKind::usage);
        make(places.folder, machine);
        return;
    }
    const auto [own, is_root] = own_group(places);
    if (own.empty()) {
        why_not_ = "this host has no cgroup v2";
        return;
    }
    const std::string name = fs::path(own).filename().string();
    if (name.starts_with("ntferry@") && name.ends_with(".service")) {
        unit_ = name;
        group_ = own;
        parent_ = fs::path(own).parent_path().string();
    } else if (is_root || is_delegated(own)) {
        make(own, machine);
    } else {
        why_not_ =
            fmt::format("the control group {} was not delegated (run it as ntferry@NAME.service, or with "
                        "systemd-run --scope -p Delegate=yes, or name a folder with --cgroup)",
                        own);
    }
}

void MachineGroup::make(const std::string& parent, const std::string& machine) {
    const std::string controllers = first_line(parent + "/cgroup.controllers");
    if (!has_word(controllers, "cpu") && !has_word(controllers, "memory")) {
        why_not_ = fmt::format("{} has neither the cpu nor the memory controller", parent);
        return;
    }
    enable(parent);
    std::string name = "ntferry-" + (machine.empty() ? std::to_string(::getpid()) : machine);
    std::replace(name.begin(), name.end(), '/', '_');
    const std::string group = parent + "/" + name;
    std::error_code error;
    if (!fs::create_directory(group, error) && (error || !is_empty(group))) {
        why_not_ =
            fmt::format("cannot make {}: {}", group, error ? error.message() : "another machine is in it");
        return;
    }
    parent_ = parent;
    group_ = made_ = group;
}

void MachineGroup::set(const std::string& group, const char* file, const char* property,
                       const std::string& value) {
    if (!unit_.empty()) {
        run({systemctl_, "set-property", "--runtime", fs::path(group).filename().string(),
             fmt::format("{}={}", property, value)});
        return;
    }
    if (const int error = put(group + "/" + file, value); error != 0)
        throw Error(group, error == ENOENT ? fmt::format("has no {}", file)
                                           : fmt::format("{}: {}", file, reason_of(error)));
}

void MachineGroup::limit(const char* name, bool asked, const std::string& text, const char* file,
                         const char* property, const std::string& value) {
    Line line{name, asked, {}, {}};
    if (!asked && std::string_view(file) != "memory.max") {
        lines_.push_back(line);
        return;
    }
    try {
        if (group_.empty())
            line.why_not = why_not_;
        else
            set(group_, file, property, value);
        if (line.why_not.empty())
            line.set = text;
    } catch (const Error& error) {
        line.why_not = error.what();
    }
    lines_.push_back(line);
}

void MachineGroup::set_weight(const std::string& group, unsigned weight) {
    if (weight_of(group) != weight)
        set(group, "cpu.weight", "CPUWeight", std::to_string(weight));
}

/// Weight and reservation, of this machine and of those that it has to share with.
void MachineGroup::share_processors(const profiles::ResourceSpec& wanted) {
    const bool asked = wanted.cpu_weight != DEFAULT_WEIGHT;
    const bool reserves = wanted.cpu_reserve_percent != 0;
    Line weight{"cpu weight", asked, {}, {}};
    Line reservation{"cpu reservation", reserves, {}, {}};
    if (group_.empty()) {
        weight.why_not = asked ? why_not_ : std::string();
        reservation.why_not = reserves ? why_not_ : std::string();
        lines_.insert(lines_.end(), {weight, reservation});
        return;
    }
    const int lock = ::open(parent_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0)
        ::flock(lock, LOCK_EX); // machines that start together reckon one after the other
    std::vector<std::string> groups = {group_};
    std::vector<Claim> claims = {{wanted.cpu_weight, wanted.cpu_reserve_percent}};
    unsigned others = 0;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(parent_, ignored)) {
        const std::string group = entry.path().string();
        if (!entry.is_directory(ignored) || group == group_)
            continue;
        if (const auto claim = claim_of(group); !claim)
            others += weight_of(group);
        else if (!is_empty(group)) {
            groups.push_back(group);
            claims.push_back(*claim);
        }
    }
    unsigned taken = 0;
    for (std::size_t i = 1; i < claims.size(); ++i)
        taken += claims[i].reserve;
    try {
        if (taken + wanted.cpu_reserve_percent > 100 * host_processors_) {
            const unsigned all = 100 * host_processors_;
            throw Error("cpu-reserve-percent",
                        fmt::format("{} % cannot be reserved: running machines have reserved {} of {} %",
                                    wanted.cpu_reserve_percent, taken, all),
                        "lower it, or stop another machine", ErrorKind::decision);
        }
        const std::string claim = fmt::format("{} {}", wanted.cpu_weight, wanted.cpu_reserve_percent);
        const bool marked = ::setxattr(group_.c_str(), CLAIM, claim.c_str(), claim.size(), 0) == 0;
        const std::vector<unsigned> weights = weights_for(claims, others, host_processors_);
        try {
            for (std::size_t i = 0; i < groups.size(); ++i)
                set_weight(groups[i], weights[i]);
            weight.set = std::to_string(wanted.cpu_weight);
            if (reserves)
                reservation.set = fmt::format("{} % of a processor{}", wanted.cpu_reserve_percent,
                                              marked ? "" : " (machines that start later cannot see it)");
        } catch (const Error& error) {
            weight.why_not = asked ? error.what() : "";
            reservation.why_not = reserves ? error.what() : "";
        }
    } catch (...) {
        if (lock >= 0)
            ::close(lock);
        if (!made_.empty())
            ::rmdir(made_.c_str());
        throw;
    }
    if (lock >= 0)
        ::close(lock);
    lines_.insert(lines_.end(), {weight, reservation});
}

void MachineGroup::enter() {
    if (procs_ < 0)
        return;
    if (::write(procs_, "0", 1) == 1)
        return;
    const std::string why = fmt::format("{}: cannot enter it: {}", group_, reason_of(errno));
    for (Line& line : lines_) {
        line.why_not = line.asked ? why : std::string();
        line.set.clear();
    }
}

std::string MachineGroup::describe() const {
    std::string text;
    for (const Line& line : lines_)
        if (!line.set.empty())
            text += fmt::format("{}: {}\n", line.limit, line.set);
        else if (!line.why_not.empty())
            text += fmt::format("{}: not in force: {}\n", line.limit, line.why_not);
    return text;
}

std::string MachineGroup::missing() const {
    std::string limits;
    std::string why;
    for (const Line& line : lines_)
        if (line.asked && line.set.empty()) {
            limits += (limits.empty() ? "" : ", ") + line.limit;
            why = line.why_not;
        }
    return limits.empty() ? std::string() : fmt::format("not in force: {}: {}", limits, why);
}

} // namespace ntferry::vmm
