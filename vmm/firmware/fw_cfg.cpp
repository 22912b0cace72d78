// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/fw_cfg.hpp"

#include <algorithm>
#include <array>

namespace ntferry::vmm {
namespace {

constexpr std::uint16_t PORT_SELECT = 0x510;
constexpr std::uint16_t PORT_DATA = 0x511;
constexpr std::uint16_t PORT_DMA_HIGH = 0x514;
constexpr std::uint16_t PORT_DMA_LOW = 0x518;

constexpr std::uint32_t ID_TRADITIONAL_AND_DMA = 3;
constexpr std::uint32_t DMA_ERROR = 0x01;
constexpr std::uint32_t DMA_READ = 0x02;
constexpr std::uint32_t DMA_SKIP = 0x04;
constexpr std::uint32_t DMA_SELECT = 0x08;
constexpr std::uint32_t DMA_WRITE = 0x10;
constexpr std::array<std::uint8_t, 8> DMA_SIGNATURE = {'Q', 'E', 'M', 'U', ' ', 'C', 'F', 'G'};
/// Nothing is longer; a guest that asks for 4 GiB of zeros gets this much.
constexpr std::uint32_t DMA_MAX = 16U << 20U;

constexpr std::size_t NAME_BYTES = 56;
constexpr std::size_t ENTRY_BYTES = 64;

std::uint32_t swap32(std::uint32_t value) {
    return value >> 24U | (value >> 8U & 0xFF00U) | (value << 8U & 0xFF0000U) | value << 24U;
}

} // namespace

FwCfg::FwCfg(PortBus& ports, GuestMemory& memory) : memory_(memory) {
    set(FwCfgKey::signature, {'Q', 'E', 'M', 'U'});
    Bytes id(4);
    store_le<std::uint32_t>(id, 0, ID_TRADITIONAL_AND_DMA);
    set(FwCfgKey::id, std::move(id));
    build_directory();
    ports.claim(PORT_SELECT, 2, *this, name());
    ports.claim(PORT_DMA_HIGH, 8, *this, name());
}

void FwCfg::set(FwCfgKey key, Bytes value) {
    items_[static_cast<std::uint16_t>(key)] = std::move(value);
}

void FwCfg::set16(FwCfgKey key, std::uint16_t value) {
    Bytes bytes(2);
    store_le(bytes, 0, value);
    set(key, std::move(bytes));
}

void FwCfg::add_file(const std::string& name, Bytes content) {
    files_[name.substr(0, NAME_BYTES - 1)] = std::move(content);
    build_directory();
}

void FwCfg::add_file(const std::string& name, const std::string& text) {
    add_file(name, Bytes(text.begin(), text.end()));
}

void FwCfg::build_directory() {
    directory_.assign(4 + files_.size() * ENTRY_BYTES, 0);
    file_order_.clear();
    store_be<std::uint32_t>(directory_, 0, static_cast<std::uint32_t>(files_.size()));
    std::size_t at = 4;
    for (const auto& [file, content] : files_) {
        store_be<std::uint32_t>(directory_, at, static_cast<std::uint32_t>(content.size()));
        store_be<std::uint16_t>(
            directory_, at + 4,
            static_cast<std::uint16_t>(static_cast<std::size_t>(FwCfgKey::first_file) + file_order_.size()));
        std::copy(file.begin(), file.end(), directory_.begin() + static_cast<std::ptrdiff_t>(at + 8));
        file_order_.push_back(&content);
        at += ENTRY_BYTES;
    }
}

const Bytes* FwCfg::item(std::uint16_t key) const {
    if (key == static_cast<std::uint16_t>(FwCfgKey::file_directory))
        return &directory_;
    const auto first = static_cast<std::uint16_t>(FwCfgKey::first_file);
    if (key >= first && static_cast<std::size_t>(key - first) < file_order_.size())
        return file_order_[static_cast<std::size_t>(key - first)];
    const auto at = items_.find(key);
    return at == items_.end() ? nullptr : &at->second;
}

void FwCfg::reset() {
    select(0);
    dma_high_ = 0;
}

void FwCfg::select(std::uint16_t key) {
    selected_ = key;
    offset_ = 0;
}

void FwCfg::take(MutableByteView out) {
    const Bytes* bytes = item(selected_);
    const std::size_t size = bytes == nullptr ? 0 : bytes->size();
    const std::size_t count = offset_ < size ? std::min<std::size_t>(out.size(), size - offset_) : 0;
    if (count != 0)
        std::copy_n(bytes->begin() + offset_, count, out.begin());
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), std::uint8_t{0});
    offset_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{offset_} + out.size(), size));
}

std::uint8_t FwCfg::next_byte() {
    std::uint8_t byte[1];
    take(byte);
    return byte[0];
}

void FwCfg::run_dma(std::uint64_t descriptor) {
    std::array<std::uint8_t, 16> access{};
    if (!memory_.read(descriptor, access))
        return;
    const auto control = load_be<std::uint32_t>(access, 0);
    const std::uint32_t length = std::min(load_be<std::uint32_t>(access, 4), DMA_MAX);
    const auto address = load_be<std::uint64_t>(access, 8);
    if ((control & DMA_SELECT) != 0)
        select(static_cast<std::uint16_t>(control >> 16U));
    std::uint32_t result = 0;
    if ((control & DMA_READ) != 0) {
        std::array<std::uint8_t, 4096> part{};
        for (std::uint32_t done = 0; done < length;) {
            const std::size_t count = std::min<std::size_t>(part.size(), length - done);
            take(MutableByteView(part).first(count));
            if (!memory_.write(address + done, ByteView(part).first(count))) {
                result = DMA_ERROR;
                break;
            }
            done += static_cast<std::uint32_t>(count);
        }
    } else if ((control & DMA_WRITE) != 0) {
        result = DMA_ERROR; // nothing here is writable
    } else if ((control & DMA_SKIP) != 0) {
        offset_ =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{offset_} + length, 1U << 30U));
    }
    memory_.write32(descriptor, swap32(result));
}

std::uint32_t FwCfg::port_read(std::uint16_t port, unsigned width) {
    if (port == PORT_DATA && width == 1)
        return next_byte();
    if (port >= PORT_DMA_HIGH) {
        // The register reads as a signature, so that firmware can tell that DMA is there.
        std::uint32_t value = 0;
        for (unsigned i = 0; i < width; ++i)
            value |= static_cast<std::uint32_t>(DMA_SIGNATURE[(port - PORT_DMA_HIGH + i) & 7U]) << (8U * i);
        return value;
    }
    return 0;
}

void FwCfg::port_read_block(std::uint16_t port, unsigned width, MutableByteView out) {
    if (port == PORT_DATA && width == 1)
        take(out);
    else
        PortDevice::port_read_block(port, width, out);
}

void FwCfg::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    if (port == PORT_SELECT && width == 2) {
        select(static_cast<std::uint16_t>(value));
    } else if (port == PORT_DMA_HIGH && width == 4) {
        dma_high_ = swap32(value);
    } else if (port == PORT_DMA_LOW && width == 4) {
        const std::uint64_t descriptor = std::uint64_t{dma_high_} << 32U | swap32(value);
        dma_high_ = 0;
        run_dma(descriptor);
    }
}

void FwCfg::save(StateWriter& writer) const {
    writer.version(1);
    writer.put(selected_);
    writer.put(offset_);
    writer.put(dma_high_);
}

void FwCfg::load(StateReader& reader) {
    reader.version(1, 1);
    selected_ = reader.get<std::uint16_t>();
    offset_ = reader.get<std::uint32_t>();
    dma_high_ = reader.get<std::uint32_t>();
}

} // namespace ntferry::vmm
