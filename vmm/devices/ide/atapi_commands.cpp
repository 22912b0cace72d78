// The packet commands of AtapiCdrom. SPDX-License-Identifier: GPL-3.0-or-later
//
// SFF-8020i rev. 2.6, clause 10; MMC-2 (NCITS 333-2000) for commands 46h and
// 4Ah. Sense codes: SFF-8020i table 139.
#include "vmm/devices/ide/atapi_cdrom.hpp"

#include <algorithm>
#include <string_view>

namespace ntferry::vmm {
namespace {

std::uint16_t be16(ByteView bytes, std::size_t at) {
    return load_be<std::uint16_t>(bytes, at);
}

std::uint32_t be32(ByteView bytes, std::size_t at) {
    return load_be<std::uint32_t>(bytes, at);
}

void append_text(Bytes& out, std::string_view text, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i)
        out.push_back(i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{' '});
}

void append_be16(Bytes& out, unsigned value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8U));
    out.push_back(static_cast<std::uint8_t>(value));
}

void append_be32(Bytes& out, std::uint32_t value) {
    append_be16(out, value >> 16U);
    append_be16(out, value & 0xFFFFU);
}

/// A block address as four bytes, or as minute, second, frame counted from 150
/// blocks before block 0.
void append_address(Bytes& out, std::uint32_t lba, bool msf) {
    if (!msf)
        return append_be32(out, lba);
    const std::uint32_t frames = lba + 150;
    out.push_back(0);
    out.push_back(static_cast<std::uint8_t>(std::min<std::uint32_t>(frames / (60 * 75), 0xFF)));
    out.push_back(static_cast<std::uint8_t>(frames / 75 % 60));
    out.push_back(static_cast<std::uint8_t>(frames % 75));
}

constexpr std::uint8_t data_track = 0x14; // ADR 1, data, no copy
constexpr std::uint8_t lead_out = 0xAA;

} // namespace

std::uint32_t AtapiCdrom::blocks() const {
    if (!ready())
        return 0;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(medium_->size() / block_size, 0xFFFFFFFF));
}

/// Commands that need a disc, or at least have to hear that it changed.
bool AtapiCdrom::refuse_for_medium(std::uint8_t code) {
    switch (code) {
    case 0x03: // REQUEST SENSE
    case 0x12: // INQUIRY
    case 0x46: // GET CONFIGURATION
    case 0x4A: // GET EVENT STATUS NOTIFICATION
        return false;
    default:
        break;
    }
    if (unit_attention_) {
        unit_attention_ = false;
        check({0x06, 0x28, 0x00}); // medium may have changed
        return true;
    }
    switch (code) {
    case 0x00: // TEST UNIT READY
    case 0x25: // READ CAPACITY
    case 0x28: // READ(10)
    case 0x2B: // SEEK
    case 0x42: // READ SUB-CHANNEL
    case 0x43: // READ TOC
    case 0x44: // READ HEADER
    case 0x45: // PLAY AUDIO(10)
    case 0x47: // PLAY AUDIO MSF
    case 0x4E: // STOP PLAY/SCAN
    case 0xA5: // PLAY AUDIO(12)
    case 0xA8: // READ(12)
    case 0xB9: // READ CD MSF
    case 0xBE: // READ CD
        if (ready())
            return false;
        check({0x02, 0x3A, static_cast<std::uint8_t>(tray_open_ ? 0x02 : 0x01)});
        return true;
    default:
        return false;
    }
}

void AtapiCdrom::execute(const Packet& packet) {
    const std::uint8_t code = packet[0];
    if (refuse_for_medium(code))
        return;
    switch (code) {
    case 0x00: // TEST UNIT READY
    case 0x4E: // STOP PLAY/SCAN
    case 0xBB: // SET CD SPEED
        return finish();
    case 0x03: { // REQUEST SENSE
        Bytes data(18);
        data[0] = 0x70;
        data[2] = sense_.key;
        data[7] = 10;
        data[12] = sense_.code;
        data[13] = sense_.qualifier;
        sense_ = {};
        return reply(data, packet[4]);
    }
    case 0x12: { // INQUIRY
        if ((packet[1] & 1U) != 0)
            return check({0x05, 0x24, 0x00}); // no vital product data
        Bytes data = {0x05, 0x80, 0x00, 0x21, 31, 0, 0, 0};
        append_text(data, options_.vendor, 8);
        append_text(data, options_.product, 16);
        append_text(data, options_.revision, 4);
        return reply(data, packet[4]);
    }
    case 0x1B:
        return start_stop(packet);
    case 0x1E: // PREVENT/ALLOW MEDIUM REMOVAL
        locked_ = (packet[4] & 1U) != 0;
        return finish();
    case 0x25: { // READ CAPACITY
        Bytes data;
        append_be32(data, blocks() - 1);
        append_be32(data, block_size);
        return reply(data, data.size());
    }
    case 0x28: // READ(10)
        return start_read(be32(packet, 2), be16(packet, 7));
    case 0xA8: // READ(12)
        return start_read(be32(packet, 2), be32(packet, 6));
    case 0xBE:
        return read_cd(packet);
    case 0x2B: // SEEK
        return be32(packet, 2) < blocks() ? finish() : check({0x05, 0x21, 0x00});
    case 0x42: // READ SUB-CHANNEL: no audio operation, no data
        return reply({0x00, 0x15, 0x00, 0x00}, be16(packet, 7));
    case 0x43:
        return read_toc(packet);
    case 0x44: { // READ HEADER: mode 1
        if (be32(packet, 2) >= blocks())
            return check({0x05, 0x21, 0x00});
        Bytes data = {0x01, 0x00, 0x00, 0x00};
        append_address(data, be32(packet, 2), (packet[1] & 2U) != 0);
        return reply(data, be16(packet, 7));
    }
    case 0x46:
        return get_configuration(packet);
    case 0x4A:
        return get_event_status(packet);
    case 0x55: { // MODE SELECT(10)
        const std::uint16_t length = be16(packet, 7);
        if (length == 0)
            return finish();
        if (length > 512)
            return check({0x05, 0x1A, 0x00}); // parameter list length error
        stage_ = Stage::data_out;
        registers().count = 0; // to the device, data
        registers().lba_mid = static_cast<std::uint8_t>(length);
        registers().lba_high = static_cast<std::uint8_t>(length >> 8U);
        start_pio(Phase::pio_out, 0, length + (length & 1U));
        return raise_interrupt();
    }
    case 0x5A:
        return mode_sense(packet);
    case 0xBD: { // MECHANISM STATUS: no changer
        const auto door = static_cast<std::uint8_t>(tray_open_ ? 0x10 : 0x00);
        return reply({0x00, door, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00}, be16(packet, 8));
    }
    case 0x45: // audio play commands on a data track
    case 0x47:
    case 0xA5:
        return check({0x05, 0x64, 0x00}); // illegal mode for this track
    default:
        return check({0x05, 0x20, 0x00}); // invalid command
    }
}

void AtapiCdrom::start_stop(const Packet& packet) {
    const bool start = (packet[4] & 1U) != 0;
    const bool load_eject = (packet[4] & 2U) != 0;
    if (!load_eject || tray_open_ == !start)
        return finish();
    if (!start && locked_)
        return check({0x05, 0x53, 0x02}); // medium removal prevented
    tray_open_ = !start;
    medium_changed();
    if (tray_moved)
        tray_moved(tray_open_);
    finish();
}

void AtapiCdrom::read_cd(const Packet& packet) {
    const std::uint32_t count = std::uint32_t{packet[6]} << 16U | std::uint32_t{packet[7]} << 8U | packet[8];
    const unsigned fields = packet[9] & 0xF8U;
    if (fields == 0)
        return finish();
    // An image holds user data only: no sync, headers or error correction codes.
    if (fields != 0x10 || (packet[10] & 7U) != 0)
        return check({0x05, 0x24, 0x00});
    start_read(be32(packet, 2), count);
}

void AtapiCdrom::read_toc(const Packet& packet) {
    const bool msf = (packet[1] & 2U) != 0;
    // MMC has the format in byte 2; SFF-8020i, which NT follows, in the top of
    // byte 9.
    const unsigned format = (packet[2] & 0x0FU) != 0 ? packet[2] & 0x0FU : packet[9] >> 6U;
    const std::uint8_t first = packet[6];
    const std::size_t allocation = be16(packet, 7);
    Bytes data;
    switch (format) {
    case 0:
        if (first > 1 && first != lead_out)
            return check({0x05, 0x24, 0x00});
        data = {0, 0, 1, 1};
        if (first <= 1) {
            data.insert(data.end(), {0, data_track, 1, 0});
            append_address(data, 0, msf);
        }
        data.insert(data.end(), {0, data_track, lead_out, 0});
        append_address(data, blocks(), msf);
        break;
    case 1: // one session
        data = {0, 0, 1, 1, 0, data_track, 1, 0};
        append_address(data, 0, msf);
        break;
    case 2: { // full TOC: first track, last track, lead-out, track 1
        data = {0, 0, 1, 1};
        for (const std::uint8_t point :
             {std::uint8_t{0xA0}, std::uint8_t{0xA1}, std::uint8_t{0xA2}, std::uint8_t{1}}) {
            data.insert(data.end(), {1, data_track, 0, point, 0, 0, 0});
            if (point == 0xA0 || point == 0xA1)
                data.insert(data.end(), {0, 1, 0, 0});
            else
                append_address(data, point == 1 ? 0 : blocks(), true);
        }
        break;
    }
    default:
        return check({0x05, 0x24, 0x00});
    }
    store_be<std::uint16_t>(data, 0, static_cast<std::uint16_t>(data.size() - 2));
    reply(data, allocation);
}

void AtapiCdrom::mode_sense(const Packet& packet) {
    const unsigned control = packet[2] >> 6U;
    const unsigned page = packet[2] & 0x3FU;
    if (control == 3)
        return check({0x05, 0x39, 0x00}); // saving parameters is not supported
    // Medium type: 01h data disc, 70h closed and empty, 71h open.
    const auto type = static_cast<std::uint8_t>(ready() ? 0x01 : tray_open_ ? 0x71 : 0x70);
    Bytes data = {0, 0, type, 0, 0, 0, 0, 0};
    const std::size_t header = data.size();
    const auto add = [&](unsigned number, std::initializer_list<std::uint8_t> values) {
        if (page != number && page != 0x3F)
            return;
        data.push_back(static_cast<std::uint8_t>(number));
        data.push_back(static_cast<std::uint8_t>(values.size()));
        for (const std::uint8_t value : values) // control 1 asks what can be changed: nothing
            data.push_back(control == 1 ? std::uint8_t{0} : value);
    };
    add(0x01, {0x00, 0x05, 0x00, 0x00, 0x00, 0x00}); // error recovery
    add(0x0D, {0x00, 0x0D, 0x00, 0x3C, 0x00, 0x4B}); // 60 s/min, 75 frames/s
    add(0x0E, {0x04, 0x00, 0x00, 0x00, 0x00, 0x4B, 0x01, 0xFF, 0x02, 0xFF, 0, 0, 0, 0}); // audio control
    const auto lock = static_cast<std::uint8_t>(0x29 | (locked_ ? 0x02 : 0x00)); // tray, eject, lock state
    // Capabilities: reads CD-R, mode 2 forms, multisession; 16 x 176 kB/s, 128
    // KiB buffer.
    add(0x2A, {0x01, 0x00, 0x70, 0x00, lock, 0x00, 0x0B, 0x00, 0x00, 0x00, 0x00, 0x80, 0x0B, 0x00, 0x00, 0x00,
               0x00, 0x00});
    if (data.size() == header)
        return check({0x05, 0x24, 0x00});
    store_be<std::uint16_t>(data, 0, static_cast<std::uint16_t>(data.size() - 2));
    reply(data, be16(packet, 7));
}

void AtapiCdrom::get_configuration(const Packet& packet) {
    const unsigned request = packet[1] & 3U;
    const unsigned start = be16(packet, 2);
    Bytes data = {0, 0, 0, 0, 0, 0};
    append_be16(data, ready() ? 0x0008U : 0x0000U); // current profile: CD-ROM
    const auto add = [&](unsigned feature, bool current, std::initializer_list<std::uint8_t> values) {
        if ((request == 2 && feature != start) || feature < start || (request == 1 && !current))
            return;
        append_be16(data, feature);
        data.push_back(static_cast<std::uint8_t>(current ? 0x03 : 0x00)); // persistent follows current here
        data.push_back(static_cast<std::uint8_t>(values.size()));
        data.insert(data.end(), values);
    };
    const auto disc = static_cast<std::uint8_t>(ready() ? 1 : 0);
    add(0x0000, true, {0x00, 0x08, disc, 0x00});                // profile list
    add(0x0001, true, {0x00, 0x00, 0x00, 0x02});                // core: ATAPI
    add(0x0003, true, {0x29, 0x00, 0x00, 0x00});                // removable medium: tray, eject, lock
    add(0x0010, ready(), {0x00, 0x00, 0x08, 0x00, 0, 1, 0, 0}); // random readable, 2048-byte blocks
    add(0x001E, ready(), {0x00, 0x00, 0x00, 0x00});             // CD read
    store_be<std::uint32_t>(data, 0, static_cast<std::uint32_t>(data.size() - 4));
    reply(data, be16(packet, 7));
}

void AtapiCdrom::get_event_status(const Packet& packet) {
    if ((packet[1] & 1U) == 0)
        return check({0x05, 0x24, 0x00}); // asynchronous notification
    constexpr std::uint8_t media_class = 4;
    if ((packet[4] & 1U << media_class) == 0)
        return reply({0x00, 0x02, 0x80, 1U << media_class}, be16(packet, 7)); // no event available
    const auto state = static_cast<std::uint8_t>((tray_open_ ? 0x01 : 0x00) |
                                                 (medium_ != nullptr && !tray_open_ ? 0x02 : 0x00));
    const std::uint8_t event = media_event_;
    media_event_ = 0;
    reply({0x00, 0x06, media_class, 1U << media_class, event, state, 0x00, 0x00}, be16(packet, 7));
}

} // namespace ntferry::vmm
