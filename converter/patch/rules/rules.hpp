// The rules: one file and one function per concern, in the order in which they run.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/rules/context.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ntferry::patch {

void plan_volumes(RuleContext& context);         ///< FT mirrors to plain disks, drive letters that would move
void plan_storage(RuleContext& context);         ///< IDE drivers on, the old controllers' off
void plan_storage_win2000(RuleContext& context); ///< the same for Windows 2000, which matches PCI ids
void plan_hal(RuleContext& context);         ///< kernel and HAL that fit the machine's interrupt controller
void plan_boot(RuleContext& context);        ///< boot.ini, NTBOOTDD.SYS; after plan_hal
void plan_network(RuleContext& context);     ///< NIC driver under the old adapters
void plan_video(RuleContext& context);       ///< plain VGA
void plan_input(RuleContext& context);       ///< serial mouse probing, UPS
void plan_stop_screen(RuleContext& context); ///< CrashControl; what runs before the logon
void plan_agents(RuleContext& context);      ///< vendor drivers and services, by data

struct Rule {
    std::string_view name;     ///< as profiles and overrides name it
    std::string_view families; ///< blank-separated: where it fits
    /// True: part of every patch of these families. False: only where the profile lists it.
    bool always;
    std::string_view what; ///< what a guest lacks where it does not fit
    void (*run)(RuleContext&);
};

/// All rules in their order.
const std::vector<Rule>& all_rules();

} // namespace ntferry::patch
