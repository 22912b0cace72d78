// One function per command, each in a file of its own.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/command.hpp"

namespace ntferry::cli {} // namespace ntferry::cli
