// HAL and kernel: what is installed must run on the machine's interrupt controllers, or a pair that does is
// put beside it and chosen in boot.ini (/KERNEL= /HAL=, KB Q202214, Q170756); choosing the old line undoes
// it. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/kernel.hpp"
#include "converter/patch/rules/hal_kind.hpp"
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

namespace ntferry::patch {
namespace {

/// 8.3 names that no NT file has.
constexpr const char* side_kernel = "ntosp2v.exe";
constexpr const char* side_hal = "halp2v.dll";

class HalRule {
  public:
    explicit HalRule(RuleContext& context) : context_(context) {}

    void run() {
        const auto kernel = read("ntoskrnl.exe");
        const auto hal = read("hal.dll");
        if (!kernel || !hal) {
            context_.decide("kernel",
                            fmt::format("{} is missing from system32: the installed system cannot start",
                                        kernel ? "hal.dll" : "ntoskrnl.exe"),
                            context_.subject().system32(""), {});
            return;
        }
        const InstalledKernel installed =
            recognise_kernel(*kernel, *hal,
                             context_.file(context_.subject().system().volume,
                                           context_.subject().system().root + "\\repair\\setup.log"),
                             context_.subject().system().root);
        const bool apic = context_.profile().interrupts == profiles::InterruptController::apic;
        const std::string evidence = fmt::format("kernel {}, HAL {} ({})", installed.kernel_name,
                                                 installed.hal_name, installed.evidence);
        if (fits(installed, apic)) {
            context_.note(fmt::format("kernel and HAL stay as they are: {}", evidence));
            if (installed.hal_name == "halmps.dll")
                context_.note(
                    "halmps.dll does not halt the processor when idle: the machine takes a whole host CPU; "
                    "the profile nt4 puts a uniprocessor pair beside it");
            return;
        }
        replace(installed, apic, evidence);
    }

  private:
    std::optional<Bytes> read(const std::string& name) {
        return context_.file(context_.subject().system().volume, context_.subject().system32(name));
    }

    static bool fits(const InstalledKernel& installed, bool apic) {
        const nt::HalKind* kind = nt::find_hal(installed.hal_name);
        if (kind == nullptr || kind->multiprocessor != installed.multiprocessor_kernel)
            return false;
        return apic ? kind->on_apic : kind->on_pic && installed.hal_name == "hal.dll";
    }

    void replace(const InstalledKernel& installed, bool apic, const std::string& evidence) {
        const nt::HalKind* kind = nt::find_hal(installed.hal_name);
        const bool mps_hal =
            kind != nullptr && kind->on_apic && kind->multiprocessor == installed.multiprocessor_kernel;
        std::vector<Choice> choices;
        if (!apic && mps_hal)
            choices.push_back({"keep", "keep both files and run the machine with the profile nt4-mps"});
        if (const auto wish = context_.setting("hal", "auto"); wish == "keep") {
            context_.note(fmt::format("kernel and HAL stay as they are, as asked for: {}", evidence));
            return;
        }
        // With an MP table: an MP kernel keeps its kernel and gets halmps, a UP kernel halapic. Without: the
        // UP pair.
        const std::string wanted_hal = !apic                             ? "hal.dll"
                                       : installed.multiprocessor_kernel ? "halmps.dll"
                                                                         : "halapic.dll";
        const bool new_kernel = !apic && installed.multiprocessor_kernel;

        Plan& plan = context_.plan();
        const std::size_t actions = plan.actions.size();
        const std::size_t missing = plan.missing.size();
        const std::string why = fmt::format("{} does not run on the machine: it needs {}", installed.hal_name,
                                            hal_needs(installed.hal_name));
        // Service packs replace kernel and HAL together; the kernel's own version proves that the level is
        // right.
        bool found = true;
        if (new_kernel)
            found =
                context_.need_file({"ntoskrnl.exe", context_.subject().system32(side_kernel),
                                    why + "; a uniprocessor HAL takes a uniprocessor kernel only (STOP 0x79)",
                                    true, true, installed.kernel_version}) &&
                found;
        found = context_.need_file({wanted_hal, context_.subject().system32(side_hal), why, true, true,
                                    new_kernel ? std::nullopt : std::optional(installed.hal_version)}) &&
                found;
        if (found && pair_resolves(new_kernel)) {
            if (new_kernel)
                context_.kernel_file = side_kernel;
            context_.hal_file = side_hal;
            context_.note(fmt::format(
                "a service pack that is installed later replaces ntoskrnl.exe and hal.dll, not {} beside "
                "them: patch again with that service pack's medium then, or the two do not fit (STOP 0x79)",
                new_kernel ? "ntosp2v.exe and halp2v.dll" : "halp2v.dll"));
            return;
        }
        std::string rejected;
        for (std::size_t i = missing; i < plan.missing.size(); ++i)
            for (const std::string& copy : plan.missing[i].rejected)
                rejected += "; " + copy;
        plan.actions.resize(actions);
        plan.missing.resize(missing);
        const Product& product = context_.subject().product();
        const auto choice = context_.decide(
            "hal",
            fmt::format(
                "{} does not run on this machine, and {} of {} {}service pack {} {} not on the media given",
                installed.hal_name, new_kernel ? "ntoskrnl.exe and hal.dll" : wanted_hal,
                product.terminal_server ? "Terminal Server Edition," : "Windows NT 4.0,", "",
                product.service_pack.value_or(0), new_kernel ? "are" : "is"),
            evidence + rejected + "; give the medium of that service pack with --drivers", choices);
        if (choice == "keep")
            context_.note(fmt::format(
                "kernel and HAL stay as they are, as decided: {}; use the profile nt4-mps", evidence));
    }

    /// Both files of the new pair resolve against each other.
    bool pair_resolves(bool new_kernel) {
        const std::string old_kernel = context_.kernel_file;
        const std::string old_hal = context_.hal_file;
        if (new_kernel)
            context_.kernel_file = side_kernel;
        context_.hal_file = side_hal;
        const auto hal = read(side_hal);
        const auto unresolved = context_.modules().unresolved(image_facts(*hal, side_hal));
        context_.kernel_file = old_kernel;
        context_.hal_file = old_hal;
        return unresolved.empty();
    }

    RuleContext& context_;
};

} // namespace

void plan_hal(RuleContext& context) {
    HalRule(context).run();
}

} // namespace ntferry::patch
