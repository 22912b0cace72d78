// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/bundle_lock.hpp"

#include "converter/base/error.hpp"
#include "converter/patch/durable.hpp"
#include "migrate/launch/settings.hpp"
#include "migrate/launch/work_disks.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <thread>

namespace ntferry::launch {
namespace {

/// Whether layers of snapshots lie on the disks: state/layers.json, vmm/host/state/disk_layers.hpp.
bool has_layers(const std::string& bundle) {
    const std::string file = (std::filesystem::path(bundle) / "state/layers.json").string();
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
        return false;
    try {
        const boost::json::value all = boost::json::parse(patch::durable::read_text(file));
        for (const auto& disk : all.at("disks").as_object())
            if (disk.value().at("top") != "")
                return true;
        return false;
    } catch (const std::exception&) {
        return true; // the machine's own start says what is wrong with it
    }
}

} // namespace

std::optional<batch::FileLock> lock_bundle(const std::string& bundle) {
    namespace fs = std::filesystem;
    constexpr std::chrono::milliseconds step{50};
    fs::create_directories(fs::path(bundle) / "state");
    for (int tries = 100; tries > 0; --tries) {
        if (auto lock = batch::FileLock::take((fs::path(bundle) / run_lock_file).string()))
            return lock;
        std::this_thread::sleep_for(step);
    }
    return std::nullopt;
}

std::optional<batch::FileLock> require_rest(const std::string& bundle, bool writes, bool lose_copies) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    if (!fs::exists(fs::path(bundle) / "machine.xml", ignored) ||
        (!writes && !fs::exists(fs::path(bundle) / run_lock_file, ignored)))
        return std::nullopt;
    auto lock = lock_bundle(bundle);
    if (!lock)
        throw Error(bundle, "its machine runs, or is being moved", "stop it first: ntferry stop NAME",
                    ErrorKind::decision);
    if (!lose_copies && WorkDisks(bundle).pending())
        throw Error(bundle, "its last run was cut off, and what the machine wrote is in state/qemu",
                    "start it and stop it once: ntferry launch " + bundle, ErrorKind::decision);
    if (has_layers(bundle))
        throw Error(bundle, "its disks have snapshots; what was written since is not on the disks themselves",
                    "start it and give the snapshots up: ntferry snapshot delete", ErrorKind::decision);
    return lock;
}

} // namespace ntferry::launch
