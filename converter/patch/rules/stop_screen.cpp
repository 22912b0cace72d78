// The first boots: a STOP screen stays readable, nothing is dumped through the page file; what runs before
// the logon. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

namespace ntferry::patch {

void plan_stop_screen(RuleContext& context) {
    for (const unsigned set : context.subject().control_sets()) {
        const std::string control = Subject::control_set_key(set) + "\\Control";
        const std::string crash = control + "\\CrashControl";
        for (const char* name : {"AutoReboot", "CrashDumpEnabled"}) {
            const auto now = context.dword(crash, name);
            if (now && *now != 0)
                context.set_dword(fmt::format("stop-screen.{}.{}", text::to_lower(name), set), crash, name, 0,
                                  {"a STOP screen of the first boots stays, and no dump is written",
                                   fmt::format("{}\\{} is {}", crash, name, *now)});
        }
    }
    // autochk is NT's own and stays; what else runs there, the administrator should know.
    const std::string manager =
        Subject::control_set_key(context.subject().current_set()) + "\\Control\\Session Manager";
    for (const std::string& line : context.strings(manager, "BootExecute"))
        if (!text::iequals(line, "autocheck autochk *"))
            context.note(fmt::format(
                "before the logon NT runs '{}' (BootExecute): the first start may take long, do not "
                "switch the machine off",
                line));
    const auto paging = context.strings(manager + "\\Memory Management", "PagingFiles");
    if (paging.empty())
        context.note("no page file is set up (PagingFiles): NT warns at logon");
    else
        context.note(fmt::format("page files stay where they are: {}", fmt::join(paging, ", ")));
}

} // namespace ntferry::patch
