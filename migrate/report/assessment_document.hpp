// An assessment as a document.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/assess/assess.hpp"
#include "migrate/report/document.hpp"

namespace ntferry::report {

/// @param with_inspection what is on the disks follows the findings
Document assessment_document(const assess::Assessment& assessment, const nt::Inspection& inspection,
                             bool with_inspection);

} // namespace ntferry::report
