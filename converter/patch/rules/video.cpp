// Video: plain VGA, with the fallback that NT has for it.
//
// If every other miniport is disabled NT comes up on vga or VgaSave. Device0 keys are never removed: without
// a usable one NT stops with C0000143 (KB Q170397). Disabling is Microsoft's own recipe (KB Q180647).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

namespace ntferry::patch {
namespace {

constexpr std::uint32_t start_system = 1;
constexpr const char* winlogon = "Microsoft\\Windows NT\\CurrentVersion\\Winlogon";

bool is_vga(std::string_view service) {
    return text::iequals(service, "vga") || text::iequals(service, "VgaSave") ||
           text::iequals(service, "VgaStart");
}

void need_vga_files(RuleContext& context) {
    Subject& subject = context.subject();
    const auto need = [&](const std::string& name, const std::string& target, const std::string& why,
                          bool essential) {
        context.need_file({name, subject.system32(target), why, essential, false, {}});
    };
    need("videoprt.sys", "drivers\\videoprt.sys", "vga.sys is linked to it", true);
    need("vga.sys", "drivers\\vga.sys",
         "the display driver of the fallback; without it NT stops with C0000143", true);
    need("vga.dll", "vga.dll", "the display driver of the fallback; without it NT stops with C0000143", true);
    for (const char* name : {"framebuf.dll", "vga256.dll", "vga64k.dll"})
        need(name, name, "more colours on plain VGA", false);
}

} // namespace

void plan_video(RuleContext& context) {
    Subject& subject = context.subject();
    if (context.setting("video", "vga") == "keep") {
        context.note("the display driver stays as it is, as asked for");
        return;
    }
    need_vga_files(context);
    for (const unsigned set : subject.control_sets()) {
        for (const nt::Service& service : context.services(set)) {
            if (!service.in_group("Video") || is_vga(service.name) || !service.is_driver())
                continue;
            context.disable(
                set, service.name,
                {"the machine has a plain VGA; a miniport without its card may hang the start",
                 fmt::format("{}\\Start is {}", RuleContext::service_key(set, service.name), service.start)});
        }
        for (const char* name : {"vga", "VgaSave"}) {
            const auto service = context.service(set, name);
            if (service && service->start > start_system)
                context.set_start(
                    set, service->name, start_system,
                    {"the display comes up on plain VGA",
                     fmt::format("{}\\Start is {}", RuleContext::service_key(set, name), service->start)});
            if (service &&
                !context.has_key(HiveId::system, RuleContext::service_key(set, name) + "\\Device0"))
                context.note(
                    fmt::format("{} has no Device0 key: if the display driver fails NT stops with C0000143",
                                RuleContext::service_key(set, name)));
        }
    }
    const auto gina = context.string(HiveId::software, winlogon, "GinaDLL");
    if (gina && !gina->empty() && !text::iequals(*gina, "msgina.dll"))
        context.note(fmt::format(
            "the logon screen is {} (GinaDLL): remote control products that replace it often replace "
            "vga.dll too; if the start hangs, remove it with an own action (KB Q176989)",
            *gina));
}

} // namespace ntferry::patch
