// What inspect and assess share: opening the disks that were named, writing a report file.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "migrate/cli/command.hpp"
#include "migrate/report/document.hpp"

#include <string>
#include <vector>

namespace ntferry::report {

/// Opens "source" and every "disk" read-only. @throws Error (usage) without a source
std::vector<block::SharedBlockDevice> open_sources(const cli::Invocation& invocation);

/// Writes the HTML form beside the file and renames it over it. @throws Error
void write_report(const std::string& path, const Document& document);

} // namespace ntferry::report
