// Reading files of an installation by the names that NT gives them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/disk_set.hpp"
#include "converter/nt/pe/version.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ntferry::nt {

/// The content, or nothing when the file is not there.
/// @throws Error when it is there and cannot be read
std::optional<Bytes> read_if_there(volume::FileSystem& files, std::string_view path,
                                   std::uint64_t limit = std::uint64_t{64} << 20U);

/// What a file that NT names is called on its volume.
struct FilePlace {
    std::size_t volume = 0;
    std::string path; ///< from the root of the volume
};

/// Where an installation lies.
struct SystemPlace {
    std::size_t volume = 0; ///< Microsoft's "boot partition"
    std::string root;       ///< "\\WINNT"
    /// "\\WINNT\\system32\\config\\system".
    std::string below(std::string_view path) const { return root + '\\' + std::string(path); }
};

/// Understands "\\SystemRoot\\...", "%SystemRoot%\\...", "\\??\\C:\\...", "C:\\...", "System32\\..." and
/// quoted command lines with arguments, as ImagePath writes them. Nothing when the volume is unknown.
std::optional<FilePlace> resolve_nt_path(const DiskSet& disks, const SystemPlace& system,
                                         std::string_view path);

/// What is told about a program file.
struct FileFacts {
    std::string path; ///< as it lies on its volume, with the letter where there is one
    bool present = false;
    std::uint64_t size = 0;
    std::uint32_t attributes = 0;
    bool pe = false;
    std::uint16_t machine = 0;
    std::uint16_t subsystem = 0;
    std::uint32_t checksum = 0;
    bool checksum_good = false;
    std::optional<pe::VersionInfo> version;
    std::string problem;

    /// "4.0.1381.133", or "".
    std::string version_text() const;
    std::string company() const { return version ? version->company() : std::string(); }
};

/// Reads size, checksum and version of a file; what fails is told in problem.
FileFacts describe_file(DiskSet& disks, const FilePlace& place);

/// Service pack level of a Microsoft NT 4.0 file by the last part of its file version (4.0.1381.N): 0 to 6;
/// nothing for other versions. SP1-SP3 files carry 4, SP4 133, SP5 204, SP6 and 6a 335 and above.
std::optional<unsigned> service_pack_of(const pe::VersionNumber& version);

} // namespace ntferry::nt
