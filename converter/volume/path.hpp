// Paths inside a volume: '\' or '/' between names, from the root.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntferry::volume {

/// The names of a path; empty for the root. "." is dropped, ".." goes up (not above the root).
std::vector<std::string> split_path(std::string_view path);

/// The names of the directory and the last name. @throws Error for the root
std::pair<std::vector<std::string>, std::string> split_parent(std::string_view path);

/// @throws Error (usage) unless NT accepts the name: 1 to 255 UTF-16 units, no control characters, none of
/// "\ / : * ? \" < > |", no space or full stop at the end
void check_new_name(std::string_view name);

} // namespace ntferry::volume
