// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ide/bus_master.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t start_bit = 0x01;
constexpr std::uint8_t command_bits = 0x09; // SSBM, RWCON
constexpr std::uint32_t end_of_table = 0x80000000;

} // namespace

void BusMaster::reset(std::uint8_t capable) {
    command_ = 0;
    status_ = capable & capable_bits;
    table_ = next_ = address_ = left_ = 0;
    last_ = false;
}

std::uint8_t BusMaster::read(unsigned offset) const {
    switch (offset) {
    case 0:
        return command_;
    case 2:
        return status_;
    case 4:
    case 5:
    case 6:
    case 7:
        return static_cast<std::uint8_t>(table_ >> (8U * (offset - 4)));
    default:
        return 0;
    }
}

bool BusMaster::write(unsigned offset, std::uint8_t value) {
    switch (offset) {
    case 0: {
        const bool was = (command_ & start_bit) != 0;
        const bool is = (value & start_bit) != 0;
        command_ = value & command_bits;
        if (was && !is)
            status_ &= static_cast<std::uint8_t>(~active_bit); // all state is lost: it cannot be resumed
        if (was || !is)
            return false;
        status_ |= active_bit;
        next_ = table_;
        left_ = 0;
        last_ = false;
        return true;
    }
    case 2:
        status_ &= static_cast<std::uint8_t>(~(value & (error_bit | interrupt_bit)));
        status_ = static_cast<std::uint8_t>((status_ & ~capable_bits) | (value & capable_bits));
        return false;
    case 4:
    case 5:
    case 6:
    case 7: {
        const unsigned shift = 8U * (offset - 4);
        table_ = (table_ & ~(0xFFU << shift)) | static_cast<std::uint32_t>(value) << shift;
        table_ &= ~3U;
        return false;
    }
    default:
        return false;
    }
}

bool BusMaster::next_descriptor() {
    if (last_)
        return false;
    if (!mastering_) {
        address_ = 0;
        left_ = 0x10000;
        return true;
    }
    address_ = memory_.read32(next_) & ~1U;
    const std::uint32_t word = memory_.read32(GuestAddress{next_} + 4);
    left_ = word & 0xFFFEU;
    if (left_ == 0)
        left_ = 0x10000;
    last_ = (word & end_of_table) != 0;
    // A table must not cross a 64 KiB boundary (SFF-8038i 1.2): the counter behind it has 16 bits.
    next_ = (next_ & 0xFFFF0000U) | ((next_ + 8) & 0xFFFFU);
    return true;
}

/// At most length / 2 descriptors are fetched, as each holds two bytes or more.
template <typename Move>
std::size_t BusMaster::walk(std::size_t length, Move move) {
    std::size_t done = 0;
    while (done < length && active()) {
        if (left_ == 0 && !next_descriptor()) {
            status_ &= static_cast<std::uint8_t>(~active_bit); // regions smaller than the drive's transfer
            break;
        }
        const std::size_t count = std::min<std::size_t>(length - done, left_);
        if (mastering_ && !move(address_, done, count))
            status_ |= error_bit; // master abort
        address_ += static_cast<std::uint32_t>(count);
        left_ -= static_cast<std::uint32_t>(count);
        done += count;
    }
    if (done < length && exhausted())
        status_ &= static_cast<std::uint8_t>(~active_bit);
    return done;
}

std::size_t BusMaster::to_memory(ByteView data) {
    return walk(data.size(), [&](std::uint32_t address, std::size_t at, std::size_t count) {
        return memory_.write(address, data.subspan(at, count));
    });
}

std::size_t BusMaster::from_memory(MutableByteView out) {
    if (!mastering_)
        return 0;
    return walk(out.size(), [&](std::uint32_t address, std::size_t at, std::size_t count) {
        return memory_.read(address, out.subspan(at, count));
    });
}

void BusMaster::drive_interrupted() {
    status_ |= interrupt_bit;
    if (exhausted())
        status_ &= static_cast<std::uint8_t>(~active_bit);
}

void BusMaster::save(StateWriter& writer) const {
    writer.version(1);
    writer.put(command_);
    writer.put(status_);
    for (const std::uint32_t value : {table_, next_, address_, left_})
        writer.put(value);
    writer.put(last_);
}

void BusMaster::load(StateReader& reader) {
    reader.version(1, 1);
    command_ = reader.get<std::uint8_t>() & command_bits;
    status_ = reader.get<std::uint8_t>() & 0x67;
    for (std::uint32_t* value : {&table_, &next_, &address_, &left_})
        *value = reader.get<std::uint32_t>();
    last_ = reader.get_bool();
    if (left_ > 0x10000)
        throw Error({}, "saved state of the bus master holds a region above 64 KiB");
    table_ &= ~3U;
}

} // namespace ntferry::vmm
