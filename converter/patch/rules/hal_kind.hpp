// Which kernel and HAL an NT installation has under the fixed names ntoskrnl.exe and hal.dll.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/pe/version.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ntferry::patch {

struct InstalledKernel {
    std::string kernel_name; ///< name on the CD: "ntoskrnl.exe" or "ntkrnlmp.exe"
    std::string
        hal_name; ///< name on the CD: "hal.dll", "halmps.dll", "halsp.dll"; "unknown" for a maker's own
    bool multiprocessor_kernel = false;
    nt::pe::VersionNumber kernel_version{};
    nt::pe::VersionNumber hal_version{};
    std::string evidence; ///< what said so
};

/// Order of evidence (KB Q168132, Q202214): version resources keep the original name; repair\setup.log, which
/// UPTOMP and the Compaq SSD did not update; texts inside the HAL.
InstalledKernel recognise_kernel(ByteView kernel, ByteView hal, const std::optional<Bytes>& setup_log,
                                 const std::string& system_root);

/// What hardware a HAL wants: "an MP table and APICs", "a Compaq SystemPro".
std::string hal_needs(std::string_view hal_name);

} // namespace ntferry::patch
