// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/document.hpp"

namespace ntferry::report {

Section& Document::section(std::string title_of_section) {
    sections.push_back({std::move(title_of_section), {}});
    return sections.back();
}

Facts& Facts::add(std::string name, std::string value) {
    if (!value.empty())
        table_.rows.push_back({std::move(name), std::move(value)});
    return *this;
}

} // namespace ntferry::report
