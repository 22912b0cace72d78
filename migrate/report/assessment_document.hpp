// An assessment as a document.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/assess/assess.hpp"
#include "migrate/report/document.hpp"

namespace ntferry::report {

/// Titles of sections that other documents put elsewhere or call otherwise.
inline constexpr const char* verdict_title = "Verdict";
inline constexpr const char* first_start_title = "After the first start";
inline constexpr const char* failures_title = "If a start fails";

/// @param with_inspection what is on the disks follows the findings
Document assessment_document(const assess::Assessment& assessment, const nt::Inspection& inspection,
                             bool with_inspection);

} // namespace ntferry::report
