// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/stop_code.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace ntferry::verify {
namespace {

constexpr std::size_t most_parameters = 4;

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// Up to eight hexadecimal digits, with or without 0x; takes them off the front.
std::optional<std::uint32_t> take_hex(std::string_view& text) {
    skip_blanks(text);
    std::string_view rest = text;
    if (text::istarts_with(rest, "0x"))
        rest.remove_prefix(2);
    std::uint32_t value = 0;
    std::size_t digits = 0;
    for (; digits < rest.size() && digits < 8 && std::isxdigit(static_cast<unsigned char>(rest[digits])) != 0;
         ++digits) {
        const char c = text::to_lower(rest[digits]);
        value = value << 4U | static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    if (digits == 0)
        return std::nullopt;
    text = rest.substr(digits);
    return value;
}

std::vector<std::uint32_t> take_parameters(std::string_view& text) {
    std::vector<std::uint32_t> parameters;
    skip_blanks(text);
    if (text.empty() || text.front() != '(')
        return parameters;
    text.remove_prefix(1);
    while (parameters.size() < most_parameters) {
        const auto value = take_hex(text);
        if (!value)
            break;
        parameters.push_back(*value);
        skip_blanks(text);
        if (text.empty() || text.front() != ',')
            break;
        text.remove_prefix(1);
    }
    if (const std::size_t end = text.find(')'); end != std::string_view::npos)
        text.remove_prefix(end + 1);
    return parameters;
}

/// "*** Address 80118b3c has base at 80100000 - ntoskrnl.exe".
std::string find_driver(const ScreenText& screen) {
    for (const std::string& line : screen.lines) {
        const std::size_t base = line.find("has base at");
        const std::size_t dash = base == std::string::npos ? base : line.find(" - ", base);
        if (dash == std::string::npos)
            continue;
        const std::string_view name = text::trim(std::string_view(line).substr(dash + 3));
        return std::string(name.substr(0, name.find(' ')));
    }
    return {};
}

} // namespace

std::string StopCode::text() const {
    std::string result = fmt::format("STOP 0x{:08X}", code);
    if (!parameters.empty()) {
        result += " (";
        for (std::size_t i = 0; i < parameters.size(); ++i)
            result += fmt::format("{}0x{:08X}", i == 0 ? "" : ", ", parameters[i]);
        result += ')';
    }
    if (!name.empty())
        result += ' ' + name;
    if (!driver.empty())
        result += " in " + driver;
    return result;
}

std::optional<StopCode> find_stop(const ScreenText& screen) {
    for (std::size_t row = 0; row < screen.lines.size(); ++row) {
        const std::string& line = screen.lines[row];
        const std::size_t at = line.find("STOP:");
        // Only at the start of a line or behind "*** ": a listing that mentions it is none.
        if (at == std::string::npos || line.find_first_not_of(" *") != at)
            continue;
        std::string_view rest = std::string_view(line).substr(at + 5);
        const auto code = take_hex(rest);
        if (!code)
            continue;
        StopCode stop;
        stop.code = *code;
        stop.parameters = take_parameters(rest);
        stop.name = text::trim(rest);
        // The kernel writes the name on the next line, where it knows one.
        if (stop.name.empty() && row + 1 < screen.lines.size())
            stop.name = text::trim(screen.lines[row + 1]);
        stop.name = text::printable(stop.name, 120);
        stop.driver = text::printable(find_driver(screen), 32);
        return stop;
    }
    return std::nullopt;
}

} // namespace ntferry::verify
