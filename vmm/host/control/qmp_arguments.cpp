// Typed access to the arguments of a QMP command.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_command.hpp"

#include <fmt/format.h>

namespace ntferry::vmm {
namespace {

[[noreturn]] void wrong_type(std::string_view name, const char* expected) {
    throw QmpError(fmt::format("Invalid parameter type for '{}', expected: {}", name, expected));
}

[[noreturn]] void missing(std::string_view name) {
    throw QmpError(fmt::format("Parameter '{}' is missing", name));
}

} // namespace

std::string QmpArguments::text(std::string_view name) const {
    const boost::json::value* value = find(name);
    if (value == nullptr)
        missing(name);
    if (!value->is_string())
        wrong_type(name, "string");
    const boost::json::string& text = value->get_string();
    return {text.data(), text.size()};
}

std::string QmpArguments::text(std::string_view name, const std::string& otherwise) const {
    return find(name) == nullptr ? otherwise : text(name);
}

bool QmpArguments::flag(std::string_view name, bool otherwise) const {
    const boost::json::value* value = find(name);
    if (value == nullptr)
        return otherwise;
    if (!value->is_bool())
        wrong_type(name, "boolean");
    return value->get_bool();
}

std::int64_t QmpArguments::number(std::string_view name, std::int64_t otherwise) const {
    const boost::json::value* value = find(name);
    if (value == nullptr)
        return otherwise;
    if (!value->is_int64())
        wrong_type(name, "integer");
    return value->get_int64();
}

const boost::json::array& QmpArguments::list(std::string_view name) const {
    const boost::json::value* value = find(name);
    if (value == nullptr)
        missing(name);
    if (!value->is_array())
        wrong_type(name, "array");
    return value->get_array();
}

} // namespace ntferry::vmm
