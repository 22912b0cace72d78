// Value: typed data of a registry value.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::registry {

/// REG_* of winnt.h; other numbers occur in real hives and are kept as they are.
enum class ValueType : std::uint32_t {
    none = 0,
    sz = 1,
    expand_sz = 2,
    binary = 3,
    dword = 4,
    dword_big_endian = 5,
    link = 6,
    multi_sz = 7,
    resource_list = 8,
    full_resource_descriptor = 9,
    resource_requirements_list = 10,
};

/// "REG_SZ", "REG_DWORD", ...; "type 0x1234" for what has no name.
std::string type_name(ValueType type);

struct Value {
    ValueType type = ValueType::none;
    Bytes data;
    bool operator==(const Value&) const = default;

    static Value dword(std::uint32_t number);
    static Value sz(std::string_view utf8);
    static Value expand_sz(std::string_view utf8);
    static Value multi_sz(const std::vector<std::string>& utf8);
    static Value binary(Bytes bytes);

    /// The number of a REG_DWORD of either byte order; nothing for other types and sizes.
    std::optional<std::uint32_t> as_dword() const;
    /// Text of REG_SZ, REG_EXPAND_SZ or REG_LINK up to its first NUL, in UTF-8. A REG_MULTI_SZ gives its
    /// first string.
    std::optional<std::string> as_string() const;
    /// Strings of a REG_MULTI_SZ; a REG_SZ counts as a list of one. Other types give an empty list.
    std::vector<std::string> as_strings() const;
    /// One line for people: text quoted, numbers in hexadecimal, long binaries cut.
    std::string describe() const;
};

} // namespace ntferry::registry
