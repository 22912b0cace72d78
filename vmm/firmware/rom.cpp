// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/rom.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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
    // As much as is there: every page that is touched counts at a start. One byte too many is told apart.
    in.seekg(0, std::ios::end);
    const std::streamoff size = in.tellg();
    in.seekg(0);
    Bytes bytes(static_cast<std::size_t>(std::clamp<std::streamoff>(size, 0, MAX_ROM + 1)));
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad() || size < 0)
        throw SystemError(path, "read the firmware", errno);
    return bytes;
}

/// SeaBIOS clears memory with a loop of five instructions a byte, three quarters of a megabyte of it before
/// it boots. Where KVM has to emulate real mode and unpaged code, that is most of the time to the boot
/// sector, so the loop is exchanged for a string instruction. An image without it stays as it is.
void use_string_instruction(MutableByteView rom) {
    // memset() of 32-bit code: EAX destination and result, EDX value, ECX count; EDI belongs to the caller.
    constexpr std::array<std::uint8_t, 11> loop = {
        0x85, 0xC9,       // test ecx, ecx
        0x74, 0x06,       // jz end
        0x49,             // dec ecx
        0x88, 0x14, 0x08, // mov [eax + ecx], dl
        0xEB, 0xF6,       // jmp loop
        0xC3,             // end: ret
    };
    constexpr std::array<std::uint8_t, 11> string = {
        0x57,       // push edi
        0x89, 0xC7, // mov edi, eax
        0x92,       // xchg eax, edx
        0xF3, 0xAA, // rep stosb
        0x92,       // xchg eax, edx
        0x5F,       // pop edi
        0xC3,       // ret
        0x90, 0x90, // nop
    };
    for (auto at = rom.begin();;) {
        at = std::search(at, rom.end(), loop.begin(), loop.end());
        if (at == rom.end())
            return;
        at = std::copy(string.begin(), string.end(), at);
    }
}

} // namespace

Bytes load_system_rom(const std::string& path) {
    Bytes rom = read_file(path);
    if (rom.size() < 16 || rom.size() > MAX_ROM)
        throw Error(path, fmt::format("{} bytes are no system ROM", rom.size()), "allowed: 16 bytes to 1 MiB",
                    ErrorKind::usage);
    // The reset vector is 16 bytes below the end.
    rom.insert(rom.begin(), (ROM_STEP - rom.size() % ROM_STEP) % ROM_STEP, 0xFF);
    use_string_instruction(rom);
    return rom;
}

Bytes load_option_rom(const std::string& path) {
    Bytes image = read_file(path);
    if (image.size() < 512 || image[0] != 0x55 || image[1] != 0xAA)
        throw Error(path, "not an option ROM: it does not begin with 55 AA", {}, ErrorKind::usage);
    return image;
}

} // namespace ntferry::vmm
