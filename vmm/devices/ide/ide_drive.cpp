// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ide/ide_drive.hpp"

#include <algorithm>
#include <cstring>

namespace ntferry::vmm {

void IdeDrive::diagnose() {
    software_reset();
    registers_.error = 0x01; // device passed; device 1 passed or not present
}

void IdeDrive::reserve(std::size_t size) {
    if (buffer_.size() < size)
        buffer_.resize(size);
}

void IdeDrive::start_pio(Phase phase, std::size_t from, std::size_t length) {
    phase_ = phase;
    position_ = from;
    end_ = from + length;
    reserve(end_);
    registers_.status |= ata_status::drq;
}

void IdeDrive::start_dma(Phase phase, std::size_t from, std::size_t length) {
    start_pio(phase, from, length);
    if (cable_ != nullptr)
        cable_->dma_request(*this);
}

void IdeDrive::raise_interrupt() {
    if (cable_ != nullptr)
        cable_->interrupt(*this);
}

void IdeDrive::read_data(MutableByteView out) {
    while (!out.empty() && phase_ == Phase::pio_in) {
        const std::size_t count = std::min(out.size(), end_ - position_);
        std::memcpy(out.data(), buffer_.data() + position_, count);
        out = out.subspan(count);
        position_ += count;
        if (position_ == end_) {
            phase_ = Phase::none;
            data_moved(Phase::pio_in);
        }
    }
    std::fill(out.begin(), out.end(), std::uint8_t{0xFF});
}

void IdeDrive::write_data(ByteView data) {
    while (!data.empty() && phase_ == Phase::pio_out) {
        const std::size_t count = std::min(data.size(), end_ - position_);
        std::memcpy(buffer_.data() + position_, data.data(), count);
        data = data.subspan(count);
        position_ += count;
        if (position_ == end_) {
            phase_ = Phase::none;
            data_moved(Phase::pio_out);
        }
    }
}

MutableByteView IdeDrive::dma_bytes() {
    if (phase_ != Phase::dma_in && phase_ != Phase::dma_out)
        return {};
    return MutableByteView(buffer_).subspan(position_, end_ - position_);
}

void IdeDrive::dma_moved(std::size_t count) {
    if (phase_ != Phase::dma_in && phase_ != Phase::dma_out)
        return;
    position_ += std::min(count, end_ - position_);
    if (position_ == end_) {
        const Phase phase = phase_;
        phase_ = Phase::none;
        data_moved(phase);
    }
}

void IdeDrive::save(StateWriter& writer) const {
    writer.version(1);
    for (const std::uint8_t value :
         {registers_.error, registers_.features, registers_.count, registers_.lba_low, registers_.lba_mid,
          registers_.lba_high, registers_.device, registers_.status})
        writer.put(value);
    writer.put(static_cast<std::uint8_t>(phase_));
    writer.put(static_cast<std::uint32_t>(phase_ == Phase::none ? 0 : position_));
    writer.put(static_cast<std::uint32_t>(phase_ == Phase::none ? 0 : end_));
}

void IdeDrive::load(StateReader& reader) {
    reader.version(1, 1);
    for (std::uint8_t* value :
         {&registers_.error, &registers_.features, &registers_.count, &registers_.lba_low,
          &registers_.lba_mid, &registers_.lba_high, &registers_.device, &registers_.status})
        *value = reader.get<std::uint8_t>();
    const auto phase = reader.get<std::uint8_t>();
    const auto position = reader.get<std::uint32_t>();
    const auto end = reader.get<std::uint32_t>();
    const bool idle = phase == 0 && position == 0 && end == 0;
    const bool moving = phase >= 1 && phase <= static_cast<std::uint8_t>(Phase::dma_out) && position < end &&
                        end <= buffer_limit;
    if (!idle && !moving)
        throw Error({}, "saved state of an IDE drive holds an impossible data transfer");
    phase_ = static_cast<Phase>(phase);
    position_ = position;
    end_ = end;
    reserve(end_);
}

} // namespace ntferry::vmm
