// A machine in the test's own process, and guests for it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/run.hpp"
#include "vmm/machine/machine.hpp"
#include "vmm/machine/make_backends.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
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

/// Makes a flat file of nasm's language. The source is left beside it.
inline void assemble(const std::string& file, const std::string& source) {
    std::ofstream(file + ".asm") << source;
    REQUIRE(test::run_shell("nasm -f bin " + file + ".asm -o " + file).exit_code == 0);
}

/// A disk image whose first sector is this code: 16 bits, at 7C00h, the signature is added.
inline void assemble_boot_sector(const std::string& image, const std::string& code,
                                 std::uint64_t bytes = 1U << 20U) {
    assemble(image, "org 7c00h\nbits 16\n" + code + "\ntimes 510-($-$$) db 0\ndw 0aa55h\n");
    std::filesystem::resize_file(image, bytes);
}

/// The code that ends a Run with exit code 2 * byte + 1.
inline std::string ending_with(unsigned byte) {
    return " mov dx,501h\n mov al," + std::to_string(byte) + "\n out dx,al\n hlt";
}

} // namespace ntferry::vmm
