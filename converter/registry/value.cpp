// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/value.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::registry {
namespace {

bool is_text(ValueType type) {
    return type == ValueType::sz || type == ValueType::expand_sz || type == ValueType::link;
}

Bytes terminated(std::string_view utf8) {
    Bytes bytes = text::to_utf16le(utf8);
    bytes.insert(bytes.end(), 2, 0);
    return bytes;
}

} // namespace

std::string type_name(ValueType type) {
    static constexpr std::array<const char*, 11> names = {"REG_NONE",
                                                          "REG_SZ",
                                                          "REG_EXPAND_SZ",
                                                          "REG_BINARY",
                                                          "REG_DWORD",
                                                          "REG_DWORD_BIG_ENDIAN",
                                                          "REG_LINK",
                                                          "REG_MULTI_SZ",
                                                          "REG_RESOURCE_LIST",
                                                          "REG_FULL_RESOURCE_DESCRIPTOR",
                                                          "REG_RESOURCE_REQUIREMENTS_LIST"};
    const auto number = static_cast<std::uint32_t>(type);
    return number < names.size() ? names[number] : fmt::format("type {:#x}", number);
}

Value Value::dword(std::uint32_t number) {
    Value value{ValueType::dword, Bytes(4)};
    store_le<std::uint32_t>(value.data, 0, number);
    return value;
}

Value Value::sz(std::string_view utf8) {
    return {ValueType::sz, terminated(utf8)};
}

Value Value::expand_sz(std::string_view utf8) {
    return {ValueType::expand_sz, terminated(utf8)};
}

Value Value::multi_sz(const std::vector<std::string>& utf8) {
    Value value{ValueType::multi_sz, {}};
    for (const std::string& one : utf8) {
        const Bytes bytes = terminated(one);
        value.data.insert(value.data.end(), bytes.begin(), bytes.end());
    }
    value.data.insert(value.data.end(), 2, 0);
    return value;
}

Value Value::binary(Bytes bytes) {
    return {ValueType::binary, std::move(bytes)};
}

std::optional<std::uint32_t> Value::as_dword() const {
    if (data.size() != 4)
        return std::nullopt;
    if (type == ValueType::dword)
        return load_le<std::uint32_t>(data, 0);
    if (type == ValueType::dword_big_endian)
        return load_be<std::uint32_t>(data, 0);
    return std::nullopt;
}

std::optional<std::string> Value::as_string() const {
    if (type == ValueType::multi_sz) {
        std::vector<std::string> all = as_strings();
        return all.empty() ? std::string() : std::move(all.front());
    }
    if (!is_text(type))
        return std::nullopt;
    std::string utf8 = text::from_utf16le(ByteView(data).first(data.size() & ~std::size_t{1}));
    utf8.resize(std::min(utf8.size(), utf8.find('\0')));
    return utf8;
}

std::vector<std::string> Value::as_strings() const {
    if (is_text(type)) {
        std::string one = *as_string();
        return one.empty() ? std::vector<std::string>() : std::vector<std::string>{std::move(one)};
    }
    if (type != ValueType::multi_sz)
        return {};
    std::vector<std::string> all;
    const std::string utf8 = text::from_utf16le(ByteView(data).first(data.size() & ~std::size_t{1}));
    for (const std::string_view part : text::split(utf8, '\0')) {
        if (part.empty())
            break;
        all.emplace_back(part);
    }
    return all;
}

std::string Value::describe() const {
    if (const auto number = as_dword())
        return fmt::format("{:#x}", *number);
    if (type == ValueType::multi_sz) {
        std::string line;
        for (const std::string& one : as_strings())
            line += (line.empty() ? "\"" : ", \"") + text::printable(one, 200) + '"';
        return "{" + text::printable(line, 1000) + "}";
    }
    if (const auto one = as_string())
        return '"' + text::printable(*one) + '"';
    const ByteView head = ByteView(data).first(std::min<std::size_t>(data.size(), 32));
    return fmt::format("{} {}{} ({} bytes)", type_name(type), to_hex(head),
                       head.size() < data.size() ? "..." : "", data.size());
}

} // namespace ntferry::registry
