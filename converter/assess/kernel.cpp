// Rules about HAL and kernel.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include <fmt/format.h>

namespace ntferry::assess {

bool needs_other_hal(const Context& context) {
    const nt::HalKind* hal = context.system.kernel.hal_kind;
    if (!context.system.product.is_nt4())
        return false;
    if (hal == nullptr)
        return true;
    return context.profile.interrupts == profiles::InterruptController::apic ? !hal->on_apic && !hal->on_pic
                                                                             : !hal->on_pic;
}

void hal_fit(const Context& context, Findings& findings) {
    const nt::KernelFacts& kernel = context.system.kernel;
    if (!context.system.product.is_nt4())
        return;
    const std::string evidence =
        fmt::format("{}: {}", kernel.hal.file.path, fmt::join(kernel.hal.evidence, "; "));
    if (!kernel.kernel.file.present)
        findings.push_back({"hal.kernel-missing", Severity::decision, "The kernel is missing",
                            kernel.kernel.file.path,
                            "NTLDR stops: the file is missing or corrupt. boot.ini may name another one with "
                            "/KERNEL=.",
                            "Supply it from the installed service pack, or take the switch out of boot.ini"});
    if (!kernel.hal.file.present)
        findings.push_back({"hal.missing", Severity::decision, "The HAL is missing", kernel.hal.file.path,
                            "NTLDR stops: \"Load Needed DLLs for HAL\".",
                            "Supply hal.dll of the installed service pack"});
    else if (kernel.hal_kind == nullptr)
        findings.push_back({"hal.oem", Severity::decision,
                            kernel.hal.name.empty() ? "The HAL is not known"
                                                    : fmt::format("The HAL is {}, an OEM's", kernel.hal.name),
                            evidence, "It was made for one maker's machine.",
                            "A Standard PC HAL and its kernel are put beside it; supply both from the "
                            "installed service pack"});
    else if (needs_other_hal(context))
        findings.push_back(
            {"hal.replace", Severity::change, fmt::format("The HAL is made for: {}", kernel.hal_kind->title),
             evidence,
             fmt::format("On this machine it stops with a message of its own or hangs (KB Q202214); profile "
                         "{} has {}.",
                         context.profile.name,
                         context.profile.interrupts == profiles::InterruptController::apic
                             ? "an APIC and an MP table"
                             : "two 8259As and no APIC"),
             kernel.hal_kind->on_apic
                 ? "Standard PC HAL and uniprocessor kernel beside the old ones, or profile nt4-mps with "
                   "this HAL as it is"
                 : "Standard PC HAL and uniprocessor kernel beside the old ones, chosen in boot.ini"});
    else if (kernel.hal_kind->multiprocessor &&
             context.profile.interrupts == profiles::InterruptController::apic)
        findings.push_back({"hal.mps-idle", Severity::info, "The MPS HAL idles without HLT", evidence,
                            "An idle processor goes round a loop: ntferry-vmm knows it and lets it wait, any "
                            "other engine keeps a processor of the host busy all the time.",
                            "Consider the Standard PC HAL for one processor"});
    if (context.system.product.processors > context.profile.limits.cpus_maximum)
        findings.push_back(
            {"hal.processors", Severity::info,
             fmt::format("The server has {} processors, the machine {}", context.system.product.processors,
                         context.profile.limits.cpus_maximum),
             "Session Manager\\Environment\\NUMBER_OF_PROCESSORS",
             "One processor of today is faster than those were.", "Nothing to do"});
}

void hal_consistency(const Context& context, Findings& findings) {
    const nt::KernelFacts& kernel = context.system.kernel;
    if (!context.system.product.is_nt4())
        return;
    if (kernel.matching() == false)
        findings.push_back({"hal.mismatch", Severity::decision, "Kernel and HAL do not belong together",
                            fmt::format("{} is {}, {} is {}", kernel.kernel.file.path, kernel.kernel.name,
                                        kernel.hal.file.path, kernel.hal.name),
                            "One is for one processor and the other for several: STOP 79 (KB Q162804).",
                            "Supply a matching pair of the installed service pack"});
    for (const nt::ImageIdentity* image : {&kernel.kernel, &kernel.hal})
        if (!image->contradictions.empty())
            findings.push_back(
                {"hal.evidence-disagrees", Severity::warning,
                 fmt::format("Not everything says that the installed file is {}", image->name),
                 fmt::format("for: {}; against: {}", fmt::join(image->evidence, "; "),
                             fmt::join(image->contradictions, "; ")),
                 "setup.log was not kept by UPTOMP and by Compaq's software; the next service pack then "
                 "installs the wrong files (KB Q168132).",
                 "The version resource is believed; the log is corrected when the files are replaced"});
    if (kernel.kernel.file.version && kernel.hal.file.version) {
        const auto kernel_pack = nt::service_pack_of(kernel.kernel.file.version->file);
        const auto hal_pack = nt::service_pack_of(kernel.hal.file.version->file);
        if (kernel_pack && hal_pack && *kernel_pack != *hal_pack && kernel.hal_kind != nullptr)
            findings.push_back({"hal.levels-differ", Severity::warning,
                                "Kernel and HAL are of different service packs",
                                fmt::format("kernel {}, HAL {}", kernel.kernel.file.version_text(),
                                            kernel.hal.file.version_text()),
                                "They were tested together only at one level (KB Q156358).",
                                "Install the service pack again after the migration"});
        const unsigned installed = context.service_pack();
        if (kernel_pack && context.system.product.service_pack && (*kernel_pack >= 4 || installed >= 4) &&
            *kernel_pack != installed)
            findings.push_back(
                {"hal.kernel-level", Severity::warning, "The kernel is not of the installed service pack",
                 fmt::format("kernel {}, registry: {}", kernel.kernel.file.version_text(),
                             context.system.product.csd.empty() ? std::string("no service pack")
                                                                : context.system.product.csd),
                 "Files were replaced after the service pack, by hand or by Setup.",
                 "Install the service pack again after the migration"});
    }
}

} // namespace ntferry::assess
