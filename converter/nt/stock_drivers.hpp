// Names of the kernel drivers that Windows NT 4.0 itself registers.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace ntferry::nt {

/// Whether a driver service belongs to NT 4.0: its CD, its service packs, its optional components.
bool is_stock_driver(std::string_view service_name) noexcept;

} // namespace ntferry::nt
