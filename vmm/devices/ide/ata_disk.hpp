// AtaDisk: a late-1990s ATA-4 hard disk (LBA28, PIO 4, multiword DMA 2, Ultra DMA 2) in front of a
// DiskBackend.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// ANSI NCITS 317-1998 (ATA/ATAPI-4), clause 8; READ/WRITE MULTIPLE and CHS addressing as NT's atapi.sys uses
// them. Left out: SMART, security, power management, removable media, overlap, READ/WRITE LONG.
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/devices/ide/ide_drive.hpp"

#include <optional>
#include <string>

namespace ntferry::vmm {

/// Cylinders, heads (1-16) and sectors per track (1-63) of IDENTIFY words 1, 3 and 6.
struct AtaGeometry {
    std::uint16_t cylinders = 0;
    std::uint8_t heads = 16;
    std::uint8_t sectors = 63;
    bool operator==(const AtaGeometry&) const = default;
};

/// The geometry a drive would show: the heads and sectors a BIOS used when the task file can express them,
/// 16 x 63 otherwise (a translating BIOS did not show its own heads to the drive); cylinders at most 16383.
/// @param heads, sectors of the INT 13h geometry; 0 when unknown
AtaGeometry ata_geometry(std::uint64_t disk_sectors, unsigned heads = 0, unsigned sectors = 0);

struct AtaDiskOptions {
    std::string serial = "NTF00000001";     ///< at most 20 ASCII characters
    std::string model = "NTFERRY HARDDISK"; ///< at most 40
    std::string firmware = "1.0";           ///< at most 8
    std::optional<AtaGeometry> geometry;    ///< ata_geometry() of the size when absent
    bool dma = true;                        ///< offer DMA modes at all
};

class AtaDisk final : public IdeDrive {
  public:
    /// ATA-4 8.12.48: words 60-61 never exceed this; NT 4.0 knows no LBA48.
    static constexpr std::uint32_t lba28_limit = 0x0FFFFFFF;

    /// @param disk lives longer than this. Sectors beyond LBA28 cannot be reached.
    /// @throws Error when options hold an impossible geometry
    AtaDisk(DiskBackend& disk, AtaDiskOptions options);
    ~AtaDisk() override;

    bool dma_capable() const override { return options_.dma; }
    void hardware_reset() override;
    void software_reset() override;
    void command(std::uint8_t code) override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;

  private:
    enum class Kind : std::uint8_t {
        none,
        read_pio,
        write_pio,
        read_dma,
        write_dma,
        verify,
        flush,
        identify
    };
    enum class Stage : std::uint8_t { idle, reading, writing, flushing };

    void data_moved(Phase phase) override;
    void set_signature() override;

    void start_media_command(Kind kind, std::uint32_t sectors_per_block);
    std::optional<std::uint32_t> requested_lba() const;
    void set_address(std::uint32_t lba);
    void submit(Stage stage, bool at_once = true);
    void submitted_done(int error);
    void media_data_ready();
    void media_write_done();
    void next_read_block();
    void next_write_block();
    void start_flush();
    void complete();
    void fail(std::uint8_t error, std::uint8_t extra_status = 0);
    void fail_at(std::uint32_t lba, std::uint8_t error, std::uint8_t extra_status = 0);
    void stop();
    /// How much of the buffer belongs to the command under way.
    std::size_t bytes_in_use() const;

    void identify();
    void set_features();
    void set_multiple();
    void initialize_parameters();
    Bytes identify_data() const;

    DiskBackend& disk_;
    AtaDiskOptions options_;
    std::uint32_t sectors_;
    AtaGeometry default_geometry_;

    AtaGeometry geometry_;           ///< INITIALIZE DEVICE PARAMETERS
    std::uint8_t multiple_ = 0;      ///< sectors per block of READ/WRITE MULTIPLE, 0: disabled
    std::uint8_t transfer_mode_ = 0; ///< SET FEATURES 03h: 08h-0Ch PIO, 20h-22h multiword, 40h-42h Ultra
    bool write_cache_ = true;
    bool look_ahead_ = true;
    bool standby_ = false;

    // The command under way.
    Kind kind_ = Kind::none;
    Stage stage_ = Stage::idle;
    std::uint32_t lba_ = 0;
    std::uint32_t count_ = 0; ///< sectors
    std::uint32_t block_ = 1; ///< sectors per DRQ block
    std::uint32_t moved_ = 0; ///< sectors that crossed the data port
    std::uint32_t good_ = 0;  ///< sectors the medium delivered or took
    bool single_ = false;     ///< after an error: one sector at a time, to find the bad one
};

} // namespace ntferry::vmm
