// Rules about what the boot disk hangs on.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::assess {
namespace {

bool ide_machine(const Context& context) {
    return context.profile.find("piix3-ide") != nullptr && context.system.product.is_nt4();
}

bool is_storage_group(const nt::Service& service) {
    return service.in_group("SCSI miniport") || service.in_group("Primary disk");
}

/// Drivers of the groups above that drive nothing of the old machine's adapters.
bool is_neutral(const nt::Service& service) {
    return text::iequals(service.name, "atapi") || text::iequals(service.name, "floppy") ||
           text::iequals(service.name, "sfloppy");
}

} // namespace

void storage_ide(const Context& context, Findings& findings) {
    if (!ide_machine(context))
        return;
    const auto want = [&](const char* name, std::uint32_t start, const char* code, const char* group) {
        const nt::Service* service = context.service(name);
        if (service == nullptr)
            findings.push_back({std::string(code) + "-missing", Severity::change,
                                fmt::format("There is no service {}", name), context.service_key(name),
                                "The new machine's disk is driven by it; without it NT stops with 7B.",
                                fmt::format("The key is made: Type 1, Start {}, group {}", start, group)});
        else if (service->start != start)
            findings.push_back(
                {std::string(code) + "-start", Severity::change,
                 fmt::format("{} does not start at boot", name),
                 fmt::format("{}\\Start = {} ({})", context.service_key(name), service->start,
                             nt::start_name(service->start)),
                 "The new machine's disk is driven by it; without it NT stops with 7B (KB Q130928).",
                 fmt::format("Start is set to {} in every control set that can be started", start)});
    };
    want("atapi", nt::start_boot, "storage.atapi", "SCSI miniport");
    want("Disk", nt::start_boot, "storage.disk", "SCSI class");
    if (const auto found = context.system.files.find("drivers\\atapi.sys");
        found != context.system.files.end() && found->second.present && found->second.version &&
        context.service_pack() >= 4)
        if (const auto level = nt::service_pack_of(found->second.version->file); level && *level < 4)
            for (const nt::DiskFacts& disk : context.inspection.disks)
                if (disk.bytes > (std::uint64_t{8} << 30U)) {
                    findings.push_back(
                        {"storage.atapi-level", Severity::decision,
                         "ATAPI.SYS is older than the installed service pack, and a disk is larger than 8 GB",
                         fmt::format("{} {}; {}", found->second.path, found->second.version_text(),
                                     disk.source),
                         "ATAPI.SYS before SP4 hangs or does not see the whole disk (KB Q197667).",
                         "Supply ATAPI.SYS of the installed service pack"});
                    break;
                }
    if (const nt::Service* cdrom = context.service("Cdrom");
        cdrom == nullptr || cdrom->start >= nt::start_demand)
        findings.push_back({"storage.cdrom", Severity::change, "The CD-ROM driver does not start",
                            context.service_key("Cdrom"), "The machine's CD-ROM would not be seen.",
                            "Start is set to 1"});
    if (const nt::Service* atdisk = context.service("Atdisk");
        atdisk != nullptr && atdisk->start <= nt::start_system)
        findings.push_back({"storage.atdisk", Severity::change, "The old IDE driver Atdisk starts",
                            context.service_key("Atdisk"), "It and Atapi would both take the IDE channels.",
                            "Start is set to 4"});
}

void storage_adapters(const Context& context, Findings& findings) {
    if (!context.system.product.is_nt4())
        return;
    for (const nt::Service& service : context.system.services) {
        if (!service.is_driver() || service.start > nt::start_auto || is_neutral(service) ||
            text::iequals(service.name, "Atdisk"))
            continue;
        const nt::VendorEntry* vendor = context.inspection.vendor_of(service);
        const bool known = vendor != nullptr && (vendor->kind == nt::VendorClass::stock_storage ||
                                                 vendor->kind == nt::VendorClass::oem_storage);
        if (!known && !is_storage_group(service))
            continue;
        const std::string name = known ? fmt::format("{} ({})", service.name, vendor->product) : service.name;
        findings.push_back({"storage.adapter", Severity::change,
                            fmt::format("A driver for the old disk adapter starts: {}", name),
                            fmt::format("{}\\Start = {}, group {}", context.service_key(service.name),
                                        service.start, service.group),
                            service.error_control >= 2
                                ? "Its adapter is gone, and its failure counts as severe: NT would fall back "
                                  "to Last Known Good."
                                : "Its adapter is gone: it fails, or it hangs looking for it.",
                            "Start is set to 4; the key stays for going back"});
        if (known && vendor->note.find("SAN") != std::string::npos)
            findings.push_back(
                {"storage.san", Severity::decision,
                 fmt::format("{}: disks on a storage network may be missing", vendor->product),
                 context.service_key(service.name), "External disks are not on the disks given here.",
                 "Capture those disks too and give them with --disk, or decide that they are not needed"});
    }
}

void storage_dma(const Context& context, Findings& findings) {
    if (!ide_machine(context))
        return;
    for (const std::string& parameter : context.system.peripherals.ide_parameters) {
        if (!text::icontains(parameter, "DMADetectionLevel") || text::icontains(parameter, "0x0"))
            continue;
        const bool old = context.service_pack() < 4;
        findings.push_back({"storage.dma", old ? Severity::change : Severity::info,
                            "DMA is switched on for IDE",
                            "Atapi\\Parameters: " + text::printable(parameter, 100),
                            old ? "ATAPI.SYS before SP4 may hang or stop with A (KB Q164378, Q174232)."
                                : "The machine's IDE does bus-master DMA.",
                            old ? "It is switched off for the first start" : "Nothing to do"});
    }
}

} // namespace ntferry::assess
