// A conversion as a document and as JSON: report.html and report.json of a bundle.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/bundle/conversion.hpp"
#include "migrate/report/document.hpp"

#include <boost/json.hpp>

namespace ntferry::report {

/// @param bundle folder that the screenshot is read from
Document conversion_document(const bundle::ConversionResult& result, const std::string& bundle,
                             bool with_inspection);
/// "ntferry.conversion-report" version 1.
boost::json::object to_json(const bundle::ConversionResult& result);
/// report.html and report.json in a bundle's folder. @throws Error
void write_conversion(const bundle::ConversionResult& result, const std::string& bundle);

} // namespace ntferry::report
