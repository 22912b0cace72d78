// The command set of AtaDisk. SPDX-License-Identifier: GPL-3.0-or-later
//
// ANSI NCITS 317-1998 (ATA/ATAPI-4), clause 8; word numbers of IDENTIFY DEVICE from 8.12.
#include "vmm/devices/ide/ata_disk.hpp"
#include "vmm/devices/ide/ata_identify.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t max_multiple = 16;
constexpr std::size_t sector_size = 512;

} // namespace

void AtaDisk::command(std::uint8_t code) {
    end_phase();
    registers().error = 0;
    registers().status = ata_status::drdy | ata_status::dsc;
    kind_ = Kind::none;
    switch (code) {
    case 0x20: // READ SECTORS
    case 0x21:
        return start_media_command(Kind::read_pio, 1);
    case 0x30: // WRITE SECTORS
    case 0x31:
    case 0x3C: // WRITE VERIFY
        return start_media_command(Kind::write_pio, 1);
    case 0xC4: // READ MULTIPLE
        return multiple_ == 0 ? fail(ata_error::abrt) : start_media_command(Kind::read_pio, multiple_);
    case 0xC5: // WRITE MULTIPLE
        return multiple_ == 0 ? fail(ata_error::abrt) : start_media_command(Kind::write_pio, multiple_);
    case 0xC8: // READ DMA
    case 0xC9:
        return options_.dma ? start_media_command(Kind::read_dma, 1) : fail(ata_error::abrt);
    case 0xCA: // WRITE DMA
    case 0xCB:
        return options_.dma ? start_media_command(Kind::write_dma, 1) : fail(ata_error::abrt);
    case 0x40: // READ VERIFY SECTORS
    case 0x41:
        return start_media_command(Kind::verify, 1);
    case 0xC6:
        return set_multiple();
    case 0x91:
        return initialize_parameters();
    case 0xE7: // FLUSH CACHE
        return start_flush();
    case 0xEC:
        return identify();
    case 0xEF:
        return set_features();
    case 0xF8: { // READ NATIVE MAX ADDRESS
        registers().device |= 0x40;
        set_address(sectors_ == 0 ? 0 : sectors_ - 1);
        return complete();
    }
    case 0xE5: // CHECK POWER MODE
    case 0x98:
        registers().count = standby_ ? 0x00 : 0xFF;
        return complete();
    case 0xE0: // STANDBY IMMEDIATE
    case 0x94:
    case 0xE2: // STANDBY
    case 0x96:
    case 0xE6: // SLEEP
    case 0x99:
        standby_ = true;
        return complete();
    case 0xE1: // IDLE IMMEDIATE
    case 0x95:
    case 0xE3: // IDLE
    case 0x97:
        standby_ = false;
        return complete();
    default:
        break;
    }
    if ((code & 0xF0U) == 0x10) // RECALIBRATE, obsolete since ATA-4
        return complete();
    if ((code & 0xF0U) == 0x70) { // SEEK
        const std::optional<std::uint32_t> lba = requested_lba();
        return lba && *lba < sectors_ ? complete() : fail(ata_error::idnf);
    }
    fail(ata_error::abrt); // NOP is defined to do the same (8.20)
}

void AtaDisk::set_multiple() {
    const std::uint8_t count = registers().count;
    if (count > max_multiple || (count & (count - 1)) != 0)
        return fail(ata_error::abrt);
    multiple_ = count;
    complete();
}

void AtaDisk::initialize_parameters() {
    const auto heads = static_cast<std::uint8_t>((registers().device & 0x0FU) + 1);
    const std::uint8_t sectors = registers().count;
    if (sectors == 0)
        return fail(ata_error::abrt);
    const std::uint32_t cylinders = sectors_ / (std::uint32_t{heads} * sectors);
    geometry_ = {static_cast<std::uint16_t>(std::min<std::uint32_t>(cylinders, 0xFFFF)), heads, sectors};
    complete();
}

void AtaDisk::set_features() {
    switch (registers().features) {
    case 0x02:
        write_cache_ = true;
        return complete();
    case 0x82:
        write_cache_ = false;
        return start_flush(); // what was written before has to be on the medium
    case 0xAA:
        look_ahead_ = true;
        return complete();
    case 0x55:
        look_ahead_ = false;
        return complete();
    case 0x66: // keep settings over a software reset
    case 0xCC: // revert to defaults
        return complete();
    case 0x03: {
        const std::uint8_t mode = registers().count;
        const bool pio = mode <= 0x01 || (mode >= 0x08 && mode <= 0x0C);
        const bool dma = options_.dma && ((mode >= 0x20 && mode <= 0x22) || (mode >= 0x40 && mode <= 0x42));
        if (!pio && !dma)
            return fail(ata_error::abrt);
        if (dma)
            transfer_mode_ = mode;
        return complete();
    }
    default:
        return fail(ata_error::abrt);
    }
}

void AtaDisk::identify() {
    const Bytes data = identify_data();
    reserve(sector_size);
    std::copy(data.begin(), data.end(), buffer().begin());
    kind_ = Kind::identify;
    start_pio(Phase::pio_in, 0, sector_size);
    raise_interrupt();
}

Bytes AtaDisk::identify_data() const {
    IdentifyData id;
    id.set(0, 0x0040); // fixed drive
    id.set(1, default_geometry_.cylinders);
    id.set(3, default_geometry_.heads);
    id.set(4, static_cast<std::uint16_t>(sector_size * default_geometry_.sectors)); // ATA-1: bytes a track
    id.set(5, sector_size);
    id.set(6, default_geometry_.sectors);
    id.text(10, 10, options_.serial);
    id.set(20, 3);   // dual-ported buffer with read cache
    id.set(21, 512); // buffer size in sectors
    id.set(22, 4);   // ECC bytes
    id.text(23, 4, options_.firmware);
    id.text(27, 20, options_.model);
    id.set(47, 0x8000U | max_multiple);
    id.set(48, 0x0001);                           // 32-bit data port access works
    id.set(49, options_.dma ? 0x0F00U : 0x0E00U); // IORDY, may be disabled, LBA, DMA
    id.set(51, 0x0200);                           // PIO cycle timing mode 2
    id.set(52, 0x0200);                           // single word DMA timing mode 2
    id.set(53, 0x0007);                           // words 54-58, 64-70, 88 are valid
    id.set(54, geometry_.cylinders);
    id.set(55, geometry_.heads);
    id.set(56, geometry_.sectors);
    const std::uint32_t chs = std::uint32_t{geometry_.cylinders} * geometry_.heads * geometry_.sectors;
    id.set32(57, std::min(chs, sectors_));
    id.set(59, multiple_ != 0 ? 0x0100U | multiple_ : 0U);
    id.set32(60, sectors_);
    id.set_transfer_modes(options_.dma, transfer_mode_);
    id.set(80, 0x001E); // ATA-1 to ATA-4
    id.set(81, 0x0011); // ATA-4 T13 1153D revision 17
    id.set(82, 0x4060); // NOP; look-ahead, write cache
    id.set(83, 0x4000);
    id.set(84, 0x4000);
    id.set(85, 0x4000U | (write_cache_ ? 0x20U : 0U) | (look_ahead_ ? 0x40U : 0U));
    id.set(86, 0x0000);
    id.set(87, 0x4000);
    id.set_reset_result(unit(), alone());
    return id.take();
}

} // namespace ntferry::vmm
