// CollectedPorts: registers whose writes may wait until the guest stops for something else.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An index register, or one that acknowledges: what a write there does shows only in what comes after it. The
// host may keep such writes in a ring, in the guest's order, and hand them over before any other access; that
// saves the guest a stop for each.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace ntferry::vmm {

/// Who keeps the ring. All calls under the machine lock.
class WriteCollector {
  public:
    virtual ~WriteCollector() = default;
    virtual void collect(std::uint16_t port, unsigned length) = 0;
    virtual void release(std::uint16_t port, unsigned length) = 0;
    /// Carries out what is in the ring, this device's writes among it: may come back into the caller.
    virtual void settle() = 0;
};

/// Those of a device behind an I/O BAR.
class CollectedPorts {
  public:
    /// @param collector nothing: every write comes at once
    /// @param ranges offset and length of each from the base of the BAR
    CollectedPorts(WriteCollector* collector, std::vector<std::pair<std::uint16_t, unsigned>> ranges)
        : collector_(collector), ranges_(std::move(ranges)) {}
    ~CollectedPorts() { move(0); }
    CollectedPorts(const CollectedPorts&) = delete;
    CollectedPorts& operator=(const CollectedPorts&) = delete;

    /// @param base where the BAR is now, 0: nowhere
    void move(std::uint16_t base) {
        if (collector_ == nullptr || base == base_)
            return;
        for (const auto& [offset, length] : ranges_) {
            if (base_ != 0)
                collector_->release(static_cast<std::uint16_t>(base_ + offset), length);
            if (base != 0)
                collector_->collect(static_cast<std::uint16_t>(base + offset), length);
        }
        base_ = base;
    }
    /// To be called before anything that the guest has not caused changes the device: its writes came first.
    void settle() {
        if (collector_ != nullptr && base_ != 0)
            collector_->settle();
    }

  private:
    WriteCollector* collector_;
    std::vector<std::pair<std::uint16_t, unsigned>> ranges_;
    std::uint16_t base_ = 0;
};

} // namespace ntferry::vmm
