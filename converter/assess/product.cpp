// Rules about what is installed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

namespace ntferry::assess {
namespace {

constexpr const char* version_key = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";

/// Version of Windows that a rule family patches; "" for families that patch nothing.
std::string_view family_version(std::string_view family) {
    if (family == "nt4")
        return "4.0";
    if (family == "nt351")
        return "3.51";
    return family == "win2000" ? "5.0" : "";
}

} // namespace

void product_version(const Context& context, Findings& findings) {
    const nt::Product& product = context.system.product;
    if (product.version.empty()) {
        findings.push_back({"product.unknown", Severity::decision, "The version of Windows is not known",
                            std::string(version_key) + "\\CurrentVersion is missing",
                            "Without it neither drivers nor kernel can be chosen.",
                            "See the findings about the SOFTWARE hive"});
        return;
    }
    const std::string_view wanted = family_version(context.profile.patch.family);
    if (!wanted.empty() && product.version != wanted)
        findings.push_back(
            {"product.other-version", Severity::blocker, fmt::format("This is {}", product.full_title()),
             fmt::format("{}\\CurrentVersion = {}", version_key, product.version),
             fmt::format("Profile {} is for {}.", context.profile.name, context.profile.guests),
             product.version == "3.51"  ? "Try profile nt351"
             : product.version == "5.0" ? "Try profile win2000"
                                        : "Use a product that knows this Windows"});
    if (!product.is_nt4())
        return;
    if (context.service_pack() < 3)
        findings.push_back({"product.old-service-pack", Severity::warning,
                            product.service_pack.value_or(0) == 0 ? "No service pack is installed"
                                                                  : fmt::format("{} is old", product.csd),
                            fmt::format("{}\\CSDVersion", version_key),
                            "Known defects in ATAPI.SYS, TCPIP.SYS and the kernel show on other hardware.",
                            "Install Service Pack 6a on the server or after the first start"});
    else if (context.service_pack() < 6)
        findings.push_back({"product.service-pack", Severity::info, fmt::format("{}, not 6a", product.csd),
                            fmt::format("{}\\CSDVersion", version_key),
                            "Service Pack 6a is the last; before 6 the kernel fails on processors that "
                            "report more than CPUID leaf 3, which the machine hides.",
                            "Consider it after the migration"});
    else if (!product.sp6a)
        findings.push_back({"product.sp6-not-6a", Severity::info, "Service Pack 6, not 6a",
                            fmt::format("{}\\Hotfix has no Q246009", version_key),
                            "SP6 breaks Winsock programs for users who are not administrators.",
                            "Install 6a after the migration"});
    if (product.service_pack && product.service_pack_in_system &&
        *product.service_pack != *product.service_pack_in_system)
        findings.push_back(
            {"product.service-pack-disagrees", Severity::warning, "The hives name different service packs",
             fmt::format("SOFTWARE: {}; SYSTEM\\{}\\Control\\Windows\\CSDVersion: {}", *product.service_pack,
                         context.system.control_sets.active, *product.service_pack_in_system),
             "Kernel and HAL must be of the level that is really installed.",
             "The versions of the files are used"});
    if (product.terminal_server)
        findings.push_back(
            {"product.terminal-server", Severity::warning,
             "Terminal Server Edition has kernels and service packs of its own",
             fmt::format("SYSTEM\\{}\\Control\\ProductOptions\\ProductSuite",
                         context.system.control_sets.active),
             "Files of the normal edition end in a STOP.",
             "Supply Terminal Server Edition's own CD and service pack where files are needed"});
    if (product.enterprise)
        findings.push_back({"product.enterprise", Severity::info, "Enterprise Edition", "ProductSuite",
                            "Clusters and /3GB belong to it.", "Nothing to do"});
}

void product_role(const Context& context, Findings& findings) {
    const nt::Product& product = context.system.product;
    const std::string evidence = fmt::format("{}: {}", product.role_from, product.product_type);
    if (product.role == nt::Role::primary_controller)
        findings.push_back({"product.pdc", Severity::warning, "This is a primary domain controller", evidence,
                            "Two of them on one network tear the domain apart; changes made on the old one "
                            "after the capture are lost.",
                            "Never run server and copy on one network; let the copy start isolated"});
    else if (product.role == nt::Role::backup_controller)
        findings.push_back({"product.bdc", Severity::warning, "This is a backup domain controller", evidence,
                            "Server and copy share one machine account.", "Never run both on one network"});
    else if (product.role == nt::Role::domain_controller)
        findings.push_back({"product.dc", Severity::warning, "This is a domain controller, primary or backup",
                            evidence + "; the SECURITY hive does not tell",
                            "Server and copy on one network tear the domain apart.",
                            "Never run both on one network"});
    else if (!product.domain.empty() && product.role == nt::Role::member_server)
        findings.push_back({"product.member", Severity::info,
                            fmt::format("Member of the domain {}", product.domain), product.domain_from,
                            "The password of its machine account changes every seven days: an old copy may "
                            "have to join again.",
                            "Nothing to do now"});
}

void product_state(const Context& context, Findings& findings) {
    if (context.system.product.text_setup_pending)
        findings.push_back({"product.setup-running", Severity::decision, "Setup has not finished",
                            "SYSTEM\\Setup\\SystemSetupInProgress = 1",
                            "At its next start NT goes on with Setup, on hardware that has changed.",
                            "Finish Setup on the server and capture again"});
    const auto kernel = context.system.files.find("ntoskrnl.exe");
    if (kernel != context.system.files.end() && kernel->second.pe &&
        kernel->second.machine != nt::pe::machine_i386)
        findings.push_back({"product.not-x86", Severity::blocker, "This is not NT for x86 processors",
                            fmt::format("{}: machine {:04X}", kernel->second.path, kernel->second.machine),
                            "Alpha, MIPS and PowerPC programs do not run on this machine.",
                            "Install the server's programs anew"});
    for (const std::string& problem : context.system.problems)
        findings.push_back({"inspect.incomplete", Severity::warning, "Something could not be read", problem,
                            "What it would have told is missing from this assessment.",
                            "See the findings about disks and hives"});
}

} // namespace ntferry::assess
