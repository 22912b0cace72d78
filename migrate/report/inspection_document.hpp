// An inspection as a document.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/inspection.hpp"
#include "migrate/report/document.hpp"

namespace ntferry::report {

/// @param all every service and every application, not only what matters for a migration
Document inspection_document(const nt::Inspection& inspection, bool all);
/// The same sections appended to a document: the second half of an assessment.
void add_inspection(Document& document, const nt::Inspection& inspection, bool all);

/// "7.8 GB", "512 KB".
std::string size_text(std::uint64_t bytes);
/// "1997-07-26 14:08 UTC", or "" for 0.
std::string time_text(std::int64_t seconds);

} // namespace ntferry::report
