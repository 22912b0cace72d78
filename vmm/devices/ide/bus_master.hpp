// BusMaster: the scatter/gather engine of one IDE channel.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// SFF-8038i rev. 1.0 (Bus Master Programming Interface for IDE ATA Controllers);
// Intel 82371FB/82371SB (PIIX/PIIX3), order 290550, 2.7 (BMICOM, BMISTA, BMIDTP).
#pragma once

#include "vmm/bus/guest_memory.hpp"
#include "vmm/bus/state.hpp"

#include <cstdint>

namespace ntferry::vmm {

/// Eight registers (BMICOM at 0, BMISTA at 2, BMIDTP at 4-7) and a walk over physical region descriptors.
class BusMaster {
  public:
    // BMISTA
    static constexpr std::uint8_t active_bit = 0x01;
    static constexpr std::uint8_t error_bit = 0x02;
    static constexpr std::uint8_t interrupt_bit = 0x04;
    static constexpr std::uint8_t capable_bits = 0x60;

    explicit BusMaster(GuestMemory& memory) : memory_(memory) {}

    /// @param capable bits 5 (master) and 6 (slave) as a BIOS sets them: NT's atapi.sys enables DMA only
    /// then (Microsoft Q158873).
    void reset(std::uint8_t capable);
    std::uint8_t read(unsigned offset) const;
    /// @return true when the engine was started
    bool write(unsigned offset, std::uint8_t value);

    /// Copy of the PCI command register's bus master bit. Without it no descriptor is fetched: what a drive
    /// sends is lost, what it asks for never comes.
    void set_mastering(bool enabled) { mastering_ = enabled; }
    bool active() const { return (status_ & active_bit) != 0; }

    /// Drive to memory; returns how much the descriptors had room for.
    std::size_t to_memory(ByteView data);
    /// Memory to drive.
    std::size_t from_memory(MutableByteView out);
    /// The drive's INTRQ rose: sets the interrupt bit, and ends the transfer if the last descriptor is used
    /// up.
    void drive_interrupted();

    void save(StateWriter& writer) const;
    void load(StateReader& reader);

  private:
    template <typename Move>
    std::size_t walk(std::size_t length, Move move);
    bool next_descriptor();
    bool exhausted() const { return last_ && left_ == 0; }

    GuestMemory& memory_;
    bool mastering_ = false;
    std::uint8_t command_ = 0;
    std::uint8_t status_ = 0;
    std::uint32_t table_ = 0;
    std::uint32_t next_ = 0;    ///< address of the next descriptor
    std::uint32_t address_ = 0; ///< rest of the current region
    std::uint32_t left_ = 0;
    bool last_ = false; ///< the current descriptor has EOT
};

} // namespace ntferry::vmm
