// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/boot_config.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint32_t E820_RAM = 1;

std::string ide_path(const BootConfig& config, unsigned position) {
    return fmt::format("/pci@i0cf8/ide@{:x},{:x}/drive@{}/disk@{}", config.ide_device, config.ide_function,
                       position / 2, position % 2);
}

std::optional<unsigned> first_disk(const BootConfig& config) {
    for (unsigned position = 0; position < config.disks.size(); ++position)
        if (config.disks[position])
            return position;
    return std::nullopt;
}

/// Type 47 ("user defined") disk parameters: cylinders, heads, write precompensation, control, landing zone,
/// sectors per track.
void put_disk_type(const std::function<void(std::uint8_t, std::uint8_t)>& set, std::uint8_t at,
                   const BootDisk& disk) {
    std::uint32_t heads = 16;
    std::uint32_t sectors = 63;
    std::uint64_t cylinders = disk.sectors / (16U * 63U);
    if (disk.geometry) {
        heads = disk.geometry->heads;
        sectors = disk.geometry->sectors;
        cylinders = disk.geometry->cylinders;
    }
    cylinders = std::min<std::uint64_t>(cylinders, 16383);
    const auto byte = [&](std::uint8_t offset, std::uint64_t value) {
        set(static_cast<std::uint8_t>(at + offset), static_cast<std::uint8_t>(value));
    };
    byte(0, cylinders);
    byte(1, cylinders >> 8U);
    byte(2, heads);
    byte(3, 0xFF);
    byte(4, 0xFF);
    byte(5, 0xC0U | (heads > 8 ? 8U : 0U));
    byte(6, cylinders);
    byte(7, cylinders >> 8U);
    byte(8, sectors);
}

/// SeaBIOS and QEMU number the nibbles of 3Dh and 38h: 1 floppy, 2 disk, 3 CD-ROM.
std::uint8_t boot_nibbles(BootFrom boot) {
    switch (boot) {
    case BootFrom::floppy:
        return 0x21;
    case BootFrom::cdrom:
        return 0x23;
    default:
        return 0x02;
    }
}

} // namespace

std::string boot_order(const BootConfig& config) {
    std::string text;
    if (config.boot == BootFrom::floppy && config.floppy_drive)
        text += "/pci@i0cf8/isa@1/fdc@03f0/floppy@0\n";
    if (config.boot == BootFrom::cdrom && config.cdrom)
        text += ide_path(config, *config.cdrom) + "\n";
    if (const auto disk = first_disk(config))
        text += ide_path(config, *disk) + "\n";
    return text + "HALT\n";
}

std::string bios_geometry(const BootConfig& config) {
    std::string text;
    for (unsigned position = 0; position < config.disks.size(); ++position)
        if (const auto& disk = config.disks[position]; disk && disk->geometry)
            text += fmt::format("{} {} {} {}\n", ide_path(config, position), disk->geometry->cylinders,
                                disk->geometry->heads, disk->geometry->sectors);
    return text;
}

void fill_fw_cfg(FwCfg& fw_cfg, const BootConfig& config) {
    fw_cfg.set16(FwCfgKey::cpu_count, static_cast<std::uint16_t>(config.cpus));
    fw_cfg.set16(FwCfgKey::cpu_max, static_cast<std::uint16_t>(config.cpus));
    fw_cfg.set16(FwCfgKey::boot_menu, 0);
    fw_cfg.set16(FwCfgKey::nographic, 0);
    fw_cfg.set(FwCfgKey::uuid, Bytes(16));
    Bytes ram(8);
    store_le<std::uint64_t>(ram, 0, config.memory);
    fw_cfg.set(FwCfgKey::ram_size, std::move(ram));
    Bytes e820(20);
    store_le<std::uint64_t>(e820, 0, 0);
    store_le<std::uint64_t>(e820, 8, config.memory);
    store_le<std::uint32_t>(e820, 16, E820_RAM);
    fw_cfg.add_file("etc/e820", std::move(e820));
    const auto text_with_end = [](const std::string& text) {
        return Bytes(text.begin(), text.end() + 1); // SeaBIOS wants the terminating zero
    };
    fw_cfg.add_file("bootorder", text_with_end(boot_order(config)));
    if (const std::string geometry = bios_geometry(config); !geometry.empty())
        fw_cfg.add_file("bios-geometry", text_with_end(geometry));
    const auto number = [&](const char* name, std::uint64_t value) {
        Bytes bytes(8);
        store_le(bytes, 0, value);
        fw_cfg.add_file(name, std::move(bytes));
    };
    number("etc/show-boot-menu", 0);
    // Stay at "No bootable device" instead of trying again every minute.
    number("etc/boot-fail-wait", 0xFFFFFFFF);
}

void fill_cmos(const std::function<void(std::uint8_t index, std::uint8_t value)>& set,
               const BootConfig& config) {
    std::array<std::uint8_t, 128> cmos{};
    const auto put = [&](std::uint8_t index, std::uint64_t value) {
        cmos[index] = static_cast<std::uint8_t>(value);
    };
    const auto put16 = [&](std::uint8_t index, std::uint64_t value) {
        put(index, value);
        put(static_cast<std::uint8_t>(index + 1), value >> 8U);
    };
    const std::uint64_t kib = config.memory >> 10U;
    put(0x10, config.floppy_drive ? 0x40 : 0x00); // drive A: 1.44 MB, no B:
    // Equipment: bit 0 floppy, 1 FPU, 2 PS/2 mouse, 5-4 00 = EGA/VGA.
    put(0x14, (config.floppy_drive ? 0x01U : 0U) | 0x02U | (config.mouse ? 0x04U : 0U));
    put16(0x15, 640);
    const std::uint64_t extended = std::min<std::uint64_t>(kib > 1024 ? kib - 1024 : 0, 65535);
    put16(0x17, extended);
    put16(0x30, extended);
    put16(0x34, config.memory > (16U << 20U)
                    ? std::min<std::uint64_t>((config.memory - (16U << 20U)) >> 16U, 65535)
                    : 0);
    if (config.disks[0]) {
        put(0x12, 0xF0);
        put(0x19, 47);
        put_disk_type(put, 0x1B, *config.disks[0]);
    }
    if (config.disks[1]) {
        put(0x12, cmos[0x12] | 0x0FU);
        put(0x1A, 47);
        put_disk_type(put, 0x24, *config.disks[1]);
    }
    // Two bits a drive: 0 none, 1 LBA. Read by SeaBIOS for disks without a bios-geometry line.
    std::uint32_t translation = 0;
    for (unsigned position = 0; position < config.disks.size(); ++position)
        if (config.disks[position] && config.disks[position]->sectors > 1024U * 16U * 63U)
            translation |= 1U << (2U * position);
    put(0x39, translation);
    put(0x3D, boot_nibbles(config.boot));
    put(0x38, 0x01); // any floppy boots, signature or not
    put(0x5F, config.cpus - 1);
    std::uint32_t sum = 0;
    for (std::size_t index = 0x10; index <= 0x2D; ++index)
        sum += cmos[index];
    put(0x2E, sum >> 8U);
    put(0x2F, sum);
    for (std::size_t index = 0x0F; index < cmos.size(); ++index)
        if (index != 0x32) // the century belongs to the clock
            set(static_cast<std::uint8_t>(index), cmos[index]);
}

} // namespace ntferry::vmm
