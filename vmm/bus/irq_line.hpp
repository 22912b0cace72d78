// IrqLine: one wire from a device to an interrupt controller.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace ntferry::vmm {

/// One interrupt wire. Setting it to the level it already has does nothing.
class IrqLine {
  public:
    virtual ~IrqLine() = default;
    virtual void set(bool level) = 0;
    void raise() { set(true); }
    void lower() { set(false); }
    /// A short pulse: an edge for an edge-triggered input.
    void pulse() {
        set(true);
        set(false);
    }
};

/// A wire that ends nowhere.
class NoIrqLine final : public IrqLine {
  public:
    void set(bool) override {}
};

} // namespace ntferry::vmm
