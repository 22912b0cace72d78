// Route: which page follows which. Pure: answers and knowledge in, page out.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/page.hpp"

namespace ntferry::wizard {

/// The page after `from` when its question is answered.
PageId next_page(PageId from, const Answers& answers, const Knowledge& known);
/// The first page with something still to answer; summary when there is none.
PageId first_open_page(const Answers& answers, const Knowledge& known);
/// What is known no longer belongs to the answers: the disks have to be looked at again.
bool is_stale(const Answers& answers, const Knowledge& known);

} // namespace ntferry::wizard
