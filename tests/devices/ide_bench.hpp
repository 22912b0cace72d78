// A PIIX IDE function with one disk, driven through its ports. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/devices/bench.hpp"
#include "tests/devices/fake_disk.hpp"
#include "vmm/devices/ide/ata_disk.hpp"
#include "vmm/devices/ide/piix_ide.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ntferry::vmm::test::ide_bench {

inline constexpr std::uint16_t data = 0x1F0, error = 0x1F1, features = 0x1F1, count = 0x1F2, low = 0x1F3,
                               mid = 0x1F4, high = 0x1F5, drive_head = 0x1F6, status = 0x1F7, command = 0x1F7,
                               control = 0x3F6;
inline constexpr std::uint16_t bm = 0xC000, bm_status = bm + 2, bm_table = bm + 4;
inline constexpr std::uint8_t idle = 0x50; // DRDY, DSC
inline constexpr unsigned disk_sectors = 20160;

struct Ide : Bench {
    explicit Ide(AtaDiskOptions options = {}, PiixIdeOptions piix = {})
        : Bench(1U << 20U), disk(clock, std::uint64_t{disk_sectors} * 512),
          ide(ports, memory, clock, irq, irq15, piix) {
        for (std::size_t i = 0; i < disk.data.size(); ++i)
            disk.data[i] = static_cast<std::uint8_t>(i / 512 * 7 + i);
        ide.attach(0, 0, std::make_unique<AtaDisk>(disk, std::move(options)));
        map_bus_master();
    }
    void map_bus_master() {
        ide.config_write(0x20, 4, bm);
        ide.config_write(0x04, 2, 0x0005);
    }

    FakeDisk disk;
    ProbeLine irq15;
    PiixIde ide;

    void lba_command(std::uint8_t code, std::uint32_t lba, std::uint8_t sectors) {
        outb(count, sectors);
        outb(low, static_cast<std::uint8_t>(lba));
        outb(mid, static_cast<std::uint8_t>(lba >> 8U));
        outb(high, static_cast<std::uint8_t>(lba >> 16U));
        outb(drive_head, static_cast<std::uint8_t>(0xE0U | (lba >> 24U & 0x0FU)));
        outb(command, code);
    }
    Bytes read_words(std::size_t words) {
        Bytes bytes(words * 2);
        ports.read_block(data, 2, bytes);
        return bytes;
    }
    std::uint32_t current_lba() {
        return (inb(drive_head) & 0x0FU) << 24U | std::uint32_t{inb(high)} << 16U |
               std::uint32_t{inb(mid)} << 8U | inb(low);
    }
    Bytes sectors(std::uint32_t lba, std::uint32_t number) const {
        const auto from = disk.data.begin() + static_cast<std::ptrdiff_t>(lba) * 512;
        return Bytes(from, from + static_cast<std::ptrdiff_t>(number) * 512);
    }

    struct Prd {
        std::uint32_t address;
        std::uint32_t size_and_flags;
    };
    static constexpr std::uint32_t table = 0x8000;
    void prepare_table(const std::vector<Prd>& entries) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            memory.write32(table + 8 * i, entries[i].address);
            memory.write32(table + 8 * i + 4, entries[i].size_and_flags);
        }
        outb(bm, 0);
        outb(bm_status, 0x06);
        outl(bm_table, table);
    }
    /// Runs one READ or WRITE DMA; returns the bus master's error, interrupt and active bits.
    std::uint8_t dma(std::uint8_t code, std::uint32_t lba, std::uint8_t sectors,
                     const std::vector<Prd>& entries) {
        prepare_table(entries);
        lba_command(code, lba, sectors);
        outb(bm, code == 0xC8 ? 0x09 : 0x01);
        step_ms(1);
        return inb(bm_status) & 0x07;
    }
};

inline constexpr std::uint32_t eot = 0x80000000;

inline std::uint16_t word(const Bytes& bytes, unsigned number) {
    return load_le<std::uint16_t>(bytes, std::size_t{number} * 2);
}

inline std::string text(const Bytes& bytes, unsigned first, unsigned words) {
    std::string result;
    for (unsigned i = 0; i < words * 2; ++i)
        result += static_cast<char>(bytes[(first * 2 + i) ^ 1U]);
    return result;
}

} // namespace ntferry::vmm::test::ide_bench
