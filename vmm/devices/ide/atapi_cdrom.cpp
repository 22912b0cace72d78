// The packet protocol of AtapiCdrom. SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ide/atapi_cdrom.hpp"
#include "vmm/devices/ide/ata_identify.hpp"

#include <algorithm>
#include <cstring>

namespace ntferry::vmm {
namespace {

// The sector count register is the interrupt reason (SFF-8020i 7.2).
constexpr std::uint8_t reason_command = 0x01;
constexpr std::uint8_t reason_data_in = 0x02;
constexpr std::uint8_t reason_status = 0x03;
constexpr std::size_t packet_size = 12;
constexpr std::uint32_t read_ahead_blocks = 32;
constexpr std::uint32_t bytes_at_once = (read_ahead_blocks + 32) * AtapiCdrom::block_size;
constexpr std::uint8_t multiword_dma_2 = 0x22;

} // namespace

AtapiCdrom::AtapiCdrom(DiskBackend* medium, AtapiCdromOptions options)
    : options_(std::move(options)), medium_(medium) {
    AtapiCdrom::hardware_reset();
}

AtapiCdrom::~AtapiCdrom() {
    stop();
}

void AtapiCdrom::stop() {
    if (stage_ == Stage::reading && medium_ != nullptr)
        medium_->cancel_all();
    stage_ = Stage::idle;
    blocks_left_ = head_ = tail_ = 0;
    end_phase();
}

void AtapiCdrom::set_signature() {
    TaskFile& r = registers();
    r.count = r.lba_low = 1;
    r.lba_mid = 0x14;
    r.lba_high = 0xEB;
    r.device = 0;
    r.error = 0x01;
    r.status = 0; // DRDY comes with the first command
}

void AtapiCdrom::hardware_reset() {
    stop();
    registers() = {};
    locked_ = false;
    sense_ = {};
    transfer_mode_ = options_.dma ? multiword_dma_2 : 0;
    set_signature();
}

void AtapiCdrom::software_reset() {
    stop();
    set_signature();
}

void AtapiCdrom::abort_command() {
    registers().error = ata_error::abrt;
    registers().status = ata_status::drdy | ata_status::err;
    raise_interrupt();
}

void AtapiCdrom::command(std::uint8_t code) {
    stop();
    registers().error = 0;
    registers().status = ata_status::drdy | ata_status::dsc;
    switch (code) {
    case 0x08: // DEVICE RESET: no interrupt
        return software_reset();
    case 0xA0:
        return start_packet();
    case 0xA1:
        return identify_packet();
    case 0xEF: { // SET FEATURES
        const std::uint8_t mode = registers().count;
        if (registers().features == 0x03 && options_.dma && (mode & 0xF8U) >= 0x20)
            transfer_mode_ = mode;
        [[fallthrough]];
    }
    case 0xE0: // power management: there is nothing to spin down
    case 0xE1:
    case 0xE2:
    case 0xE3:
    case 0xE6:
        return raise_interrupt();
    case 0xE5:
        registers().count = 0xFF;
        return raise_interrupt();
    case 0xEC: // IDENTIFY DEVICE and READ SECTORS abort with the signature
               // (ATA-4 9.12)
    case 0x20:
        set_signature();
        return abort_command();
    default:
        return abort_command();
    }
}

void AtapiCdrom::identify_packet() {
    IdentifyData id;
    id.set(0,
           0x85C0); // ATAPI, CD-ROM, removable, DRQ within 50 us, 12-byte packets
    id.text(10, 10, options_.serial);
    id.text(23, 4, options_.revision);
    id.text(27, 20, options_.vendor + " " + options_.product);
    id.set(49, options_.dma ? 0x0F00U : 0x0E00U);
    id.set(51, 0x0200);
    id.set(53, 0x0006);
    id.set_transfer_modes(options_.dma, transfer_mode_);
    id.set(71, 30); // ns to bus release and to clearing BSY: typical values
    id.set(72, 30);
    id.set(80, 0x001E);
    id.set(81, 0x0011);
    id.set(82, 0x0214); // DEVICE RESET, PACKET, removable
    id.set(83, 0x4000);
    id.set(84, 0x4000);
    id.set(85, 0x0214);
    id.set(87, 0x4000);
    id.set_reset_result(unit(), alone());
    const Bytes data = id.take();
    reserve(data.size());
    std::copy(data.begin(), data.end(), buffer().begin());
    tail_ = static_cast<std::uint32_t>(data.size());
    stage_ = Stage::idle;
    start_pio(Phase::pio_in, 0, data.size());
    raise_interrupt();
}

void AtapiCdrom::start_packet() {
    TaskFile& r = registers();
    use_dma_ = options_.dma && (r.features & 1U) != 0;
    // Odd limits cannot end a burst; 0 and FFFFh mean the largest even number
    // (SFF-8020i 7.4).
    const std::uint32_t limit = (std::uint32_t{r.lba_high} << 8U | r.lba_mid) & 0xFFFEU;
    limit_ = limit == 0 ? 0xFFFE : limit;
    r.count = reason_command;
    stage_ = Stage::packet;
    start_pio(Phase::pio_out, 0, packet_size);
}

void AtapiCdrom::finish() {
    stop();
    registers().count = reason_status;
    registers().error = 0;
    registers().status = ata_status::drdy | ata_status::dsc;
    raise_interrupt();
}

void AtapiCdrom::check(Sense sense) {
    stop();
    sense_ = sense;
    registers().count = reason_status;
    registers().error = static_cast<std::uint8_t>(sense.key << 4U | (sense.key == 5 ? ata_error::abrt : 0U));
    registers().status = ata_status::drdy | ata_status::err;
    raise_interrupt();
}

void AtapiCdrom::reply(const Bytes& data, std::size_t allocation_length) {
    const std::size_t length = std::min(data.size(), allocation_length);
    if (length == 0)
        return finish();
    reserve(length);
    std::copy_n(data.begin(), length, buffer().begin());
    head_ = 0;
    tail_ = static_cast<std::uint32_t>(length);
    blocks_left_ = 0;
    offer_data();
}

void AtapiCdrom::start_read(std::uint32_t lba, std::uint32_t count) {
    if (lba > blocks() || count > blocks() - lba)
        return check({0x05, 0x21, 0x00}); // logical block address out of range
    if (count == 0)
        return finish();
    lba_ = lba;
    blocks_left_ = count;
    head_ = tail_ = 0;
    refill();
}

/// Reads on behind what is still to be sent.
void AtapiCdrom::refill() {
    reserve(bytes_at_once);
    std::memmove(buffer().data(), buffer().data() + head_, tail_ - head_);
    tail_ -= head_;
    head_ = 0;
    const std::uint32_t count = std::min(blocks_left_, read_ahead_blocks);
    stage_ = Stage::reading;
    registers().status = ata_status::bsy | ata_status::drdy;
    medium_->submit(DiskBackend::Operation::read, std::uint64_t{lba_} * block_size,
                    buffer().subspan(tail_, std::size_t{count} * block_size),
                    [this](int error) { refilled(error); });
}

void AtapiCdrom::refilled(int error) {
    stage_ = Stage::idle;
    if (error != 0)
        return check({0x03, 0x11, 0x00}); // unrecovered read error
    const std::uint32_t count = std::min(blocks_left_, read_ahead_blocks);
    tail_ += count * block_size;
    lba_ += count;
    blocks_left_ -= count;
    offer_data();
}

/// The next burst: as many bytes as the host's limit allows, or the whole
/// buffer by DMA.
void AtapiCdrom::offer_data() {
    const std::uint64_t left = std::uint64_t{tail_} - head_ + std::uint64_t{blocks_left_} * block_size;
    const auto burst = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, limit_));
    const std::uint32_t ready = tail_ - head_;
    if (left == 0)
        return finish();
    if (blocks_left_ != 0 && (ready == 0 || (!use_dma_ && ready < burst)))
        return refill();
    stage_ = Stage::data_in;
    TaskFile& r = registers();
    r.count = reason_data_in;
    r.status = ata_status::drdy | ata_status::dsc;
    const std::uint32_t from = head_;
    if (use_dma_) {
        head_ = tail_;
        return start_dma(Phase::dma_in, from, ready);
    }
    r.lba_mid = static_cast<std::uint8_t>(burst);
    r.lba_high = static_cast<std::uint8_t>(burst >> 8U);
    head_ += burst;
    start_pio(Phase::pio_in, from, burst);
    raise_interrupt();
}

void AtapiCdrom::data_moved(Phase) {
    registers().status = ata_status::drdy | ata_status::dsc;
    switch (stage_) {
    case Stage::packet: {
        Packet packet{};
        std::copy_n(buffer().begin(), packet.size(), packet.begin());
        stage_ = Stage::idle;
        return execute(packet);
    }
    case Stage::data_in:
        return offer_data();
    case Stage::data_out: // MODE SELECT: nothing in the pages can be changed
        return finish();
    default: // IDENTIFY PACKET DEVICE
        tail_ = 0;
        return;
    }
}

void AtapiCdrom::medium_changed() {
    unit_attention_ = ready();
    media_event_ = ready() ? 2 : 3;
}

bool AtapiCdrom::eject(bool force) {
    if (locked_ && !force)
        return false;
    const bool reading = stage_ == Stage::reading;
    if (reading)
        medium_->cancel_all();
    tray_open_ = true;
    locked_ = false;
    medium_ = nullptr;
    medium_changed();
    if (stage_ != Stage::idle && (reading || blocks_left_ != 0)) {
        stage_ = Stage::idle;
        check({0x02, 0x3A, 0x02});
    }
    return true;
}

bool AtapiCdrom::insert(DiskBackend& medium, bool force) {
    if (!eject(force))
        return false;
    medium_ = &medium;
    tray_open_ = false;
    medium_changed();
    return true;
}

void AtapiCdrom::save(StateWriter& writer) const {
    writer.version(1);
    IdeDrive::save(writer);
    for (const bool value : {tray_open_, locked_, unit_attention_, use_dma_})
        writer.put(value);
    for (const std::uint8_t value : {media_event_, transfer_mode_, sense_.key, sense_.code, sense_.qualifier,
                                     static_cast<std::uint8_t>(stage_)})
        writer.put(value);
    for (const std::uint32_t value : {limit_, lba_, blocks_left_, head_, tail_})
        writer.put(value);
    // A packet that is still being written lies in front, everything else below
    // tail_.
    const std::size_t used = stage_ == Stage::packet ? packet_size : tail_;
    writer.put_bytes(buffer().first(std::min(used, buffer().size())));
}

void AtapiCdrom::load(StateReader& reader) {
    stop();
    reader.version(1, 1);
    IdeDrive::load(reader);
    for (bool* value : {&tray_open_, &locked_, &unit_attention_, &use_dma_})
        *value = reader.get_bool();
    std::uint8_t stage = 0;
    for (std::uint8_t* value :
         {&media_event_, &transfer_mode_, &sense_.key, &sense_.code, &sense_.qualifier, &stage})
        *value = reader.get<std::uint8_t>();
    for (std::uint32_t* value : {&limit_, &lba_, &blocks_left_, &head_, &tail_})
        *value = reader.get<std::uint32_t>();
    const Bytes data = reader.get_bytes(bytes_at_once);
    const bool medium_needed = blocks_left_ != 0 || static_cast<Stage>(stage) == Stage::reading;
    if (stage > static_cast<std::uint8_t>(Stage::data_out) || limit_ == 0 || limit_ > 0xFFFE ||
        head_ > tail_ || tail_ > bytes_at_once || (medium_needed && !ready()) ||
        (medium_needed && (lba_ > blocks() || blocks_left_ > blocks() - lba_)) ||
        (static_cast<Stage>(stage) == Stage::reading &&
         (blocks_left_ == 0 || tail_ - head_ > read_ahead_blocks * block_size))) {
        limit_ = 0xFFFE;
        blocks_left_ = head_ = tail_ = 0;
        throw Error({}, "saved state of a CD-ROM drive does not fit the disc in it",
                    "start the machine with the disc that was in it");
    }
    reserve(bytes_at_once);
    std::copy(data.begin(), data.end(), buffer().begin());
    if (static_cast<Stage>(stage) == Stage::reading)
        refill();
    else
        stage_ = static_cast<Stage>(stage);
}

} // namespace ntferry::vmm
