// Unpacking of setup media files with libmspack.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/expand.hpp"

#include "converter/base/text.hpp"
#include "converter/patch/drivers/mspack_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

namespace ntferry::patch {
namespace {

constexpr std::array<std::uint8_t, 4> cabinet_magic{'M', 'S', 'C', 'F'};
constexpr std::array<std::uint8_t, 8> szdd_magic{'S', 'Z', 'D', 'D', 0x88, 0xF0, 0x27, 0x33};
constexpr std::array<std::uint8_t, 8> szdd_qbasic_magic{'S', 'Z', ' ', 0x88, 0xF0, 0x27, 0x33, 0xD1};
constexpr std::array<std::uint8_t, 8> kwaj_magic{'K', 'W', 'A', 'J', 0x88, 0xF0, 0x27, 0xD1};

/// libmspack reads the input it was made with whatever it is called.
constexpr const char* any_name = "file";

template <std::size_t N>
bool starts_with(ByteView content, const std::array<std::uint8_t, N>& magic) {
    return content.size() >= N && std::equal(magic.begin(), magic.end(), content.begin());
}

[[noreturn]] void damaged(const std::string& where, Packing packing, int error, const MspackMemory& memory) {
    if (memory.over_limit())
        throw Error(where, "unpacks to more than a driver or system file can be", "use another copy");
    throw Error(where,
                fmt::format("the {} file is damaged: {}", packing_name(packing), mspack_problem(error)),
                "use another copy of the medium");
}

Bytes expand_cabinet(ByteView content, std::string_view wanted, const std::string& where,
                     std::uint64_t limit) {
    MspackMemory memory(content, limit);
    const auto destroy = [](mscab_decompressor* cab) { mspack_destroy_cab_decompressor(cab); };
    const std::unique_ptr<mscab_decompressor, decltype(destroy)> cab(
        mspack_create_cab_decompressor(memory.system()), destroy);
    if (!cab)
        throw Error(where, "out of memory while opening the cabinet");
    const auto close = [&](mscabd_cabinet* opened) { cab->close(cab.get(), opened); };
    const std::unique_ptr<mscabd_cabinet, decltype(close)> opened(cab->open(cab.get(), any_name), close);
    if (!opened)
        damaged(where, Packing::cabinet, cab->last_error(cab.get()), memory);

    const mscabd_file* member = nullptr;
    for (const mscabd_file* file = opened->files; file != nullptr; file = file->next)
        if (text::iequals(text::file_name(file->filename), wanted))
            member = file;
    if (member == nullptr && opened->files != nullptr && opened->files->next == nullptr)
        member = opened->files;
    if (member == nullptr)
        throw Error(where, fmt::format("the cabinet does not hold {}", wanted),
                    "use another copy of the file");
    if (member->length > limit)
        throw Error(where, "unpacks to more than a driver or system file can be", "use another copy");
    if (cab->extract(cab.get(), const_cast<mscabd_file*>(member), any_name) != MSPACK_ERR_OK)
        damaged(where, Packing::cabinet, cab->last_error(cab.get()), memory);
    Bytes result = memory.take_output();
    if (result.size() != member->length)
        throw Error(where, "the cabinet file is damaged: it gives fewer bytes than it promises");
    return result;
}

Bytes expand_szdd(ByteView content, const std::string& where, std::uint64_t limit) {
    MspackMemory memory(content, limit);
    const auto destroy = [](msszdd_decompressor* szdd) { mspack_destroy_szdd_decompressor(szdd); };
    const std::unique_ptr<msszdd_decompressor, decltype(destroy)> szdd(
        mspack_create_szdd_decompressor(memory.system()), destroy);
    if (!szdd)
        throw Error(where, "out of memory while opening the SZDD file");
    const auto close = [&](msszddd_header* opened) { szdd->close(szdd.get(), opened); };
    const std::unique_ptr<msszddd_header, decltype(close)> opened(szdd->open(szdd.get(), any_name), close);
    if (!opened || szdd->extract(szdd.get(), opened.get(), any_name) != MSPACK_ERR_OK)
        damaged(where, Packing::szdd, szdd->last_error(szdd.get()), memory);
    Bytes result = memory.take_output();
    // LZSS has no end mark: a file that was cut off simply gives less than its header says.
    if (result.size() != static_cast<std::size_t>(opened->length))
        throw Error(where, "the SZDD file is damaged: it gives another number of bytes than it promises",
                    "use another copy of the medium");
    return result;
}

Bytes expand_kwaj(ByteView content, const std::string& where, std::uint64_t limit) {
    MspackMemory memory(content, limit);
    const auto destroy = [](mskwaj_decompressor* kwaj) { mspack_destroy_kwaj_decompressor(kwaj); };
    const std::unique_ptr<mskwaj_decompressor, decltype(destroy)> kwaj(
        mspack_create_kwaj_decompressor(memory.system()), destroy);
    if (!kwaj)
        throw Error(where, "out of memory while opening the KWAJ file");
    const auto close = [&](mskwajd_header* opened) { kwaj->close(kwaj.get(), opened); };
    const std::unique_ptr<mskwajd_header, decltype(close)> opened(kwaj->open(kwaj.get(), any_name), close);
    if (!opened || kwaj->extract(kwaj.get(), opened.get(), any_name) != MSPACK_ERR_OK)
        damaged(where, Packing::kwaj, kwaj->last_error(kwaj.get()), memory);
    Bytes result = memory.take_output();
    if ((opened->headers & MSKWAJ_HDR_HASLENGTH) != 0 &&
        result.size() != static_cast<std::size_t>(opened->length))
        throw Error(where, "the KWAJ file is damaged: it gives another number of bytes than it promises",
                    "use another copy of the medium");
    return result;
}

} // namespace

std::string packed_name(std::string_view name) {
    std::string result = text::to_lower(name);
    const std::size_t dot = result.rfind('.');
    if (dot == std::string::npos)
        return result + "._";
    if (result.size() - dot > 3)
        result.resize(dot + 3);
    return result + "_";
}

Packing recognise_packing(ByteView content) noexcept {
    if (starts_with(content, cabinet_magic))
        return Packing::cabinet;
    if (starts_with(content, szdd_magic) || starts_with(content, szdd_qbasic_magic))
        return Packing::szdd;
    if (starts_with(content, kwaj_magic))
        return Packing::kwaj;
    return Packing::raw;
}

std::string_view packing_name(Packing packing) noexcept {
    switch (packing) {
    case Packing::cabinet:
        return "cabinet";
    case Packing::szdd:
        return "SZDD";
    case Packing::kwaj:
        return "KWAJ";
    case Packing::raw:
        break;
    }
    return "raw";
}

Bytes expand(ByteView content, std::string_view wanted, const std::string& name_for_messages,
             std::uint64_t limit) {
    switch (recognise_packing(content)) {
    case Packing::cabinet:
        return expand_cabinet(content, wanted, name_for_messages, limit);
    case Packing::szdd:
        return expand_szdd(content, name_for_messages, limit);
    case Packing::kwaj:
        return expand_kwaj(content, name_for_messages, limit);
    case Packing::raw:
        break;
    }
    if (content.size() > limit)
        throw Error(name_for_messages, "is larger than a driver or system file can be", "use another copy");
    return Bytes(content.begin(), content.end());
}

} // namespace ntferry::patch
