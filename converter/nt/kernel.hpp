// Which kernel and which HAL are installed, and what says so.
//
// Order of evidence after facts in KB Q156358, Q168132, Q202214, Q172965, Q235373: version resource,
// setup.log, size of the file, text inside it, registry. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/file_access.hpp"
#include "converter/nt/setup_log.hpp"
#include "converter/registry/hive.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::nt {

/// A HAL that NT 4.0 came with, or an OEM's.
struct HalKind {
    const char* file;  ///< name on the CD: "halmps.dll"
    const char* title; ///< as Setup calls it
    bool multiprocessor;
    bool on_pic;  ///< runs on a PC with two 8259As and nothing else
    bool on_apic; ///< runs with an MP table, local APIC and I/O APIC
    std::uint32_t size_sp3;
    std::uint32_t size_sp5;
    const char* text; ///< something that only this HAL says; empty: nothing known
};

/// nullptr for a name that is none of Microsoft's.
const HalKind* find_hal(std::string_view file);

struct ImageIdentity {
    FileFacts file;
    std::string name;                  ///< the name on the medium: "halmps.dll"; empty: unknown
    std::vector<std::string> evidence; ///< what says so, strongest first
    std::vector<std::string> contradictions;
};

struct KernelFacts {
    ImageIdentity kernel;
    ImageIdentity hal;
    std::optional<bool> multiprocessor_kernel;
    const HalKind* hal_kind = nullptr; ///< nullptr: OEM or unknown
    /// Nothing unless both are known.
    std::optional<bool> matching() const;
};

/// @param kernel_file, hal_file names below system32, "ntoskrnl.exe" and "hal.dll" unless boot.ini says
/// otherwise
KernelFacts identify_kernel(DiskSet& disks, const SystemPlace& place, const SetupLog& log,
                            const registry::Hive* software, std::string_view kernel_file = "ntoskrnl.exe",
                            std::string_view hal_file = "hal.dll");

} // namespace ntferry::nt
