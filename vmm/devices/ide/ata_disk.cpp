// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ide/ata_disk.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint32_t sector_size = 512;
constexpr std::uint8_t lba_bit = 0x40;
constexpr std::uint8_t default_multiple = 16;
constexpr std::uint8_t multiword_dma_2 = 0x22;
constexpr std::uint8_t pio_4 = 0x0C;

} // namespace

AtaGeometry ata_geometry(std::uint64_t disk_sectors, unsigned heads, unsigned sectors) {
    AtaGeometry geometry;
    if (heads >= 1 && heads <= 16)
        geometry.heads = static_cast<std::uint8_t>(heads);
    if (sectors >= 1 && sectors <= 63)
        geometry.sectors = static_cast<std::uint8_t>(sectors);
    const std::uint64_t per_cylinder = std::uint64_t{geometry.heads} * geometry.sectors;
    geometry.cylinders =
        static_cast<std::uint16_t>(std::clamp<std::uint64_t>(disk_sectors / per_cylinder, 1, 16383));
    return geometry;
}

AtaDisk::AtaDisk(DiskBackend& disk, AtaDiskOptions options)
    : disk_(disk), options_(std::move(options)),
      sectors_(static_cast<std::uint32_t>(std::min<std::uint64_t>(disk.size() / sector_size, lba28_limit))),
      default_geometry_(options_.geometry.value_or(ata_geometry(sectors_))) {
    if (default_geometry_.heads < 1 || default_geometry_.heads > 16 || default_geometry_.sectors < 1 ||
        default_geometry_.sectors > 63)
        throw Error("IDE disk",
                    "the task file cannot address " + std::to_string(default_geometry_.heads) +
                        " heads and " + std::to_string(default_geometry_.sectors) + " sectors",
                    "use 1 to 16 heads and 1 to 63 sectors", ErrorKind::usage);
    AtaDisk::hardware_reset();
}

AtaDisk::~AtaDisk() {
    stop();
}

void AtaDisk::stop() {
    if (stage_ != Stage::idle)
        disk_.cancel_all();
    stage_ = Stage::idle;
    kind_ = Kind::none;
    end_phase();
}

void AtaDisk::set_signature() {
    TaskFile& r = registers();
    r.count = 1;
    r.lba_low = 1;
    r.lba_mid = r.lba_high = r.device = 0;
    r.error = 0x01;
    r.status = ata_status::drdy | ata_status::dsc;
}

void AtaDisk::hardware_reset() {
    stop();
    geometry_ = default_geometry_;
    multiple_ = default_multiple;
    // As a BIOS would leave it. NT 4.0's first atapi.sys with DMA knows multiword modes only (Q164378).
    transfer_mode_ = options_.dma ? multiword_dma_2 : pio_4;
    write_cache_ = look_ahead_ = true;
    standby_ = false;
    registers() = {};
    set_signature();
}

void AtaDisk::software_reset() {
    stop();
    set_signature();
}

void AtaDisk::complete() {
    kind_ = Kind::none;
    registers().status = ata_status::drdy | ata_status::dsc;
    raise_interrupt();
}

void AtaDisk::fail(std::uint8_t error, std::uint8_t extra_status) {
    kind_ = Kind::none;
    end_phase();
    registers().error = error;
    registers().status =
        static_cast<std::uint8_t>(ata_status::drdy | ata_status::dsc | ata_status::err | extra_status);
    raise_interrupt();
}

void AtaDisk::fail_at(std::uint32_t lba, std::uint8_t error, std::uint8_t extra_status) {
    set_address(lba);
    fail(error, extra_status);
}

std::optional<std::uint32_t> AtaDisk::requested_lba() const {
    const TaskFile& r = registers();
    const std::uint32_t head = r.device & 0x0FU;
    if ((r.device & lba_bit) != 0)
        return head << 24U | std::uint32_t{r.lba_high} << 16U | std::uint32_t{r.lba_mid} << 8U | r.lba_low;
    if (r.lba_low == 0 || r.lba_low > geometry_.sectors || head >= geometry_.heads)
        return std::nullopt;
    const std::uint32_t cylinder = std::uint32_t{r.lba_high} << 8U | r.lba_mid;
    return (cylinder * geometry_.heads + head) * geometry_.sectors + r.lba_low - 1U;
}

void AtaDisk::set_address(std::uint32_t lba) {
    TaskFile& r = registers();
    std::uint32_t head = lba >> 24U;
    if ((r.device & lba_bit) != 0) {
        r.lba_low = static_cast<std::uint8_t>(lba);
        r.lba_mid = static_cast<std::uint8_t>(lba >> 8U);
        r.lba_high = static_cast<std::uint8_t>(lba >> 16U);
    } else {
        const std::uint32_t track = lba / geometry_.sectors;
        const std::uint32_t cylinder = track / geometry_.heads;
        head = track % geometry_.heads;
        r.lba_low = static_cast<std::uint8_t>(lba % geometry_.sectors + 1);
        r.lba_mid = static_cast<std::uint8_t>(cylinder);
        r.lba_high = static_cast<std::uint8_t>(cylinder >> 8U);
    }
    r.device = static_cast<std::uint8_t>((r.device & 0xF0U) | (head & 0x0FU));
}

void AtaDisk::start_media_command(Kind kind, std::uint32_t sectors_per_block) {
    const std::optional<std::uint32_t> lba = requested_lba();
    const std::uint32_t count = registers().count == 0 ? 256 : registers().count;
    if (!lba || *lba >= sectors_)
        return fail(ata_error::idnf);
    if (count > sectors_ - *lba)
        return fail_at(sectors_, ata_error::idnf); // the first sector that does not exist
    const bool writes = kind == Kind::write_pio || kind == Kind::write_dma;
    if (writes && disk_.read_only())
        return fail(ata_error::abrt);

    standby_ = false;
    kind_ = kind;
    lba_ = *lba;
    count_ = count;
    block_ = sectors_per_block;
    moved_ = good_ = 0;
    single_ = false;
    reserve(std::size_t{count} * sector_size);
    registers().error = 0;
    registers().status = ata_status::drdy | ata_status::dsc;
    if (kind == Kind::write_pio)
        next_write_block(); // no interrupt before the first block (ATA-4 9.8)
    else if (kind == Kind::write_dma)
        start_dma(Phase::dma_out, 0, std::size_t{count} * sector_size);
    else
        submit(Stage::reading);
}

/// Hands the whole command, or after an error its next sector, to the back end. at_once: it may be answered
/// before this returns.
void AtaDisk::submit(Stage stage, bool at_once) {
    stage_ = stage;
    registers().status = ata_status::bsy | ata_status::drdy | ata_status::dsc;
    if (stage == Stage::flushing) {
        disk_.submit(DiskBackend::Operation::flush, 0, {}, [this](int error) { submitted_done(error); });
        return;
    }
    const std::uint32_t count = single_ ? 1 : count_ - good_;
    const std::uint64_t offset = (std::uint64_t{lba_} + good_) * sector_size;
    const MutableByteView data =
        buffer().subspan(std::size_t{good_} * sector_size, std::size_t{count} * sector_size);
    if (stage == Stage::reading && at_once && !single_ && disk_.read_now(offset, data))
        return submitted_done(0);
    disk_.submit(stage == Stage::reading ? DiskBackend::Operation::read : DiskBackend::Operation::write,
                 offset, data, [this](int error) { submitted_done(error); });
}

void AtaDisk::submitted_done(int error) {
    const Stage stage = stage_;
    stage_ = Stage::idle;
    if (stage == Stage::flushing) {
        registers().status = ata_status::drdy | ata_status::dsc;
        if (error != 0)
            return fail(ata_error::abrt, ata_status::df);
        return complete();
    }
    if (error != 0 && !single_ && count_ > 1) {
        single_ = true; // the host may be told which sector is bad and get those before it
        return submit(stage);
    }
    if (error == 0)
        good_ = single_ ? good_ + 1 : count_;
    if (error == 0 && good_ < count_)
        return submit(stage);
    registers().status = ata_status::drdy | ata_status::dsc;
    if (stage == Stage::reading)
        media_data_ready();
    else
        media_write_done();
}

void AtaDisk::media_data_ready() {
    switch (kind_) {
    case Kind::read_pio:
        return next_read_block();
    case Kind::read_dma:
        if (good_ < count_)
            return fail_at(lba_ + good_, ata_error::unc);
        return start_dma(Phase::dma_in, 0, std::size_t{count_} * sector_size);
    default: // verify
        if (good_ < count_)
            return fail_at(lba_ + good_, ata_error::unc);
        set_address(lba_ + count_ - 1);
        registers().count = 0;
        return complete();
    }
}

void AtaDisk::media_write_done() {
    if (good_ < count_)
        return fail_at(lba_ + good_, ata_error::abrt, ata_status::df);
    set_address(lba_ + count_ - 1);
    registers().count = 0;
    if (!write_cache_)
        return start_flush();
    complete();
}

void AtaDisk::start_flush() {
    kind_ = Kind::flush;
    registers().error = 0;
    submit(Stage::flushing);
}

void AtaDisk::next_read_block() {
    if (moved_ >= good_)
        return fail_at(lba_ + good_, ata_error::unc);
    const std::uint32_t sectors = std::min(block_, good_ - moved_);
    start_pio(Phase::pio_in, std::size_t{moved_} * sector_size, std::size_t{sectors} * sector_size);
    moved_ += sectors;
    raise_interrupt();
}

void AtaDisk::next_write_block() {
    const std::uint32_t sectors = std::min(block_, count_ - moved_);
    start_pio(Phase::pio_out, std::size_t{moved_} * sector_size, std::size_t{sectors} * sector_size);
    moved_ += sectors;
}

void AtaDisk::data_moved(Phase phase) {
    registers().status = ata_status::drdy | ata_status::dsc;
    switch (phase) {
    case Phase::pio_in:
        if (kind_ != Kind::read_pio) {
            kind_ = Kind::none; // IDENTIFY
            return;
        }
        if (moved_ < count_)
            return next_read_block();
        set_address(lba_ + count_ - 1);
        registers().count = 0;
        kind_ = Kind::none;
        return;
    case Phase::pio_out:
        if (moved_ >= count_)
            return submit(Stage::writing);
        next_write_block();
        return raise_interrupt();
    case Phase::dma_in:
        set_address(lba_ + count_ - 1);
        registers().count = 0;
        return complete();
    default:
        return submit(Stage::writing);
    }
}

std::size_t AtaDisk::bytes_in_use() const {
    switch (kind_) {
    case Kind::none:
    case Kind::flush:
        return 0;
    case Kind::identify:
        return sector_size;
    default:
        return std::size_t{count_} * sector_size;
    }
}

void AtaDisk::save(StateWriter& writer) const {
    writer.version(1);
    IdeDrive::save(writer);
    writer.put(geometry_.cylinders);
    for (const std::uint8_t value : {geometry_.heads, geometry_.sectors, multiple_, transfer_mode_})
        writer.put(value);
    for (const bool value : {write_cache_, look_ahead_, standby_, single_})
        writer.put(value);
    writer.put(static_cast<std::uint8_t>(kind_));
    writer.put(static_cast<std::uint8_t>(stage_));
    for (const std::uint32_t value : {lba_, count_, block_, moved_, good_})
        writer.put(value);
    writer.put_bytes(buffer().first(std::min(bytes_in_use(), buffer().size())));
}

void AtaDisk::load(StateReader& reader) {
    stop();
    reader.version(1, 1);
    IdeDrive::load(reader);
    // Into locals first: a state that is refused must leave nothing behind that could not be saved.
    AtaGeometry geometry;
    geometry.cylinders = reader.get<std::uint16_t>();
    std::uint8_t multiple = 0;
    std::uint8_t transfer_mode = 0;
    for (std::uint8_t* value : {&geometry.heads, &geometry.sectors, &multiple, &transfer_mode})
        *value = reader.get<std::uint8_t>();
    bool write_cache = false;
    bool look_ahead = false;
    bool standby = false;
    bool single = false;
    for (bool* value : {&write_cache, &look_ahead, &standby, &single})
        *value = reader.get_bool();
    const auto kind = reader.get<std::uint8_t>();
    const auto stage = reader.get<std::uint8_t>();
    std::uint32_t lba = 0;
    std::uint32_t count = 0;
    std::uint32_t block = 0;
    std::uint32_t moved = 0;
    std::uint32_t good = 0;
    for (std::uint32_t* value : {&lba, &count, &block, &moved, &good})
        *value = reader.get<std::uint32_t>();
    const Bytes data = reader.get_bytes(buffer_limit);
    if (geometry.heads < 1 || geometry.heads > 16 || geometry.sectors < 1 || multiple > default_multiple ||
        kind > static_cast<std::uint8_t>(Kind::identify) ||
        stage > static_cast<std::uint8_t>(Stage::flushing) || count > 256 || lba > sectors_ ||
        count > sectors_ - lba || moved > count || good > count || block < 1 || block > 256)
        throw Error({}, "saved state of an IDE disk does not fit the disk");
    const auto saved_stage = static_cast<Stage>(stage);
    if ((saved_stage == Stage::reading || saved_stage == Stage::writing) && good >= count)
        throw Error({}, "saved state of an IDE disk holds a finished command as unfinished");
    geometry_ = geometry;
    multiple_ = multiple;
    transfer_mode_ = transfer_mode;
    write_cache_ = write_cache;
    look_ahead_ = look_ahead;
    standby_ = standby;
    single_ = single;
    kind_ = static_cast<Kind>(kind);
    lba_ = lba;
    count_ = count;
    block_ = block;
    moved_ = moved;
    good_ = good;
    reserve(std::max<std::size_t>(data.size(), std::size_t{count_} * sector_size));
    std::copy(data.begin(), data.end(), buffer().begin());
    // What the medium had not answered is asked again: reading and writing twice is the same as once.
    if (saved_stage != Stage::idle)
        submit(saved_stage, false); // the other devices' states are not loaded yet
}

} // namespace ntferry::vmm
