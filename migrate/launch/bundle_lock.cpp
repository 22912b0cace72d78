// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/bundle_lock.hpp"

#include "migrate/launch/settings.hpp"

#include <chrono>
#include <filesystem>
#include <thread>

namespace ntferry::launch {

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

} // namespace ntferry::launch
