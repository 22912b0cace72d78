// Screen: the machine's picture, shared by all who look at it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/control/controlled_machine.hpp"

#include <mutex>
#include <optional>

namespace ntferry::vmm {

/// An adapter tells each change once, so one object asks it and counts. Any thread, without the machine lock.
class Screen {
  public:
    explicit Screen(ControlledMachine& machine) : machine_(machine) {}

    /// Asks the adapter. Returns a number that grows with every change of the picture.
    std::uint64_t refresh();
    /// Calls look with the picture of the last refresh().
    template <typename F>
    void with_frame(F&& look) {
        const std::lock_guard<std::mutex> held(lock_);
        look(static_cast<const Frame&>(frame_));
    }
    /// The picture as it is now. @throws Error when the machine has no video adapter or no picture
    Frame capture();
    /// The characters as they are now; nothing in a graphics mode or without an adapter.
    std::optional<TextScreen> text();

  private:
    ControlledMachine& machine_;
    std::mutex lock_; ///< taken before the machine lock
    Frame frame_;
    std::uint64_t generation_ = 0;
};

} // namespace ntferry::vmm
