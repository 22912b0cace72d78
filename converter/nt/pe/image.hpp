// PE32 files (drivers, kernels, HALs, libraries): what can be told without running them.
//
// Source: "Microsoft Portable Executable and Common Object File Format Specification", revisions 4.1 to 8.
// Every read is bounded; a damaged file gives one Error, never a crash or an endless loop.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::nt::pe {

inline constexpr std::uint16_t machine_i386 = 0x14C;
inline constexpr std::uint16_t machine_alpha = 0x184;
inline constexpr std::uint16_t machine_mips_r4000 = 0x166;
inline constexpr std::uint16_t machine_powerpc = 0x1F0;

/// IMAGE_SUBSYSTEM_*.
inline constexpr std::uint16_t subsystem_native = 1;
inline constexpr std::uint16_t subsystem_windows = 2;
inline constexpr std::uint16_t subsystem_console = 3;

struct Section {
    std::string name;
    std::uint32_t address = 0;      ///< RVA
    std::uint32_t virtual_size = 0; ///< bytes in memory
    std::uint32_t file_offset = 0;
    std::uint32_t file_size = 0;
    std::uint32_t characteristics = 0;
};

struct Directory {
    std::uint32_t address = 0; ///< RVA
    std::uint32_t size = 0;
};

enum DirectoryIndex : std::size_t { directory_export = 0, directory_import = 1, directory_resource = 2 };

struct Headers {
    std::uint16_t machine = 0;
    std::uint16_t characteristics = 0; ///< 0x2000: DLL
    std::uint32_t timestamp = 0;       ///< seconds since 1970, by the linker
    std::uint16_t subsystem = 0;
    std::uint16_t image_major = 0;
    std::uint16_t image_minor = 0;
    std::uint32_t image_base = 0;
    std::uint32_t image_size = 0;
    std::uint32_t entry_point = 0;   ///< RVA
    std::uint32_t checksum = 0;      ///< as stored; 0: none
    std::size_t checksum_offset = 0; ///< of that field in the file
    std::vector<Section> sections;
    std::vector<Directory> directories;

    bool is_dll() const { return (characteristics & 0x2000U) != 0; }
};

/// Whether the bytes begin as a PE file does; cheap.
bool is_pe(ByteView file);
/// @throws Error when it is not PE32 or its headers leave the file. name is for messages
Headers parse_headers(ByteView file, const std::string& name);

/// The checksum that the loader computes (CheckSumMappedFile): NT refuses drivers, HAL and system DLLs whose
/// stored one differs (STOP C0000221).
std::uint32_t compute_checksum(ByteView file, const Headers& headers);
/// Stored checksum right. One of 0 counts as wrong: NTLDR verifies boot drivers.
bool checksum_good(ByteView file, const Headers& headers);

/// File offset of an RVA, or nothing when no section's file data holds [rva, rva + length).
std::optional<std::size_t> file_offset(const Headers& headers, ByteView file, std::uint32_t rva,
                                       std::size_t length);

struct ImportedModule {
    std::string name;                 ///< "SCSIPORT.SYS", as written
    std::vector<std::string> symbols; ///< names; "#12" for ordinals
};

/// @throws Error for a damaged table
std::vector<ImportedModule> read_imports(ByteView file, const Headers& headers);

struct Export {
    std::string name; ///< empty: by ordinal only
    std::uint32_t ordinal = 0;
    std::uint32_t address = 0; ///< RVA; 0 for forwarders
    std::string forwarder;     ///< "HAL.ExAcquireFastMutex"
};

struct ExportTable {
    std::string module; ///< the name that the linker gave: "HALMPS.dll"
    std::vector<Export> exports;
};

/// Empty when there is none. @throws Error for a damaged table
ExportTable read_exports(ByteView file, const Headers& headers);

} // namespace ntferry::nt::pe
