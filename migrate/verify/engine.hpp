// Engine: a machine under trial, whatever runs it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/verify/watcher.hpp"
#include "profiles/machine.hpp"
#include "profiles/profile.hpp"

#include <memory>
#include <string>

namespace ntferry::verify {

/// Powered on by its constructor, off by its destructor.
class Engine {
  public:
    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    virtual ~Engine() = default;

    /// "kvm", "qemu".
    virtual std::string name() const = 0;
    /// One look. Never throws for a machine that has ended: the sample says so.
    virtual Sample look() = 0;
    /// Writes the screen as PNG. @throws Error
    virtual void screenshot(const std::string& path) = 0;
};

/// What an engine gets: a machine whose disks may be written and thrown away.
struct EngineSetup {
    profiles::Profile profile;            ///< with the machine's overrides applied
    profiles::MachineDescription machine; ///< absolute paths
    std::string run_folder;               ///< for sockets and scratch files; short, private
    std::string log;                      ///< what the engine's process prints
};

/// The same machine under QEMU, translated where KVM cannot run it. @throws Error
std::unique_ptr<Engine> start_qemu(const EngineSetup& setup);
/// NTFerry's own machine, a process of ntferry-vmm; needs a KVM that can page. @throws Error
std::unique_ptr<Engine> start_vmm(const EngineSetup& setup);

} // namespace ntferry::verify
