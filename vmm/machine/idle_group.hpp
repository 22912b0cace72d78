// IdleGroup: when processors that wait in loops may nap, so that none misses what another does.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// NT's idle loop looks for a thread that another processor has given it, in memory: nobody sends an interrupt
// for that (MultiProcessor Specification 1.4 leaves it to the system). So a processor naps only while every
// other one was found idle or halted, and nothing has happened since that could set one to work; and the
// naps of all end with the first that is found at work. What nobody sees, an interrupt from one local APIC or
// its timer in the kernel, is left to the nap's own end (IdleLoop::nap).
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ntferry::vmm {

class IdleGroup {
  public:
    enum class Found { working, idle, halted };

    explicit IdleGroup(std::size_t processors) : found_(processors, Found::working) {}

    /// A look at a processor found that. Returns whether the others' naps must end: this one has begun to
    /// work.
    bool looked(std::size_t processor, Found found) {
        const Found before = found_.at(processor);
        found_[processor] = found;
        return found == Found::working && before != Found::working;
    }
    /// An interrupt or a device's write to memory, for any of them. One in HLT is waited for there; the
    /// others must be found idle again.
    void stirred() { std::replace(found_.begin(), found_.end(), Found::idle, Found::working); }
    /// None is known to be idle any more.
    void forget() { std::fill(found_.begin(), found_.end(), Found::working); }
    bool all_rest() const { return std::find(found_.begin(), found_.end(), Found::working) == found_.end(); }

  private:
    std::vector<Found> found_;
};

} // namespace ntferry::vmm
