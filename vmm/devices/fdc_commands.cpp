// Commands of the 82077AA that move no data. SPDX-License-Identifier:
// GPL-3.0-or-later
//
// 82077AA data sheet, table 5-1 (command set), 5.2 (control commands), 6
// (status registers).
#include "vmm/devices/fdc82077.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr Nanoseconds seek_base = 100'000;
constexpr Nanoseconds step_time = 20'000; // real drives: 3 ms; nothing depends on that
constexpr std::uint8_t st0_abnormal = 0x40;
constexpr std::uint8_t st0_invalid = 0x80;
constexpr std::uint8_t st0_seek_end = 0x20;
constexpr std::uint8_t st0_equipment_check = 0x10;
constexpr int recalibrate_steps = 79;

} // namespace

/// Bytes of a command including its code; 0 for a code that does not exist.
unsigned Fdc82077::command_length(std::uint8_t code) {
    switch (code & 0x1FU) {
    case 0x06: // READ DATA
    case 0x0C: // READ DELETED DATA
        return 9;
    case 0x05: // WRITE DATA
    case 0x09: // WRITE DELETED DATA
        return (code & 0x20U) == 0 ? 9 : 0;
    case 0x02: // READ TRACK
        return (code & 0xA0U) == 0 ? 9 : 0;
    case 0x16: // VERIFY
        return 9;
    case 0x0D: // FORMAT TRACK
        return (code & 0xA0U) == 0 ? 6 : 0;
    case 0x0A: // READ ID
        return (code & 0xA0U) == 0 ? 2 : 0;
    default:
        break;
    }
    switch (code) {
    case 0x03: // SPECIFY
        return 3;
    case 0x04: // SENSE DRIVE STATUS
    case 0x07: // RECALIBRATE
    case 0x12: // PERPENDICULAR MODE
        return 2;
    case 0x08: // SENSE INTERRUPT STATUS
    case 0x0E: // DUMPREG
    case 0x10: // VERSION
    case 0x14: // LOCK
    case 0x94:
        return 1;
    case 0x0F: // SEEK
    case 0x8F: // RELATIVE SEEK out
    case 0xCF: // and in
        return 3;
    case 0x13: // CONFIGURE
        return 4;
    default:
        return 0;
    }
}

void Fdc82077::command_byte(std::uint8_t value) {
    command_[command_bytes_++] = value;
    const unsigned length = command_length(command_[0]);
    if (length == 0)
        return results({st0_invalid}, false);
    if (command_bytes_ == length)
        execute();
}

void Fdc82077::results(std::initializer_list<std::uint8_t> bytes, bool interrupt) {
    std::copy(bytes.begin(), bytes.end(), result_.begin());
    result_length_ = static_cast<std::uint8_t>(bytes.size());
    result_at_ = 0;
    phase_ = Phase::result;
    if (interrupt)
        set_interrupt(true);
}

void Fdc82077::execute() {
    const std::uint8_t code = command_[0];
    switch (code & 0x1FU) {
    case 0x06:
    case 0x02:
    case 0x0C:
        return start_transfer(Transfer::read);
    case 0x05:
    case 0x09:
        return start_transfer(Transfer::write);
    case 0x16:
        return start_transfer(Transfer::verify);
    case 0x0D:
        return start_transfer(Transfer::format);
    case 0x0A:
        return start_transfer(Transfer::verify); // READ ID shares the start of a data command
    default:
        break;
    }
    const unsigned drive = command_[1] & 3U;
    const bool quiet = code == 0x03 || code == 0x12 || code == 0x13;
    switch (code) {
    case 0x03:
        specify_ = {command_[1], command_[2]};
        break;
    case 0x12:
        // OW lets the drive bits be written (5.2.5).
        perpendicular_ = static_cast<std::uint8_t>(
            (command_[1] & 0x80U) != 0 ? command_[1] & 0x3FU : (perpendicular_ & 0x3CU) | (command_[1] & 3U));
        break;
    case 0x13:
        configure_ = command_[2] & 0x7FU;
        precompensation_ = command_[3];
        break;
    case 0x04:
        return sense_drive();
    case 0x08:
        return sense_interrupt();
    case 0x0E:
        return dump_registers();
    case 0x10:
        return results({0x90}, false);
    case 0x14:
    case 0x94:
        lock_ = code == 0x94;
        return results({static_cast<std::uint8_t>(lock_ ? 0x10 : 0x00)}, false);
    case 0x07:
        return start_seek(drive, 0, true);
    case 0x0F:
        return start_seek(drive, command_[2], false);
    case 0x8F:
    case 0xCF: {
        const int from = drive < drive_count ? drives_[drive].cylinder : 0;
        return start_seek(drive, code == 0xCF ? from + command_[2] : from - command_[2], false);
    }
    default:
        break;
    }
    if (quiet) { // no result phase
        command_bytes_ = 0;
        phase_ = Phase::command;
    }
}

void Fdc82077::start_seek(unsigned number, int target, bool recalibrate) {
    const int wanted = std::clamp(target, 0, 255);
    Drive& drive = drives_[number % drive_count];
    const auto head = static_cast<std::uint8_t>(command_[1] & 7U);
    command_bytes_ = 0;
    phase_ = Phase::command;
    if (!drive_exists(number)) {
        // Step pulses go nowhere: a seek cannot tell, a recalibration never finds
        // track 0.
        drive.seek_status = static_cast<std::uint8_t>(st0_seek_end | head |
                                                      (recalibrate ? st0_abnormal | st0_equipment_check : 0));
        drive.seeking = true;
    } else {
        int steps = std::abs(wanted - drive.cylinder);
        bool found = true;
        if (recalibrate && steps > recalibrate_steps) {
            steps = recalibrate_steps;
            found = false;
        }
        const int reached = recalibrate && !found ? drive.cylinder - recalibrate_steps : wanted;
        if (steps != 0 && drive.geometry)
            drive.changed = false; // a step pulse with a disk in the drive clears DSKCHG
        drive.cylinder = static_cast<std::uint8_t>(reached);
        drive.seek_status =
            static_cast<std::uint8_t>(st0_seek_end | head | (found ? 0 : st0_abnormal | st0_equipment_check));
        drive.seeking = true;
        timer_.arm(clock_.now() + seek_base + steps * step_time);
    }
    if (!timer_.armed())
        timer_.arm(clock_.now() + seek_base);
    wait_ = Wait::seeks;
}

void Fdc82077::seeks_done() {
    for (Drive& drive : drives_)
        if (drive.seeking) {
            drive.seeking = false;
            drive.seek_done = true;
        }
    set_interrupt(true);
}

void Fdc82077::sense_interrupt() {
    if (reset_status_left_ != 0) {
        const auto number = static_cast<std::uint8_t>(4 - reset_status_left_--);
        set_interrupt(false);
        return results({static_cast<std::uint8_t>(0xC0 | number),
                        number < drive_count ? drives_[number].cylinder : std::uint8_t{0}},
                       false);
    }
    for (Drive& drive : drives_)
        if (drive.seek_done) {
            drive.seek_done = false;
            set_interrupt(false);
            return results({drive.seek_status, drive.cylinder}, false);
        }
    results({st0_invalid}, false);
}

void Fdc82077::sense_drive() {
    const unsigned number = command_[1] & 3U;
    std::uint8_t status = static_cast<std::uint8_t>((command_[1] & 7U) | 0x28); // ready, two sides
    if (drive_exists(number)) {
        const Drive& drive = drives_[number];
        if (drive.cylinder == 0)
            status |= 0x10;
        if (drive.disk == nullptr || drive.disk->read_only())
            status |= 0x40;
    }
    results({status}, false);
}

void Fdc82077::read_id() {
    const Drive& drive = unit();
    head_ = static_cast<std::uint8_t>(command_[1] >> 2U & 1U);
    cylinder_ = drive.cylinder;
    sector_ = 1;
    command_[5] = 2; // 512 bytes
    const bool readable = drive_exists(command_[1] & 3U) && drive.geometry && drive.geometry->rate == rate_ &&
                          drive.cylinder < drive.geometry->cylinders && head_ < drive.geometry->heads;
    if (readable)
        return finish(0x00, 0x00, 0x00);
    finish(st0_abnormal, 0x01, 0x00); // missing address mark
}

void Fdc82077::dump_registers() {
    results({drives_[0].cylinder, drives_[1].cylinder, 0, 0, specify_[0], specify_[1], command_[6],
             static_cast<std::uint8_t>((lock_ ? 0x80U : 0x00U) | (perpendicular_ & 0x3FU)), configure_,
             precompensation_},
            false);
}

} // namespace ntferry::vmm
