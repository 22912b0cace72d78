// Progress for people and programs: a bar, log lines, JSON events.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"

#include <iosfwd>
#include <memory>
#include <string>

namespace ntferry::cli {

/// A bar when err is the terminal, plain lines every few seconds otherwise, one JSON object a line with json,
/// nothing with quiet. log, when not empty, gets the plain lines too.
/// @throws Error when the log cannot be opened
std::unique_ptr<Progress> make_progress(bool json, bool quiet, const std::string& log, std::ostream& err);

} // namespace ntferry::cli
