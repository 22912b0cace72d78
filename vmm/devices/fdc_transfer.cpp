// Data commands of the 82077AA. SPDX-License-Identifier: GPL-3.0-or-later
//
// 82077AA data sheet, 5.1 (data transfer commands), table 5-5 (result phase
// sector addresses). One run is the sectors from the current one to the end of
// track on one side: one request to the disk.
#include "vmm/devices/fdc82077.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr Nanoseconds start_time = 50'000;
constexpr unsigned dma_channel = 2;
constexpr std::uint8_t st0_abnormal = 0x40;
constexpr std::uint8_t st1_end_of_cylinder = 0x80;
constexpr std::uint8_t st1_data_error = 0x20;
constexpr std::uint8_t st1_overrun = 0x10;
constexpr std::uint8_t st1_no_data = 0x04;
constexpr std::uint8_t st1_not_writable = 0x02;
constexpr std::uint8_t st1_missing_mark = 0x01;
constexpr std::uint8_t st2_data_error = 0x20;
constexpr std::uint8_t st2_wrong_cylinder = 0x10;
constexpr std::uint8_t size_code_512 = 2;

} // namespace

void Fdc82077::start_transfer(Transfer kind) {
    transfer_ = kind;
    terminal_count_ = false;
    at_ = length_ = 0;
    phase_ = Phase::busy;
    wait_ = Wait::start;
    for (Drive& drive : drives_) // a seek that nobody waited for is over by now
        drive.seeking = false;
    timer_.arm(clock_.now() + start_time);
}

void Fdc82077::begin_transfer() {
    const unsigned code = command_[0] & 0x1FU;
    if (code == 0x0A)
        return read_id();
    Drive& drive = unit();
    const auto selected_head = static_cast<std::uint8_t>(command_[1] >> 2U & 1U);
    const bool formatting = transfer_ == Transfer::format;
    if (!formatting) {
        cylinder_ = command_[2];
        head_ = command_[3];
        sector_ = code == 0x02 ? std::uint8_t{1} : command_[4]; // READ TRACK starts at the index
        const bool implied_seek = (configure_ & 0x40U) != 0;
        if (implied_seek && drive_exists(command_[1] & 3U) && cylinder_ != drive.cylinder) {
            drive.cylinder = cylinder_;
            drive.changed = drive.changed && !drive.geometry;
        }
    } else {
        cylinder_ = drive.cylinder;
        head_ = selected_head;
        sector_ = 1;
    }
    if (!drive_exists(command_[1] & 3U) || !drive.geometry || drive.geometry->rate != rate_ ||
        drive.cylinder >= drive.geometry->cylinders || selected_head >= drive.geometry->heads)
        return finish(st0_abnormal, st1_missing_mark, 0x00);
    if ((transfer_ == Transfer::write || formatting) && drive.disk->read_only())
        return finish(st0_abnormal, st1_not_writable, 0x00);
    if (formatting) {
        if (command_[2] != size_code_512 || command_[3] == 0 || command_[3] > drive.geometry->sectors)
            return finish(st0_abnormal, st1_no_data, 0x00);
        length_ = command_[3] * 4U;
        buffer_.assign(length_, 0);
        return fill_run();
    }
    if (cylinder_ != drive.cylinder)
        return finish(st0_abnormal, st1_no_data, st2_wrong_cylinder);
    if (head_ != selected_head || command_[5] != size_code_512 || code == 0x0C)
        return finish(st0_abnormal, st1_no_data, 0x00);
    start_run();
}

/// Sectors from the current one to EOT, as far as the disk has them.
std::uint32_t Fdc82077::run_sectors() const {
    const std::optional<FloppyGeometry>& geometry = drives_[command_[1] & 1U].geometry;
    const unsigned last = std::min<unsigned>(command_[6], geometry ? geometry->sectors : 0U);
    const unsigned end = sector_ > command_[6] && geometry ? geometry->sectors : last; // EOT is never met
    return sector_ >= 1 && sector_ <= end ? end - sector_ + 1U : 0U;
}

void Fdc82077::start_run() {
    const std::uint32_t sectors = run_sectors();
    if (sectors == 0)
        return finish(st0_abnormal, st1_no_data, 0x00);
    length_ = sectors * 512;
    at_ = 0;
    buffer_.assign(length_, 0);
    if (transfer_ == Transfer::write)
        fill_run();
    else
        submit(DiskBackend::Operation::read, sectors);
}

void Fdc82077::submit(DiskBackend::Operation operation, std::uint32_t sectors) {
    const Drive& drive = unit();
    if (!drive.geometry)
        return finish(st0_abnormal, st1_missing_mark, 0x00);
    const FloppyGeometry& geometry = *drive.geometry;
    const std::uint64_t first =
        (std::uint64_t{drive.cylinder} * geometry.heads + (head_ & 1U)) * geometry.sectors + sector_ - 1U;
    const MutableByteView data = MutableByteView(buffer_).first(std::size_t{sectors} * 512);
    if (first * 512 + data.size() > drive.disk->size()) // a file shorter than its format
        return finish(st0_abnormal, st1_data_error, st2_data_error);
    const bool reading = operation == DiskBackend::Operation::read;
    phase_ = Phase::busy;
    wait_ = reading ? Wait::reading : Wait::writing;
    drive.disk->submit(operation, first * 512, data, [this, reading](int error) {
        wait_ = Wait::nothing;
        reading ? run_read(error) : run_written(error);
    });
}

void Fdc82077::run_read(int error) {
    if (error != 0)
        return finish(st0_abnormal, st1_data_error, st2_data_error);
    if (transfer_ == Transfer::verify)
        return run_moved(length_, false);
    if (!dma_mode()) {
        phase_ = Phase::data_in;
        return set_interrupt(true);
    }
    dma_.set_request(dma_channel, true);
    const Dma8237::Moved moved = dma_.to_memory(dma_channel, ByteView(buffer_).first(length_));
    dma_.set_request(dma_channel, false);
    run_moved(moved.bytes, moved.terminal_count);
}

/// The data of a run went to the host; decides how the command goes on.
void Fdc82077::run_moved(std::size_t bytes, bool terminal_count) {
    const auto sectors = static_cast<std::uint32_t>((bytes + 511) / 512);
    if (!terminal_count && bytes < length_) {
        advance_address(sectors == 0 ? 0 : sectors - 1);
        return finish(st0_abnormal, st1_overrun, 0x00);
    }
    const bool both_sides = (command_[0] & 0x80U) != 0;
    const unsigned side = head_ & 1U;
    const bool eot_missed = sector_ > command_[6];
    advance_address(sectors);
    if (terminal_count)
        return finish(0x00, 0x00, 0x00);
    if (eot_missed)
        return finish(st0_abnormal, st1_no_data, 0x00);
    if (both_sides && side == 0 && unit().geometry && unit().geometry->heads == 2) {
        command_[1] |= 0x04;
        return start_run();
    }
    // VERIFY has no terminal count: reaching EOT is its success. Others were not
    // told to stop.
    if (transfer_ == Transfer::verify)
        return finish(0x00, 0x00, 0x00);
    finish(st0_abnormal, st1_end_of_cylinder, 0x00);
}

/// Table 5-5: what the address is after the last sector that was transferred.
void Fdc82077::advance_address(std::uint32_t sectors) {
    if (sectors == 0)
        return;
    const bool both_sides = (command_[0] & 0x80U) != 0;
    const unsigned last = sector_ + sectors - 1U;
    if (last != command_[6]) {
        sector_ = static_cast<std::uint8_t>(last + 1U);
        return;
    }
    sector_ = 1;
    if (!both_sides) {
        ++cylinder_;
    } else {
        if ((head_ & 1U) != 0)
            ++cylinder_;
        head_ ^= 1U;
    }
}

/// WRITE DATA and FORMAT TRACK: takes the bytes of a run from the host.
void Fdc82077::fill_run() {
    at_ = 0;
    if (!dma_mode()) {
        phase_ = Phase::data_out;
        return set_interrupt(true);
    }
    dma_.set_request(dma_channel, true);
    const Dma8237::Moved moved = dma_.from_memory(dma_channel, MutableByteView(buffer_).first(length_));
    dma_.set_request(dma_channel, false);
    terminal_count_ = moved.terminal_count;
    at_ = static_cast<std::uint32_t>(moved.bytes);
    if (at_ < length_ && !terminal_count_)
        return finish(st0_abnormal, st1_overrun, 0x00);
    if (transfer_ == Transfer::format)
        return format_sectors();
    write_run();
}

void Fdc82077::write_run() {
    const std::uint32_t sectors = (at_ + 511) / 512; // the rest of a partial sector is zeros
    if (sectors == 0)
        return finish(st0_abnormal, st1_overrun, 0x00);
    length_ = sectors * 512;
    submit(DiskBackend::Operation::write, sectors);
}

void Fdc82077::run_written(int error) {
    if (error != 0)
        return finish(st0_abnormal, st1_data_error, st2_data_error);
    if (transfer_ == Transfer::format)
        return finish(0x00, 0x00, 0x00);
    run_moved(length_, terminal_count_);
}

/// The host sent C, H, R, N for each sector. A sector image has its sectors in
/// order whatever the interleave; a track that is formatted whole is filled
/// whole.
void Fdc82077::format_sectors() {
    const std::uint32_t sectors = command_[3];
    const std::uint8_t filler = command_[5];
    if (!unit().geometry || sectors > unit().geometry->sectors || buffer_.size() < std::size_t{sectors} * 4)
        return finish(st0_abnormal, st1_no_data, 0x00);
    for (std::uint32_t i = 0; i < sectors; ++i) {
        const std::uint8_t* id = buffer_.data() + std::size_t{i} * 4;
        if (id[0] != cylinder_ || id[2] == 0 || id[2] > unit().geometry->sectors || id[3] != size_code_512)
            return finish(st0_abnormal, st1_no_data, 0x00);
    }
    length_ = sectors * 512;
    buffer_.assign(length_, filler);
    submit(DiskBackend::Operation::write, sectors);
}

std::uint8_t Fdc82077::data_byte_in() {
    const std::uint8_t value = buffer_[at_++];
    if (at_ == length_) {
        set_interrupt(false);
        phase_ = Phase::busy;
        run_moved(length_, false);
    }
    return value;
}

void Fdc82077::data_byte_out(std::uint8_t value) {
    buffer_[at_++] = value;
    if (at_ < length_)
        return;
    set_interrupt(false);
    phase_ = Phase::busy;
    if (transfer_ == Transfer::format)
        format_sectors();
    else
        write_run();
}

void Fdc82077::finish(std::uint8_t st0, std::uint8_t st1, std::uint8_t st2) {
    cancel();
    dma_.set_request(dma_channel, false);
    at_ = length_ = 0;
    st0 = static_cast<std::uint8_t>(st0 | (command_[1] & 7U));
    results({st0, st1, st2, cylinder_, head_, sector_, size_code_512}, true);
}

} // namespace ntferry::vmm
