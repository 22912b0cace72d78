// 82441FX (440FX) host bridge: PAM shadow RAM attributes and SMRAM control; the rest is storage.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 82441FX/82442FX data sheet, order 290549-001, chapter 3.2. DRAM timing and error registers hold what
// is written and change nothing: there is no DRAM controller behind them.
#pragma once

#include "vmm/bus/pci.hpp"

#include <functional>

namespace ntferry::vmm {

/// Who answers in one 16 KiB (F0000: 64 KiB) piece of C0000-FFFFF.
struct PamAttribute {
    bool read_ram = false;  ///< reads go to RAM, else to the ROM behind PCI
    bool write_ram = false; ///< writes go to RAM, else nowhere
    bool operator==(const PamAttribute&) const = default;
};

class I440fx final : public PciFunction {
  public:
    /// Pieces of C0000-EFFFF in 16 KiB steps, then F0000-FFFFF as a whole.
    static constexpr unsigned pam_pieces = 13;

    /// @param layout_changed called when PAM or SMRAM bits changed
    explicit I440fx(std::function<void()> layout_changed);

    PamAttribute pam(unsigned piece) const;
    /// SMRAM opened to normal accesses: A0000-BFFFF is RAM instead of video memory.
    bool smram_open() const;

    std::string_view name() const override { return "host"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;

  private:
    void config_written(std::uint8_t offset, unsigned width) override;
    std::function<void()> layout_changed_;
};

} // namespace ntferry::vmm
