// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/pe/image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ntferry::nt::pe {
namespace {

constexpr std::size_t off_new_header = 0x3C;
constexpr std::size_t coff_size = 20;
constexpr std::uint16_t magic_pe32 = 0x10B;
constexpr std::size_t optional_fixed = 96; // of PE32, before the directories
constexpr std::size_t section_size = 40;
constexpr std::size_t sections_limit = 96; // the loader's own limit
constexpr std::size_t directories_limit = 16;
// No file of NT 4.0 comes near these; a hostile one shall not cost time or memory.
constexpr std::size_t modules_limit = 256;
constexpr std::size_t symbols_limit = 16384;
constexpr std::size_t exports_limit = 16384;
constexpr std::size_t name_limit = 512;

std::string c_string(ByteView file, std::size_t at, std::size_t limit) {
    const ByteView rest = file.subspan(std::min(at, file.size()));
    std::string text;
    for (const std::uint8_t byte : rest.first(std::min(rest.size(), limit))) {
        if (byte == 0)
            break;
        text += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '?';
    }
    return text;
}

[[noreturn]] void damaged(const char* what) {
    throw Error({}, fmt::format("damaged PE file: {}", what));
}

std::size_t need(const Headers& headers, ByteView file, std::uint32_t rva, std::size_t length,
                 const char* what) {
    const std::optional<std::size_t> at = file_offset(headers, file, rva, length);
    if (!at)
        damaged(what);
    return *at;
}

Directory directory(const Headers& headers, DirectoryIndex index) {
    return index < headers.directories.size() ? headers.directories[index] : Directory{};
}

std::vector<std::string> read_thunks(ByteView file, const Headers& headers, std::uint32_t rva,
                                     std::size_t& budget) {
    constexpr std::uint32_t by_ordinal = 0x80000000U;
    std::vector<std::string> symbols;
    for (;; rva += 4) {
        const auto thunk = load_le<std::uint32_t>(file, need(headers, file, rva, 4, "import lookup table"));
        if (thunk == 0)
            return symbols;
        if (budget-- == 0)
            damaged("too many imports");
        if ((thunk & by_ordinal) != 0)
            symbols.push_back(fmt::format("#{}", thunk & 0xFFFFU));
        else
            symbols.push_back(
                c_string(file, need(headers, file, thunk, 3, "name of an import") + 2, name_limit));
    }
}

} // namespace

bool is_pe(ByteView file) {
    if (file.size() < 64 || file[0] != 'M' || file[1] != 'Z')
        return false;
    const auto at = load_le<std::uint32_t>(file, off_new_header);
    return at <= file.size() - 4 && std::memcmp(file.data() + at, "PE\0\0", 4) == 0;
}

Headers parse_headers(ByteView file, const std::string& name) {
    if (!is_pe(file))
        throw Error(name, "not a PE file");
    try {
        Headers headers;
        const std::size_t coff = std::size_t{load_le<std::uint32_t>(file, off_new_header)} + 4;
        headers.machine = load_le<std::uint16_t>(file, coff);
        const auto section_count = load_le<std::uint16_t>(file, coff + 2);
        headers.timestamp = load_le<std::uint32_t>(file, coff + 4);
        const auto optional_size = load_le<std::uint16_t>(file, coff + 16);
        headers.characteristics = load_le<std::uint16_t>(file, coff + 18);
        const std::size_t optional = coff + coff_size;
        if (load_le<std::uint16_t>(file, optional) != magic_pe32 || optional_size < optional_fixed)
            throw Error({}, "not a 32-bit PE file");
        headers.entry_point = load_le<std::uint32_t>(file, optional + 16);
        headers.image_base = load_le<std::uint32_t>(file, optional + 28);
        headers.image_major = load_le<std::uint16_t>(file, optional + 44);
        headers.image_minor = load_le<std::uint16_t>(file, optional + 46);
        headers.image_size = load_le<std::uint32_t>(file, optional + 56);
        headers.checksum_offset = optional + 64;
        headers.checksum = load_le<std::uint32_t>(file, headers.checksum_offset);
        headers.subsystem = load_le<std::uint16_t>(file, optional + 68);
        const std::size_t directory_count =
            std::min({std::size_t{load_le<std::uint32_t>(file, optional + 92)}, directories_limit,
                      (optional_size - optional_fixed) / 8});
        for (std::size_t i = 0; i < directory_count; ++i)
            headers.directories.push_back(
                {load_le<std::uint32_t>(file, optional + optional_fixed + i * 8),
                 load_le<std::uint32_t>(file, optional + optional_fixed + i * 8 + 4)});
        if (section_count > sections_limit)
            damaged("too many sections");
        for (std::size_t i = 0; i < section_count; ++i) {
            const std::size_t at = optional + optional_size + i * section_size;
            Section section;
            section.name = c_string(slice(file, at, 8), 0, 8);
            section.virtual_size = load_le<std::uint32_t>(file, at + 8);
            section.address = load_le<std::uint32_t>(file, at + 12);
            section.file_size = load_le<std::uint32_t>(file, at + 16);
            section.file_offset = load_le<std::uint32_t>(file, at + 20);
            section.characteristics = load_le<std::uint32_t>(file, at + 36);
            headers.sections.push_back(std::move(section));
        }
        return headers;
    } catch (const Error& error) {
        throw error.within(name);
    }
}

std::uint32_t compute_checksum(ByteView file, const Headers& headers) {
    // A sum of 16-bit words whose carries are added in again. Pairs of words are summed as one number of 32
    // bits, and carries at the end: 65536 is 1 modulo 65535.
    const auto weighed = [&](std::size_t at) { return std::uint64_t{file[at]} << (at % 4 * 8); };
    const std::uint8_t* const bytes = file.data();
    std::uint64_t sum = 0;
    std::size_t at = 0;
    for (; at + 4 <= file.size(); at += 4)
        sum += bytes[at] | std::uint32_t{bytes[at + 1]} << 8U | std::uint32_t{bytes[at + 2]} << 16U |
               std::uint32_t{bytes[at + 3]} << 24U;
    for (; at < file.size(); ++at)
        sum += weighed(at);
    // The field itself counts as zero. It lies at a word, or nowhere that the sum would know of.
    if (headers.checksum_offset % 2 == 0)
        for (at = headers.checksum_offset;
             at < std::min(file.size(), headers.checksum_offset + std::size_t{4}); ++at)
            sum -= weighed(at);
    while (sum >> 16U != 0)
        sum = (sum & 0xFFFFU) + (sum >> 16U);
    return static_cast<std::uint32_t>(sum) + static_cast<std::uint32_t>(file.size());
}

bool checksum_good(ByteView file, const Headers& headers) {
    return headers.checksum == compute_checksum(file, headers);
}

std::optional<std::size_t> file_offset(const Headers& headers, ByteView file, std::uint32_t rva,
                                       std::size_t length) {
    for (const Section& section : headers.sections) {
        if (rva < section.address || rva - section.address >= section.file_size)
            continue;
        const std::uint64_t at = std::uint64_t{section.file_offset} + (rva - section.address);
        if (at <= file.size() && length <= file.size() - at &&
            length <= section.file_size - (rva - section.address))
            return static_cast<std::size_t>(at);
        return std::nullopt;
    }
    return std::nullopt;
}

std::vector<ImportedModule> read_imports(ByteView file, const Headers& headers) {
    constexpr std::size_t descriptor_size = 20;
    std::vector<ImportedModule> modules;
    const Directory at = directory(headers, directory_import);
    if (at.address == 0)
        return modules;
    std::size_t budget = symbols_limit;
    for (std::uint32_t rva = at.address;; rva += descriptor_size) {
        const std::size_t entry = need(headers, file, rva, descriptor_size, "import table");
        const auto lookup = load_le<std::uint32_t>(file, entry);
        const auto name = load_le<std::uint32_t>(file, entry + 12);
        const auto thunks = load_le<std::uint32_t>(file, entry + 16);
        if (name == 0 || thunks == 0)
            return modules;
        if (modules.size() == modules_limit)
            damaged("too many imported modules");
        ImportedModule module;
        module.name = c_string(file, need(headers, file, name, 1, "name of an imported module"), name_limit);
        module.symbols = read_thunks(file, headers, lookup != 0 ? lookup : thunks, budget);
        modules.push_back(std::move(module));
    }
}

ExportTable read_exports(ByteView file, const Headers& headers) {
    ExportTable table;
    const Directory at = directory(headers, directory_export);
    if (at.address == 0 || at.size < 40)
        return table;
    const std::size_t entry = need(headers, file, at.address, 40, "export table");
    table.module =
        c_string(file, need(headers, file, load_le<std::uint32_t>(file, entry + 12), 1, "name of the module"),
                 name_limit);
    const auto base = load_le<std::uint32_t>(file, entry + 16);
    const auto functions = load_le<std::uint32_t>(file, entry + 20);
    const auto names = load_le<std::uint32_t>(file, entry + 24);
    if (functions > exports_limit || names > exports_limit)
        damaged("too many exports");
    const std::size_t addresses_at = functions == 0
                                         ? 0
                                         : need(headers, file, load_le<std::uint32_t>(file, entry + 28),
                                                functions * 4, "export addresses");
    const std::size_t names_at =
        names == 0 ? 0
                   : need(headers, file, load_le<std::uint32_t>(file, entry + 32), names * 4, "export names");
    const std::size_t ordinals_at = names == 0 ? 0
                                               : need(headers, file, load_le<std::uint32_t>(file, entry + 36),
                                                      names * 2, "export ordinals");
    std::vector<std::string> name_of(functions);
    for (std::size_t i = 0; i < names; ++i) {
        const auto index = load_le<std::uint16_t>(file, ordinals_at + i * 2);
        if (index < functions)
            name_of[index] = c_string(
                file,
                need(headers, file, load_le<std::uint32_t>(file, names_at + i * 4), 1, "name of an export"),
                name_limit);
    }
    for (std::size_t i = 0; i < functions; ++i) {
        const auto address = load_le<std::uint32_t>(file, addresses_at + i * 4);
        if (address == 0)
            continue;
        Export one{name_of[i], base + static_cast<std::uint32_t>(i), address, {}};
        if (address - at.address < at.size) { // inside the directory: text of a forwarder
            one.forwarder = c_string(file, need(headers, file, address, 1, "forwarder"), name_limit);
            one.address = 0;
        }
        table.exports.push_back(std::move(one));
    }
    return table;
}

} // namespace ntferry::nt::pe
