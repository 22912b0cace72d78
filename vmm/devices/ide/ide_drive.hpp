// IdeDrive: what every drive on an IDE cable has: a task file, a data buffer and the four ways data crosses
// it.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// ANSI NCITS 317-1998 (AT Attachment with Packet Interface Extension, ATA/ATAPI-4), clauses 7 (registers)
// and 9 (protocols).
#pragma once

#include "converter/base/bytes.hpp"
#include "vmm/bus/state.hpp"

#include <cstdint>

namespace ntferry::vmm {

/// Bits of the Status register (ATA-4 7.15.6).
namespace ata_status {
inline constexpr std::uint8_t bsy = 0x80;
inline constexpr std::uint8_t drdy = 0x40;
inline constexpr std::uint8_t df = 0x20;
inline constexpr std::uint8_t dsc = 0x10;
inline constexpr std::uint8_t drq = 0x08;
inline constexpr std::uint8_t err = 0x01; ///< CHK for PACKET commands
} // namespace ata_status

/// Bits of the Error register (ATA-4 7.11.6).
namespace ata_error {
inline constexpr std::uint8_t unc = 0x40;
inline constexpr std::uint8_t idnf = 0x10;
inline constexpr std::uint8_t abrt = 0x04;
} // namespace ata_error

/// The command block registers of one drive. The host writes those of both drives, reads those of the
/// selected one.
struct TaskFile {
    std::uint8_t error = 0;
    std::uint8_t features = 0;
    std::uint8_t count = 0;
    std::uint8_t lba_low = 0; ///< sector number
    std::uint8_t lba_mid = 0; ///< cylinder low, byte count low for PACKET
    std::uint8_t lba_high = 0;
    std::uint8_t device = 0; ///< bit 6 LBA, bit 4 DEV, bits 3-0 head or LBA 27-24
    std::uint8_t status = 0;
};

class IdeDrive;

/// What a drive drives on its cable.
class IdeCable {
  public:
    virtual ~IdeCable() = default;
    /// The drive wants the host's attention: asserts INTRQ, now or a configured time later.
    virtual void interrupt(IdeDrive& drive) = 0;
    /// Asserts DMARQ: the drive is in a DMA data phase and has bytes to move.
    virtual void dma_request(IdeDrive& drive) = 0;
};

/// One drive. Subclasses execute commands; this class moves the data of the current block.
class IdeDrive {
  public:
    /// How the bytes between position and end of the buffer are to move.
    enum class Phase : std::uint8_t { none, pio_in, pio_out, dma_in, dma_out };

    IdeDrive() = default;
    IdeDrive(const IdeDrive&) = delete;
    IdeDrive& operator=(const IdeDrive&) = delete;
    virtual ~IdeDrive() = default;

    /// Plugs the drive in. @param unit 0 master, 1 slave
    void connect(IdeCable& cable, unsigned unit) {
        cable_ = &cable;
        unit_ = unit;
    }
    unsigned unit() const { return unit_; }
    /// The BIOS would set the DMA capable bit of the bus master for it.
    virtual bool dma_capable() const = 0;
    /// Tells a drive whether it has to answer for a missing slave (IDENTIFY word 93).
    void set_alone(bool alone) { alone_ = alone; }

    TaskFile& registers() { return registers_; }
    const TaskFile& registers() const { return registers_; }
    bool busy() const { return (registers_.status & ata_status::bsy) != 0; }

    /// RESET- line or power on: everything to defaults, commands under way forgotten.
    virtual void hardware_reset() = 0;
    /// SRST in the Device Control register: ends any command, leaves the signature.
    virtual void software_reset() = 0;
    /// Executes a command with the registers as they are.
    virtual void command(std::uint8_t code) = 0;
    /// EXECUTE DEVICE DIAGNOSTIC reaches both drives whichever is selected (ATA-4 8.7).
    void diagnose();

    Phase phase() const { return phase_; }
    /// Data port reads; what lies beyond the current transfer is FFh.
    void read_data(MutableByteView out);
    /// Data port writes; surplus bytes are dropped.
    void write_data(ByteView data);
    /// The bytes still to move in a DMA phase.
    MutableByteView dma_bytes();
    /// The bus master moved the first count bytes of dma_bytes().
    void dma_moved(std::size_t count);

    virtual void save(StateWriter& writer) const;
    virtual void load(StateReader& reader);

  protected:
    /// All bytes of a data phase have moved; phase() is already none.
    virtual void data_moved(Phase phase) = 0;
    /// Puts the signature into the registers (ATA-4 9.12).
    virtual void set_signature() = 0;

    /// Starts a data phase over [from, from + length) of the buffer; length > 0.
    void start_pio(Phase phase, std::size_t from, std::size_t length);
    void start_dma(Phase phase, std::size_t from, std::size_t length);
    void end_phase() { phase_ = Phase::none; }
    void raise_interrupt();

    bool alone() const { return alone_; }
    /// Makes room for at least size bytes.
    void reserve(std::size_t size);
    MutableByteView buffer() { return buffer_; }
    ByteView buffer() const { return buffer_; }

    /// No command moves more than 256 sectors of 512 bytes.
    static constexpr std::size_t buffer_limit = std::size_t{256} * 512;

  private:
    IdeCable* cable_ = nullptr;
    unsigned unit_ = 0;
    bool alone_ = true;
    TaskFile registers_;
    Phase phase_ = Phase::none;
    std::size_t position_ = 0;
    std::size_t end_ = 0;
    Bytes buffer_;
};

} // namespace ntferry::vmm
