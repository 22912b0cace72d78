// Small file operations that survive a power cut: written beside and renamed, folders synced.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ntferry::patch::durable {

/// Replaces a file as a whole. @throws SystemError
void write(const std::string& path, std::string_view content);
/// Renames a file over another in the same folder; both names are durable afterwards.
void replace(const std::string& from, const std::string& to);
/// False when there was no such file.
bool remove(const std::string& path);
/// @throws SystemError; Error for more than 64 MiB
std::string read_text(const std::string& path);
/// Bytes and lower-case hexadecimal SHA-256.
std::pair<std::uint64_t, std::string> hash_file(const std::string& path);

} // namespace ntferry::patch::durable
