// The version resource of a PE file: numbers, names and strings.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/pe/image.hpp"

#include <array>
#include <map>

namespace ntferry::nt::pe {

using VersionNumber = std::array<std::uint16_t, 4>;

/// "4.0.1381.133".
std::string to_string(const VersionNumber& version);

struct VersionInfo {
    VersionNumber file{};
    VersionNumber product{};
    std::uint32_t flags = 0;                    ///< VS_FF_*, masked: 1 debug, 2 prerelease
    std::uint16_t language = 0;                 ///< Windows language id of the resource
    std::map<std::string, std::string> strings; ///< of the first string table, names as written

    /// A string, or "".
    std::string string(const std::string& name) const;
    std::string original_name() const { return string("OriginalFilename"); }
    std::string internal_name() const { return string("InternalName"); }
    std::string company() const { return string("CompanyName"); }
    std::string description() const { return string("FileDescription"); }
};

/// Nothing when the file has no version resource. @throws Error for a damaged one
std::optional<VersionInfo> read_version(ByteView file, const Headers& headers);
/// A VS_VERSIONINFO block by itself.
VersionInfo parse_version_info(ByteView block);

} // namespace ntferry::nt::pe
