// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"

#include <utility>

namespace ntferry {
namespace {

std::string one_line(const std::string& where, const std::string& problem, const std::string& remedy) {
    std::string line = where.empty() ? problem : where + ": " + problem;
    if (!remedy.empty())
        line += "; " + remedy;
    return line;
}

} // namespace

Error::Error(std::string where, std::string problem, std::string remedy, ErrorKind kind)
    : std::runtime_error(one_line(where, problem, remedy)), where_(std::move(where)),
      problem_(std::move(problem)), remedy_(std::move(remedy)), kind_(kind) {}

Error Error::within(std::string_view outer) const {
    std::string where(outer);
    if (!where_.empty())
        where += ": " + where_;
    return Error(std::move(where), problem_, remedy_, kind_);
}

SystemError::SystemError(std::string where, std::string_view action, int error_number, std::string remedy)
    : Error(std::move(where), std::string(action) + ": " + std::generic_category().message(error_number),
            std::move(remedy)),
      error_number_(error_number) {}

Interrupted::Interrupted(std::string where, std::string remedy)
    : Error(std::move(where), "interrupted", std::move(remedy), ErrorKind::interrupted) {}

} // namespace ntferry
