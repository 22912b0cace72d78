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
/// As hash_file(), but over the pages of 4 KiB that are not all zeros, each behind its offset (8 bytes,
/// little-endian). Holes are not read: an overlay is mostly holes. Equal for copies with other holes.
std::pair<std::uint64_t, std::string> hash_pages(const std::string& path);

} // namespace ntferry::patch::durable
