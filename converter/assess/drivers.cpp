// Rules about drivers, files and services.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/base/text.hpp"
#include "converter/nt/stock_drivers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::assess {
namespace {

/// In both service pack lists (KB Q172965, Q235373); the rest is on the CD only.
bool in_service_packs(std::string_view name) {
    static constexpr std::array names = {
        "atapi.sys", "scsiport.sys", "disk.sys",     "class2.sys", "cdrom.sys",    "ftdisk.sys",
        "ntfs.sys",  "fastfat.sys",  "cirrus.sys",   "s3.sys",     "e100b.sys",    "videoprt.sys",
        "vga.sys",   "ntdll.dll",    "kernel32.dll", "win32k.sys", "ntoskrnl.exe", "hal.dll"};
    return std::any_of(names.begin(), names.end(), [&](const char* one) { return text::iequals(one, name); });
}

std::string packed(std::string name) {
    if (!name.empty())
        name.back() = '_';
    return name;
}

std::string sources_of(const Context& context, const std::string& name, bool same_level) {
    const char* edition =
        context.system.product.terminal_server ? "Terminal Server Edition's " : "the NT 4.0 ";
    if (same_level && context.service_pack() > 0)
        return fmt::format("Service Pack {} ({}), which is installed", context.service_pack(),
                           context.system.product.terminal_server ? "Terminal Server Edition's own"
                                                                  : "x86; its program unpacks with /x");
    std::string text = fmt::format("{}CD, \\I386\\{}", edition, packed(name));
    text += in_service_packs(name) ? "; or a service pack" : "; no service pack has it";
    return text;
}

/// Drivers that came with NT for hardware that the machine has not: sound cards, tapes, PCMCIA, mice on
/// cards of their own. They fail quietly unless their failure is declared severe.
bool is_absent_hardware(std::string_view name) {
    static constexpr std::array names = {"pcmcia",  "pnpisa",   "sndblst", "mpu401",  "mssndsys",
                                         "4mmdat",  "qic117",   "archqic", "tandqic", "dlttape",
                                         "exabyte", "joystick", "inport",  "busmouse"};
    return std::any_of(names.begin(), names.end(), [&](const char* one) { return text::iequals(one, name); });
}

bool is_hardware_group(const nt::Service& service) {
    for (const char* group : {"SCSI miniport", "Primary disk", "System Bus Extender", "filter", "port",
                              "Video", "NDIS", "SCSI class"})
        if (service.in_group(group))
            return true;
    return false;
}

const nt::FileFacts* boot_file(const Context& context, const std::string& name) {
    const auto found = context.system.files.find(name);
    return found == context.system.files.end() ? nullptr : &found->second;
}

void tell_service(const Context& context, const nt::KnownService& known, Findings& findings) {
    const std::string evidence =
        fmt::format("{}\\Start = {}", context.service_key(known.service), known.start);
    const std::string product(known.vendor->product);
    const std::string note = known.vendor->note.empty() ? "" : fmt::format(" Note: {}.", known.vendor->note);
    const bool runs = known.start <= nt::start_auto;
    switch (known.vendor->kind) {
    case nt::VendorClass::agent:
        if (runs)
            findings.push_back({"service.agent", Severity::change,
                                fmt::format("{} watches hardware that will be gone", product), evidence,
                                "It fails, fills the event log or resets the machine." + note,
                                "Set to manual (a driver: disabled); uninstall it after the first start"});
        break;
    case nt::VendorClass::ups:
        if (runs)
            findings.push_back({"service.ups", Severity::change, fmt::format("{} starts", product), evidence,
                                "Without its signals it shuts the machine down." + note,
                                "Disabled; let the host watch the power supply"});
        break;
    case nt::VendorClass::filter:
        if (runs)
            findings.push_back({"service.filter", Severity::warning,
                                fmt::format("{} sits in the way to the disk", product), evidence,
                                "Such drivers can hang a start on other hardware." + note,
                                "Keep it if it works; disable it first if the start hangs"});
        break;
    case nt::VendorClass::remote_control:
        if (runs)
            findings.push_back({"service.remote-control", Severity::info,
                                fmt::format("{} is installed", product), evidence,
                                "The machine has a console of its own." + note, "Keep it or uninstall it"});
        break;
    case nt::VendorClass::dongle:
        findings.push_back({"service.dongle", Severity::decision,
                            fmt::format("A copy protection key is in use: {}", product), evidence,
                            "The program behind it does not run without its key." + note,
                            "Connect the host's port to the machine's LPT or COM port, or ask the maker for "
                            "a licence without a key"});
        break;
    case nt::VendorClass::database:
    case nt::VendorClass::mail:
        findings.push_back(
            {known.vendor->kind == nt::VendorClass::database ? "service.database" : "service.mail",
             Severity::info, fmt::format("{} runs here", product), evidence,
             "A disk captured while it ran holds its files as after a power cut.",
             "Stop it before the capture, or check its databases after the first start"});
        break;
    case nt::VendorClass::web:
    case nt::VendorClass::directory:
        if (runs)
            findings.push_back({"service.network-service", Severity::info,
                                fmt::format("{} runs here", product), evidence, "Clients use it." + note,
                                "Never run server and copy on one network"});
        break;
    case nt::VendorClass::cluster:
        findings.push_back({"service.cluster", Severity::decision, "The server is a cluster node", evidence,
                            "Quorum and shared disks are not on its own disks.",
                            "Take the node out of the cluster first, or install the application anew"});
        break;
    case nt::VendorClass::stock_storage:
    case nt::VendorClass::oem_storage:
    case nt::VendorClass::stock_video:
    case nt::VendorClass::network_team:
        break; // rules of their own
    }
}

} // namespace

void boot_chain_files(const Context& context, Findings& findings) {
    if (!context.system.product.is_nt4())
        return;
    for (const auto& [name, file] : context.system.files) {
        const bool profile_driver = std::any_of(
            context.profile.patch.driver_files.begin(), context.profile.patch.driver_files.end(),
            [&, &path = name](const std::string& one) { return text::iequals(one, text::file_name(path)); });
        const bool optional = text::icontains(name, "floppy") || text::icontains(name, "cdrom") ||
                              text::icontains(name, "ftdisk") || text::icontains(name, "fastfat") ||
                              text::icontains(name, "mouclass") || name.starts_with("framebuf") ||
                              name.starts_with("vga256") || name.starts_with("vga64k");
        if (!file.present && !profile_driver && name != "hal.dll")
            findings.push_back({"files.missing", optional ? Severity::warning : Severity::decision,
                                fmt::format("{} is missing", text::file_name(name)), file.path,
                                name == "ntdll.dll" ? "NT stops with 6B."
                                                    : "NT does not start without it, or without a device.",
                                "Supply it: " + sources_of(context, std::string(text::file_name(name)),
                                                           in_service_packs(text::file_name(name)))});
        else if (!file.problem.empty())
            findings.push_back({"files.unreadable", optional ? Severity::warning : Severity::decision,
                                fmt::format("{} cannot be read", text::file_name(name)),
                                file.path + ": " + file.problem, "NT needs it to start.",
                                "Supply it from the installed service pack"});
        else if (file.present && file.pe && !file.checksum_good)
            findings.push_back({"files.checksum", optional ? Severity::warning : Severity::decision,
                                fmt::format("The checksum of {} is wrong", text::file_name(name)), file.path,
                                "NT refuses it: STOP C0000221 (KB Q245188).",
                                "Supply it from the installed service pack"});
        else if (file.present && !file.pe)
            findings.push_back({"files.no-program", optional ? Severity::warning : Severity::decision,
                                fmt::format("{} is not a program file", text::file_name(name)), file.path,
                                "It is damaged.", "Supply it from the installed service pack"});
    }
}

void driver_files(const Context& context, Findings& findings) {
    for (const nt::DriverFacts& driver : context.system.drivers) {
        const bool storage = text::iequals(driver.group, "SCSI miniport");
        if (!driver.file.present) {
            const bool severe = driver.error_control >= 2;
            if (severe || driver.start == nt::start_boot)
                findings.push_back(
                    {"driver.file-missing", severe ? Severity::decision : Severity::warning,
                     fmt::format("The file of driver {} is missing", driver.service),
                     fmt::format("{}: {}", context.service_key(driver.service), driver.file.path),
                     severe ? "Its failure counts as severe: NT falls back to Last Known Good and then stops."
                            : "NTLDR reports it; NT goes on.",
                     "Supply the file or disable the driver"});
        } else if (driver.start == nt::start_boot && driver.file.pe && !driver.file.checksum_good &&
                   !storage) {
            findings.push_back({"driver.checksum", Severity::decision,
                                fmt::format("The checksum of driver {} is wrong", driver.service),
                                driver.file.path, "NTLDR refuses it.",
                                "Supply the file or disable the driver"});
        }
    }
}

void driver_imports(const Context& context, Findings& findings) {
    for (const nt::DriverFacts& driver : context.system.drivers)
        if (!driver.missing_imports.empty())
            findings.push_back(
                {"driver.import-missing",
                 driver.start == nt::start_boot ? Severity::decision : Severity::warning,
                 fmt::format("{} needs a file that is missing: {}", driver.service,
                             fmt::join(driver.missing_imports, ", ")),
                 driver.file.path,
                 driver.start == nt::start_boot
                     ? "NTLDR loads what a boot driver imports with it; without it the start ends there."
                     : "The driver does not load.",
                 "Supply the file from the installed service pack, or disable the driver"});
}

void oem_drivers(const Context& context, Findings& findings) {
    if (!context.system.product.is_nt4())
        return;
    for (const nt::Service& service : context.system.services) {
        if (service.is_driver() && service.start <= nt::start_system && service.error_control >= 2 &&
            is_absent_hardware(service.name))
            findings.push_back(
                {"driver.severe", Severity::decision,
                 fmt::format("{} drives hardware that is gone, and its failure counts as severe",
                             service.name),
                 fmt::format("{}\\Start = {}, ErrorControl = {}", context.service_key(service.name),
                             service.start, service.error_control),
                 "NT falls back to Last Known Good and then stops.",
                 "Set its Start to 4 or its ErrorControl to 1 on the server and capture again"});
        if (!service.is_driver() || service.start > nt::start_auto ||
            context.inspection.vendor_of(service) != nullptr || nt::is_stock_driver(service.name) ||
            !is_hardware_group(service))
            continue;
        if (service.in_group("SCSI miniport") || service.in_group("Primary disk") ||
            service.in_group("Video"))
            continue; // rules of their own
        if (service.in_group("NDIS") &&
            std::any_of(context.system.network.adapters.begin(), context.system.network.adapters.end(),
                        [&](const nt::NetworkAdapter& adapter) {
                            return text::iequals(adapter.driver, service.name);
                        }))
            continue;
        findings.push_back(
            {"driver.oem", service.error_control >= 2 ? Severity::decision : Severity::warning,
             fmt::format("{} did not come with NT and drives hardware", service.name),
             fmt::format("{}\\Start = {}, group {}, {}", context.service_key(service.name), service.start,
                         service.group, text::printable(service.effective_image(), 100)),
             service.error_control >= 2 ? "Its failure counts as severe."
                                        : "Its hardware may be gone; most such drivers fail quietly.",
             "Disable it if it belongs to the old machine; keep it if a program needs it"});
    }
}

void known_services(const Context& context, Findings& findings) {
    for (const nt::KnownService& known : context.system.known)
        tell_service(context, known, findings);
    // Services out of a vendor's folder that the table does not know.
    for (const nt::Service& service : context.system.services) {
        if (!service.is_program() || service.start != nt::start_auto ||
            context.inspection.vendor_of(service) != nullptr)
            continue;
        const nt::VendorFolder* folder = context.inspection.vendors
                                             ? context.inspection.vendors->find_folder(service.image_path)
                                             : nullptr;
        if (folder != nullptr)
            findings.push_back({"service.vendor-folder", Severity::change,
                                fmt::format("{} comes from a folder of {}", service.name, folder->vendor),
                                fmt::format("{}\\ImagePath = {}", context.service_key(service.name),
                                            text::printable(service.image_path, 120)),
                                "Most likely an agent for hardware that will be gone.",
                                "Set to manual; uninstall it after the first start"});
    }
}

void ports(const Context& context, Findings& findings) {
    for (const nt::PortUser& user : context.system.peripherals.ports)
        findings.push_back(
            {"ports.used", Severity::warning, fmt::format("{} is used by: {}", user.port, user.user),
             "Control\\Print\\Printers, Services\\UPS, RAS", "The device hangs on the old server.",
             "Connect the host's port to the machine, or move the device to the network"});
}

std::vector<NeededFile> needed_files(const Context& context) {
    std::vector<NeededFile> files;
    if (!context.system.product.is_nt4())
        return files;
    for (const std::string& name : context.profile.patch.driver_files) {
        NeededFile file;
        file.name = name;
        file.why = text::iequals(name, "atapi.sys") ? "It drives the machine's disks."
                   : text::iequals(name, "amdpcn.sys") || text::iequals(name, "dc21x4.sys")
                       ? "It drives the machine's network card."
                       : "The profile's devices need it.";
        if (const auto found = context.system.driver_sources.find(name);
            found != context.system.driver_sources.end()) {
            file.found = found->second;
            file.installed = text::icontains(found->second, "\\system32\\drivers\\");
        }
        if (const nt::FileFacts* installed = boot_file(context, "drivers\\" + text::to_lower(name));
            installed != nullptr && installed->present)
            file.installed = true;
        const bool no_card = context.system.network.adapters.empty() && !text::iequals(name, "atapi.sys");
        if (no_card)
            continue;
        file.sources = sources_of(context, name, false);
        files.push_back(std::move(file));
    }
    if (needs_other_hal(context))
        for (const char* name : {"hal.dll", "ntoskrnl.exe"}) {
            const bool kernel = std::string_view(name) == "ntoskrnl.exe";
            if (kernel && context.system.kernel.multiprocessor_kernel == false)
                continue;
            NeededFile file;
            file.name = name;
            file.why = kernel ? "The uniprocessor kernel belongs to the Standard PC HAL."
                              : "The Standard PC HAL runs on this machine.";
            file.sources = sources_of(context, name, true);
            files.push_back(std::move(file));
        }
    return files;
}

} // namespace ntferry::assess
