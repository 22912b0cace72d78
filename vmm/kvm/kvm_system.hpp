// KvmSystem: /dev/kvm, what it can do, and whether its guests can page.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/kvm/file_descriptor.hpp"

#include <cstdint>
#include <string>

namespace ntferry::vmm::kvm {

/// What this host's KVM is good for.
enum class HostKind {
    full,      ///< runs 32-bit guests with paging: NT
    no_paging, ///< real mode and unpaged protected mode only: firmware and DOS
    none,      ///< no usable /dev/kvm
};

struct HostReport {
    HostKind kind = HostKind::none;
    std::string sentence; ///< one plain sentence for people
};

class KvmSystem {
  public:
    /// @throws Error in one plain sentence when there is no usable KVM
    KvmSystem() : KvmSystem(open_device()) {}
    /// On a descriptor that was opened where the device is within reach. @throws Error as KvmSystem()
    explicit KvmSystem(FileDescriptor device);
    /// /dev/kvm. @throws Error
    static FileDescriptor open_device();
    int fd() const { return fd_.get(); }
    /// KVM_CHECK_EXTENSION.
    int extension(unsigned capability) const;
    /// EDX of CPUID leaf 1 that this host can give a guest.
    std::uint32_t supported_features() const;
    std::size_t run_size() const { return run_size_; }

  private:
    FileDescriptor fd_;
    std::size_t run_size_ = 0;
};

/// Runs a few instructions in a throw-away machine to see what the host's KVM can do. Takes a millisecond;
/// never throws.
HostReport probe_host();

/// This processor has neither VMX nor SVM, so a KVM on it interprets what a guest executes outside long mode.
/// Asks CPUID, which takes some microseconds in a virtual machine.
bool interprets_guests();

} // namespace ntferry::vmm::kvm
