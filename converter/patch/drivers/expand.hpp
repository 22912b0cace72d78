// Files of Microsoft's setup media as they lie there: raw, SZDD, KWAJ or a one-file cabinet.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ntferry::patch {

/// How a file on a medium is packed; recognised by its first bytes, never by its name. NT 4.0 packs NAME.EX_
/// as a one-file MSZIP cabinet, NT 3.x with SZDD, a few odd files are KWAJ.
enum class Packing : std::uint8_t { raw, cabinet, szdd, kwaj };

/// What Setup calls the packed form: "atapi.sys" -> "atapi.sy_", "x.c" -> "x.c_". Lower case.
std::string packed_name(std::string_view name);

Packing recognise_packing(ByteView content) noexcept;
std::string_view packing_name(Packing packing) noexcept;

/// The content of a packed file; a raw file comes back as it is.
///
/// @param wanted name of the file that is wanted ("atapi.sys"): picks the member of a cabinet with several
///               files; a cabinet with exactly one file gives that one whatever it is called
/// @param name_for_messages where the bytes came from
/// @param limit  bytes; more than that is refused while it is being unpacked
/// @throws Error when the file is damaged, too large or lacks the wanted member
Bytes expand(ByteView content, std::string_view wanted, const std::string& name_for_messages,
             std::uint64_t limit = std::uint64_t{64} << 20U);

} // namespace ntferry::patch
