// AtapiCdrom: an ATAPI CD-ROM drive in front of a DiskBackend with 2048-byte blocks.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// SFF-8020i rev. 2.6 (ATA Packet Interface for CD-ROMs), ANSI NCITS 317-1998
// (PACKET protocol), MMC-2 (GET CONFIGURATION, GET EVENT STATUS NOTIFICATION).
// Data tracks only: an ISO image has no audio.
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/devices/ide/ide_drive.hpp"

#include <array>
#include <functional>
#include <string>

namespace ntferry::vmm {

struct AtapiCdromOptions {
    std::string serial = "NTF00000002";
    std::string vendor = "NTFERRY"; ///< INQUIRY, at most 8 characters
    std::string product = "CD-ROM"; ///< at most 16
    std::string revision = "1.0";   ///< at most 4
    bool dma = true;
};

class AtapiCdrom final : public IdeDrive {
  public:
    static constexpr std::uint32_t block_size = 2048;

    /// @param medium nullptr: no disc. Lives until it is ejected or replaced.
    AtapiCdrom(DiskBackend* medium, AtapiCdromOptions options);
    ~AtapiCdrom() override;

    // The buttons of the drive, for the machine's control channel.

    /// The guest has locked the tray.
    bool locked() const { return locked_; }
    bool tray_open() const { return tray_open_; }
    DiskBackend* medium() const { return medium_; }
    /// Opens the tray and takes the disc out; a read under way fails. False when
    /// the guest locked the tray and force is not set.
    bool eject(bool force);
    /// Puts a disc in, replacing another one, and closes the tray. False when
    /// locked, as above.
    bool insert(DiskBackend& medium, bool force);
    /// Called after the guest opened (true) or closed the tray itself; the disc
    /// stays in it.
    std::function<void(bool open)> tray_moved;

    bool dma_capable() const override { return options_.dma; }
    void hardware_reset() override;
    void software_reset() override;
    void command(std::uint8_t code) override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;

  private:
    enum class Stage : std::uint8_t { idle, packet, reading, data_in, data_out };
    struct Sense {
        std::uint8_t key;
        std::uint8_t code;
        std::uint8_t qualifier;
        bool operator==(const Sense&) const = default;
    };
    using Packet = std::array<std::uint8_t, 12>;

    void data_moved(Phase phase) override;
    void set_signature() override;

    // The packet protocol.
    void start_packet();
    void finish();
    void check(Sense sense);
    void reply(const Bytes& data, std::size_t allocation_length);
    void start_read(std::uint32_t lba, std::uint32_t blocks);
    void refill();
    void refilled(int error);
    void offer_data();
    void stop();
    void abort_command();
    void identify_packet();

    // Packet commands.
    void execute(const Packet& packet);
    bool refuse_for_medium(std::uint8_t code);
    void start_stop(const Packet& packet);
    void read_toc(const Packet& packet);
    void mode_sense(const Packet& packet);
    void get_configuration(const Packet& packet);
    void get_event_status(const Packet& packet);
    void read_cd(const Packet& packet);
    bool ready() const { return medium_ != nullptr && !tray_open_ && medium_->size() >= block_size; }
    std::uint32_t blocks() const;
    void medium_changed();

    AtapiCdromOptions options_;
    DiskBackend* medium_;
    bool tray_open_ = false;
    bool locked_ = false;
    bool unit_attention_ = false;
    std::uint8_t media_event_ = 0; ///< GET EVENT STATUS NOTIFICATION: 0 none, 2 new medium, 3 removed
    std::uint8_t transfer_mode_ = 0;
    Sense sense_{};

    Stage stage_ = Stage::idle;
    bool use_dma_ = false;
    std::uint32_t limit_ = 0xFFFE; ///< bytes a DRQ burst may have
    std::uint32_t lba_ = 0;        ///< next block to read
    std::uint32_t blocks_left_ = 0;
    std::uint32_t head_ = 0; ///< [head_, tail_) of the buffer is to be sent
    std::uint32_t tail_ = 0;
};

} // namespace ntferry::vmm
