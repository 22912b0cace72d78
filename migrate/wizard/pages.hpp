// The pages, by the part of the journey that they belong to. Only make_page() needs this.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/page.hpp"

namespace ntferry::wizard {

using PagePtr = std::unique_ptr<Page>;

// pages_start.cpp
PagePtr welcome_page(const Context& context);
PagePtr source_page();
PagePtr local_disks_page(const Context& context);
PagePtr address_page();
PagePtr disks_page();

// pages_browse.cpp
PagePtr browse_page(const Context& context, bool media);
PagePtr type_path_page(bool media);

// pages_look.cpp
PagePtr examine_page();
PagePtr unreadable_page();
PagePtr found_page();
PagePtr assessment_page();
PagePtr media_page(const Context& context);
PagePtr decision_page(const Context& context);

// pages_machine.cpp
PagePtr network_page(const Context& context);
PagePtr bridge_page(const Context& context);
PagePtr memory_page(const Context& context);
PagePtr other_memory_page(const Context& context);
PagePtr target_page(const Context& context);
PagePtr trial_page(const Context& context);
PagePtr summary_page();

// pages_run.cpp
PagePtr convert_page();
PagePtr failed_page();
PagePtr screen_page();
PagePtr done_page();

/// Adds a source or a medium unless it is there already.
Move add_path(Context& context, const std::string& path, bool media);

} // namespace ntferry::wizard
