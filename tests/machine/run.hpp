// A machine in the test's own process.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/machine/machine.hpp"
#include "vmm/machine/make_backends.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

namespace ntferry::vmm {

/// 32 MiB, no disks, and port 501h ends it: a byte of B there makes its exit code 2 B + 1.
struct Run {
    profiles::MachineDescription description;
    MachineOptions options;
    Run() {
        description.memory = 32U << 20U;
        options.debug_exit = 0x501;
        options.lock = std::make_shared<std::mutex>();
    }
    std::unique_ptr<Machine> machine() {
        MachineBackends backends = make_backends(description, {}, options.lock);
        return std::make_unique<Machine>(profiles::find_profile(description.profile), description,
                                         std::move(backends), options);
    }
    int operator()() {
        const auto m = machine();
        m->start();
        return m->wait();
    }
};

/// The exit code of a started machine; after the limit it is stopped, with 0.
inline int wait_at_most(Machine& machine, std::chrono::seconds limit) {
    constexpr std::chrono::milliseconds step{100};
    const std::jthread patience([&](const std::stop_token& over) {
        for (auto left = std::chrono::milliseconds(limit); left.count() > 0 && !over.stop_requested();
             left -= step)
            std::this_thread::sleep_for(step);
        machine.stop(); // does nothing to a machine that has ended
    });
    return machine.wait();
}

} // namespace ntferry::vmm
