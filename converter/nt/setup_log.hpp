// %SystemRoot%\repair\setup.log: what Setup copied, from which file, and where the system lies.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <map>
#include <optional>
#include <string>

namespace ntferry::nt {

struct SetupLogFile {
    std::string source;         ///< "HALMPS.DLL"
    std::uint32_t checksum = 0; ///< of the PE header of what Setup copied
};

struct SetupLog {
    bool present = false;
    std::string target_directory; ///< "\\WINNT"
    std::string target_device;    ///< "\\Device\\Harddisk0\\partition1"
    std::string system_partition;
    std::map<std::string, SetupLogFile> files; ///< installed path in lower case -> source

    const SetupLogFile* find(const std::string& path) const;
};

SetupLog parse_setup_log(ByteView file);

} // namespace ntferry::nt
