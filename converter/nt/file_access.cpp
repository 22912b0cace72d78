// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/file_access.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::nt {
namespace {

constexpr std::uint64_t program_limit = std::uint64_t{32} << 20U; // larger files are data, not drivers

/// "\\SystemRoot\\x" -> "x" when text begins with prefix and a separator.
bool strip(std::string_view& text, std::string_view prefix) {
    if (!text::istarts_with(text, prefix))
        return false;
    text.remove_prefix(prefix.size());
    while (!text.empty() && (text.front() == '\\' || text.front() == '/'))
        text.remove_prefix(1);
    return true;
}

/// The program of a command line: quoted, or up to the first blank behind its extension.
std::string_view program_of(std::string_view line) {
    line = text::trim(line);
    if (!line.empty() && line.front() == '"')
        return line.substr(1,
                           line.find('"', 1) == std::string_view::npos ? line.size() : line.find('"', 1) - 1);
    for (const std::string_view extension : {".exe", ".sys", ".dll", ".com"}) {
        for (std::size_t at = 0; at + extension.size() <= line.size(); ++at)
            if (text::istarts_with(line.substr(at), extension) &&
                (at + extension.size() == line.size() || line[at + extension.size()] == ' '))
                return line.substr(0, at + extension.size());
    }
    return line.substr(0, line.find(' '));
}

} // namespace

std::optional<Bytes> read_if_there(volume::FileSystem& files, std::string_view path, std::uint64_t limit) {
    const std::optional<volume::FileInfo> info = files.lookup(path);
    if (!info || info->is_directory())
        return std::nullopt;
    return files.read_file(path, limit);
}

std::optional<FilePlace> resolve_nt_path(const DiskSet& disks, const SystemPlace& system,
                                         std::string_view line) {
    std::string_view path = program_of(line);
    strip(path, "\\??\\") || strip(path, "\\DosDevices\\");
    if (strip(path, "\\SystemRoot") || strip(path, "%SystemRoot%") || strip(path, "%windir%"))
        return FilePlace{system.volume, system.below(path)};
    if (path.size() > 2 && path[1] == ':') {
        if (const auto volume = disks.by_letter(path[0]))
            return FilePlace{*volume, std::string(path.substr(2))};
        return std::nullopt;
    }
    if (path.starts_with("\\\\") || path.empty())
        return std::nullopt;
    // Relative to SystemRoot for drivers; services.exe adds ".exe" to a bare name.
    while (!path.empty() && path.front() == '\\')
        path.remove_prefix(1);
    const bool bare = path.find('\\') == std::string_view::npos;
    std::string below = bare ? "system32\\" + std::string(path) : std::string(path);
    if (bare && path.find('.') == std::string_view::npos)
        below += ".exe";
    return FilePlace{system.volume, system.below(below)};
}

std::string FileFacts::version_text() const {
    return version ? pe::to_string(version->file) : std::string();
}

FileFacts describe_file(DiskSet& disks, const FilePlace& place) {
    FileFacts facts;
    const VolumeFacts& volume = disks.volumes().at(place.volume);
    facts.path = volume.letter != 0 ? fmt::format("{}:{}", volume.letter, place.path) : place.path;
    volume::FileSystem* files = disks.files(place.volume);
    if (files == nullptr)
        return facts;
    try {
        const std::optional<volume::FileInfo> info = files->lookup(place.path);
        if (!info || info->is_directory())
            return facts;
        facts.present = true;
        facts.size = info->size;
        facts.attributes = info->attributes;
        if (facts.size > program_limit)
            return facts;
        const Bytes content = files->read_file(place.path, program_limit);
        if (!pe::is_pe(content))
            return facts;
        const pe::Headers headers = pe::parse_headers(content, facts.path);
        facts.pe = true;
        facts.machine = headers.machine;
        facts.subsystem = headers.subsystem;
        facts.checksum = headers.checksum;
        facts.checksum_good = pe::checksum_good(content, headers);
        facts.version = pe::read_version(content, headers);
    } catch (const Error& error) {
        facts.problem = error.problem();
    }
    return facts;
}

std::optional<unsigned> service_pack_of(const pe::VersionNumber& version) {
    if (version[0] != 4 || version[1] != 0 || version[2] != 1381)
        return std::nullopt;
    const unsigned revision = version[3] & 0x7FFFU; // Terminal Server Edition sets bit 15
    if (revision < 2)
        return 0;
    if (revision < 100)
        return 3;
    if (revision < 200)
        return 4;
    return revision < 300 ? 5U : 6U;
}

} // namespace ntferry::nt
