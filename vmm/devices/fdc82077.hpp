// Fdc82077: an 82077AA floppy disk controller with two drives, DMA channel 2 and IRQ 6.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 82077AA data sheet (order 290166-007): registers 2.1, commands 5, status 6. PC-AT mode: 3F0h and
// 3F1h do not exist, DOR bit 3 gates DRQ and INTRPT. Left out: SCAN commands, deleted data marks and
// sector sizes other than 512 bytes, which a sector image does not have; the FIFO threshold.
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/bus/clock.hpp"
#include "vmm/bus/device.hpp"
#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/port_bus.hpp"
#include "vmm/devices/dma8237.hpp"

#include <array>
#include <optional>

namespace ntferry::vmm {

/// What is on a disk: found by its size.
struct FloppyGeometry {
    std::uint8_t cylinders = 0;
    std::uint8_t heads = 0;
    std::uint8_t sectors = 0;
    std::uint8_t rate = 0; ///< 0: 500, 1: 300, 2: 250, 3: 1000 kbit/s
    bool operator==(const FloppyGeometry&) const = default;
};

/// The standard format of that many bytes; unusual sizes get the smallest that
/// holds them.
std::optional<FloppyGeometry> floppy_geometry(std::uint64_t bytes);

class Fdc82077 final : public Device, public PortDevice {
  public:
    static constexpr unsigned drive_count = 2;

    /// Claims 3F2h-3F5h and 3F7h. @param drives how many drives are connected, 1
    /// or 2
    Fdc82077(PortBus& ports, Clock& clock, IrqLine& irq, Dma8237& dma, unsigned drives);
    ~Fdc82077() override;

    /// Puts a disk in a drive, or takes it out (nullptr); what was under way
    /// there ends. disk lives until the next call.
    void set_medium(unsigned drive, DiskBackend* disk);

    std::string_view name() const override { return "fdc"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    enum class Phase : std::uint8_t { command, busy, data_in, data_out, result };
    /// What busy waits for.
    enum class Wait : std::uint8_t { nothing, start, reading, writing, seeks };
    enum class Transfer : std::uint8_t { read, write, verify, format };
    struct Drive {
        DiskBackend* disk = nullptr;
        std::optional<FloppyGeometry> geometry;
        std::uint8_t cylinder = 0;
        bool changed = true; ///< DSKCHG
        bool seeking = false;
        std::uint8_t seek_status = 0; ///< ST0 that SENSE INTERRUPT STATUS will give
        bool seek_done = false;
    };

    std::uint8_t read_port(std::uint16_t port);
    void write_port(std::uint16_t port, std::uint8_t value);
    std::uint8_t main_status() const;
    void write_dor(std::uint8_t value);
    void soft_reset();
    void leave_reset();
    void set_interrupt(bool active);
    void update_line();
    bool dma_mode() const { return (dor_ & 0x08U) != 0 && (specify_[1] & 1U) == 0; }

    // Command and result phases (fdc82077.cpp, fdc_commands.cpp).
    void command_byte(std::uint8_t value);
    static unsigned command_length(std::uint8_t code);
    void execute();
    void results(std::initializer_list<std::uint8_t> bytes, bool interrupt);
    void sense_interrupt();
    void sense_drive();
    void start_seek(unsigned drive, int target, bool recalibrate);
    void seeks_done();
    void read_id();
    void dump_registers();

    // Data transfers (fdc_transfer.cpp).
    void start_transfer(Transfer kind);
    void begin_transfer();
    void start_run();
    void submit(DiskBackend::Operation operation, std::uint32_t sectors);
    void run_read(int error);
    void run_written(int error);
    void fill_run();
    void write_run();
    void run_moved(std::size_t bytes, bool terminal_count);
    void format_sectors();
    void format_next();
    void data_byte_out(std::uint8_t value);
    std::uint8_t data_byte_in();
    void finish(std::uint8_t st0, std::uint8_t st1, std::uint8_t st2);
    void advance_address(std::uint32_t sectors);
    void cancel();
    void timer_expired();
    std::uint32_t run_sectors() const;
    Drive& unit() { return drives_[command_[1] & 1U]; }
    bool drive_exists(unsigned drive) const { return drive < connected_; }

    static constexpr std::size_t max_run = std::size_t{64} * 512;

    PortBus& ports_;
    Clock& clock_;
    IrqLine& irq_;
    Dma8237& dma_;
    unsigned connected_;
    std::array<Drive, drive_count> drives_;
    Timer timer_;

    std::uint8_t dor_ = 0;
    std::uint8_t tdr_ = 0;
    std::uint8_t rate_ = 2;
    bool interrupt_ = false;
    bool line_ = false;
    std::uint8_t reset_status_left_ = 0; ///< drives whose reset SENSE INTERRUPT STATUS still reports
    std::array<std::uint8_t, 2> specify_{};
    std::uint8_t configure_ = 0x20; ///< EIS 6, EFIFO 5, POLL 4, FIFOTHR 3-0
    std::uint8_t precompensation_ = 0;
    std::uint8_t perpendicular_ = 0;
    bool lock_ = false;

    Phase phase_ = Phase::command;
    Wait wait_ = Wait::nothing;
    std::array<std::uint8_t, 9> command_{};
    std::uint8_t command_bytes_ = 0;
    std::array<std::uint8_t, 10> result_{};
    std::uint8_t result_length_ = 0;
    std::uint8_t result_at_ = 0;

    Transfer transfer_ = Transfer::read;
    std::uint8_t cylinder_ = 0; ///< address of the next sector, as the command counts
    std::uint8_t head_ = 0;
    std::uint8_t sector_ = 0;
    bool terminal_count_ = false;
    std::uint32_t at_ = 0;     ///< byte in the run
    std::uint32_t length_ = 0; ///< bytes of the run
    Bytes buffer_;
};

} // namespace ntferry::vmm
