// fw_cfg: how SeaBIOS learns what machine it is in.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// QEMU docs/specs/fw_cfg.rst: selector at 510h, data at 511h, DMA descriptor address at 514h.
#pragma once

#include "vmm/bus/device.hpp"
#include "vmm/bus/guest_memory.hpp"
#include "vmm/bus/port_bus.hpp"

#include <map>
#include <string>
#include <vector>

namespace ntferry::vmm {

/// Items with fixed keys (fw_cfg.rst and what SeaBIOS 1.16 selects).
enum class FwCfgKey : std::uint16_t {
    signature = 0x00,
    id = 0x01,
    uuid = 0x02,
    ram_size = 0x03,
    nographic = 0x04,
    cpu_count = 0x05,
    boot_menu = 0x0E,
    cpu_max = 0x0F,
    file_directory = 0x19,
    first_file = 0x20,
};

class FwCfg final : public Device, public PortDevice {
  public:
    FwCfg(PortBus& ports, GuestMemory& memory);

    void set(FwCfgKey key, Bytes value);
    void set16(FwCfgKey key, std::uint16_t value);
    /// Files get keys in the order of their names, so that the directory is the same every time.
    void add_file(const std::string& name, Bytes content);
    void add_file(const std::string& name, const std::string& text);

    std::string_view name() const override { return "fwcfg"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;
    void port_read_block(std::uint16_t port, unsigned width, MutableByteView out) override;

  private:
    void select(std::uint16_t key);
    std::uint8_t next_byte();
    void take(MutableByteView out);
    void run_dma(std::uint64_t descriptor);
    const Bytes* item(std::uint16_t key) const;
    void build_directory();

    GuestMemory& memory_;
    std::map<std::uint16_t, Bytes> items_;
    std::map<std::string, Bytes> files_;
    std::vector<const Bytes*> file_order_;
    Bytes directory_;
    std::uint16_t selected_ = 0;
    std::uint32_t offset_ = 0;
    std::uint32_t dma_high_ = 0;
};

} // namespace ntferry::vmm
