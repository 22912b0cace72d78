// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/rom.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>

namespace ntferry::vmm {
namespace {

constexpr std::size_t MAX_ROM = 1U << 20U;
constexpr std::size_t ROM_STEP = 64U << 10U;

Bytes read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw SystemError(path, "open the firmware", errno, "install the package seabios");
    // Piece by piece: a buffer of the largest size would stay in the heap of every machine.
    Bytes bytes;
    while (in && bytes.size() <= MAX_ROM) {
        const std::size_t done = bytes.size();
        bytes.resize(done + ROM_STEP);
        in.read(reinterpret_cast<char*>(bytes.data() + done), static_cast<std::streamsize>(ROM_STEP));
        bytes.resize(done + static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad())
        throw SystemError(path, "read the firmware", errno);
    return bytes;
}

} // namespace

Bytes load_system_rom(const std::string& path) {
    const Bytes image = read_file(path);
    if (image.size() < 16 || image.size() > MAX_ROM)
        throw Error(path, fmt::format("{} bytes are no system ROM", image.size()),
                    "allowed: 16 bytes to 1 MiB", ErrorKind::usage);
    // The reset vector is 16 bytes below the end.
    Bytes rom((image.size() + ROM_STEP - 1) / ROM_STEP * ROM_STEP, 0xFF);
    std::copy(image.begin(), image.end(), rom.end() - static_cast<std::ptrdiff_t>(image.size()));
    return rom;
}

Bytes load_option_rom(const std::string& path) {
    Bytes image = read_file(path);
    if (image.size() < 512 || image[0] != 0x55 || image[1] != 0xAA)
        throw Error(path, "not an option ROM: it does not begin with 55 AA", {}, ErrorKind::usage);
    return image;
}

} // namespace ntferry::vmm
