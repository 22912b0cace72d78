// Input: PS/2 keyboard and mouse on, everything that would grab serial ports off.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

namespace ntferry::patch {
namespace {

constexpr std::uint32_t start_system = 1;

std::string start_evidence(unsigned set, const nt::Service& service) {
    return fmt::format("{}\\Start is {}", RuleContext::service_key(set, service.name), service.start);
}

void ps2(RuleContext& context, unsigned set) {
    for (const char* name : {"i8042prt", "Kbdclass", "Mouclass"}) {
        const auto service = context.service(set, name);
        if (!service)
            context.note(fmt::format("{} does not exist: keyboard or mouse will not work",
                                     RuleContext::service_key(set, name)));
        else if (service->start > start_system)
            context.set_start(set, service->name, start_system,
                              {"the machine has a PS/2 keyboard and mouse", start_evidence(set, *service)});
    }
}

} // namespace

void plan_input(RuleContext& context) {
    for (const unsigned set : context.subject().control_sets()) {
        ps2(context, set);
        if (const auto mouse = context.service(set, "Sermouse"))
            context.disable(
                set, mouse->name,
                {"it probes the serial ports at start and takes COM1 away from what is attached there",
                 start_evidence(set, *mouse)});
        for (const char* name : {"Busmouse", "Inport"})
            if (const auto mouse = context.service(set, name))
                context.disable(set, mouse->name,
                                {"the machine has no bus mouse", start_evidence(set, *mouse)});
        if (const auto ups = context.service(set, "UPS"))
            context.disable(
                set, ups->name,
                {"there is no UPS on a serial line any more: the service would shut the machine down",
                 start_evidence(set, *ups)});
    }
}

} // namespace ntferry::patch
