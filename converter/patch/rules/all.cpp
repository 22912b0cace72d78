// The table of rules.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/rules/rules.hpp"

namespace ntferry::patch {

const std::vector<Rule>& all_rules() {
    static const std::vector<Rule> rules{
        {"volumes", "nt4 nt351", true, "fault-tolerant sets and drive letters were left as they are",
         &plan_volumes},
        {"storage", "nt4 nt351", false, "no disk driver was switched on or off", &plan_storage},
        {"storage", "win2000", false, "no disk driver was switched on or off", &plan_storage_win2000},
        {"hal", "nt4 nt351", false, "kernel and HAL were not looked at", &plan_hal},
        {"boot", "nt4 nt351 win2000", true, "boot.ini was not changed", &plan_boot},
        {"network", "nt4 nt351", false, "network cards and their bindings were not changed", &plan_network},
        {"video", "nt4 nt351", false, "display drivers were not changed", &plan_video},
        {"input", "nt4 nt351", false, "keyboard, mouse and UPS services were not changed", &plan_input},
        {"stop-screen", "nt4 nt351 win2000", true, "an automatic restart after a STOP was not switched off",
         &plan_stop_screen},
        {"agents", "nt4 nt351 win2000", false, "services of the old hardware were not switched off",
         &plan_agents},
    };
    return rules;
}

} // namespace ntferry::patch
