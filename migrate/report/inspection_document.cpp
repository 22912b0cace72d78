// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/inspection_document.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace ntferry::report {
namespace {

using namespace ntferry::nt;

std::string joined(const std::vector<std::string>& list, const char* separator = ", ") {
    std::string out;
    for (const std::string& one : list)
        out += (out.empty() ? "" : separator) + text::printable(one, 200);
    return out;
}

std::string letter_text(char letter) {
    return letter == 0 ? std::string() : std::string(1, letter) + ':';
}

/// What contradicts itself on a disk, or could not be read.
void add_disk_problems(Section& section, const Inspection& inspection) {
    List list;
    for (std::size_t i = 0; i < inspection.disks.size(); ++i) {
        const DiskFacts& disk = inspection.disks[i];
        const auto add = [&](const char* what, const std::string& text) {
            list.items.push_back(fmt::format("disk {}: {}{}", i, what, text::printable(text, 300)));
        };
        if (!disk.problem.empty())
            add("no partition table: ", disk.problem);
        for (const std::string& problem : disk.layout.problems)
            add("partition table: ", problem);
        for (const std::string& contradiction : disk.geometry.contradictions)
            add("geometry: ", contradiction);
        if (disk.problem.empty() && disk.geometry.confidence == volume::GeometryConfidence::none)
            add("geometry: ", "nothing on the disk tells it");
        if (disk.problem.empty() && !disk.boot_code && i == 0)
            add("", "no boot code in the MBR");
    }
    if (!list.items.empty())
        section.blocks.emplace_back(std::move(list));
}

void add_disks(Document& document, const Inspection& inspection) {
    Section& section = document.section("Disks and volumes");
    Table disks{{"disk", "size", "signature", "geometry", "source"}, {}};
    for (std::size_t i = 0; i < inspection.disks.size(); ++i) {
        const DiskFacts& disk = inspection.disks[i];
        disks.rows.push_back(
            {std::to_string(i), size_text(disk.bytes), fmt::format("{:08X}", disk.layout.signature),
             fmt::format("{}/{}/{}", disk.geometry.cylinders, disk.geometry.heads, disk.geometry.sectors),
             disk.source});
    }
    section.blocks.emplace_back(std::move(disks));
    Table volumes{{"letter", "where", "type", "file system", "label", "size", "used", "free", "state"}, {}};
    for (const VolumeFacts& volume : inspection.volumes) {
        std::string kind;
        std::string state = volume.problem;
        std::string used;
        std::string free;
        std::string label;
        if (volume.files) {
            static constexpr const char* kinds[] = {"FAT12", "FAT16", "FAT32", "NTFS"};
            kind = kinds[static_cast<std::size_t>(volume.files->kind)];
            if (volume.files->kind == volume::FileSystemKind::ntfs)
                kind += fmt::format(" {}.{}", volume.files->version_major, volume.files->version_minor);
            used = size_text(volume.files->total_bytes -
                             std::min(volume.files->total_bytes, volume.files->free_bytes));
            free = size_text(volume.files->free_bytes);
            label = volume.files->label;
            state = volume.files->log_unclean ? "journal not closed"
                    : volume.files->dirty     ? "dirty"
                                              : "clean";
        }
        volumes.rows.push_back(
            {letter_text(volume.letter),
             volume.ft_volume
                 ? std::string("FT set")
                 : fmt::format("{}/{}{}", volume.disk, volume.arc_number, volume.active ? "*" : ""),
             volume.ft_volume ? std::string() : volume::partition_type_name(volume.type), kind,
             text::printable(label, 32), size_text(volume.sectors * 512), used, free, state});
    }
    section.blocks.emplace_back(std::move(volumes));
    for (const FtFacts& set : inspection.ft_sets)
        section.blocks.emplace_back(Paragraph{fmt::format("Fault-tolerant {}: {} of {} members found{}{}",
                                                          set.kind, set.volumes.size(), set.members,
                                                          set.problem.empty() ? "" : ": ", set.problem),
                                              set.problem.empty() ? Tone::plain : Tone::warning});
    for (const FtFacts& set : inspection.ft_sets)
        if (!set.notes.empty())
            section.blocks.emplace_back(List{set.notes});
    add_disk_problems(section, inspection);
}

void add_boot(Document& document, const Inspection& inspection) {
    const BootFacts& boot = inspection.boot;
    if (!boot.volume)
        return;
    Section& section = document.section("Start");
    std::string boot_geometry;
    if (!inspection.disks.empty())
        boot_geometry = joined(inspection.disks.front().geometry.evidence, "; ");
    section.blocks.emplace_back(
        Facts()
            .add("system partition", inspection.volumes[*boot.volume].title())
            .add("NTLDR", boot.ntldr.present ? fmt::format("{} bytes {}", boot.ntldr.size, boot.ntldr_version)
                                             : std::string("missing"))
            .add("NTDETECT.COM",
                 boot.ntdetect.present ? fmt::format("{} bytes", boot.ntdetect.size) : std::string("missing"))
            .add("boot.ini", boot.boot_ini_present ? "" : "missing")
            .add("INT 13h geometry from", boot_geometry)
            .add("NTBOOTDD.SYS", boot.ntbootdd.present ? "present" : "")
            .add("timeout", boot.boot_ini.timeout ? fmt::format("{} s", *boot.boot_ini.timeout) : "")
            .table());
    Table entries{{"boot.ini entry", "switches", "leads to"}, {}};
    for (const BootChoice& choice : boot.choices) {
        std::string switches;
        for (const BootSwitch& one : choice.entry.switches)
            switches += fmt::format("/{}{}{} ", one.name, one.value.empty() ? "" : "=",
                                    text::printable(one.value, 40));
        std::string target = choice.target.problem;
        if (choice.target.volume)
            target = inspection.volumes[*choice.target.volume].title() +
                     (choice.system_there ? "" : ", no system there");
        else if (!choice.entry.arc)
            target = "boot sector in BOOTSECT.DOS";
        entries.rows.push_back({text::printable(choice.entry.path, 80), switches, target});
    }
    section.blocks.emplace_back(std::move(entries));
    std::vector<std::string> problems = boot.boot_ini.problems;
    problems.insert(problems.end(), boot.problems.begin(), boot.problems.end());
    if (!problems.empty())
        section.blocks.emplace_back(List{problems});
}

/// Only when it is not Microsoft's.
std::string vga_text(const FileFacts& vga) {
    if (!vga.present || vga.company().empty() || text::icontains(vga.company(), "microsoft"))
        return {};
    return "replaced by " + text::printable(vga.company(), 80);
}

std::string stop_text(const Peripherals& facts) {
    std::string text = facts.crash_dump != 0 ? "memory is written to the page file" : "";
    if (facts.auto_reboot)
        text += text.empty() ? "NT restarts" : ", then NT restarts";
    return text;
}

void add_hardware_profiles(Section& section, const Installation& one) {
    Table table{{"hardware profile", "name", "switched off in it"}, {}};
    for (const HardwareProfile& profile : one.profiles)
        table.rows.push_back({fmt::format("{:04}{}", profile.number, profile.current ? "*" : ""),
                              profile.name, joined(profile.disabled)});
    if (!table.rows.empty())
        section.blocks.emplace_back(std::move(table));
}

void add_system(Document& document, const Installation& one) {
    const Product& product = one.product;
    Section& section = document.section("System: " + one.title);
    std::string hotfixes = joined(product.hotfixes);
    section.blocks.emplace_back(
        Facts()
            .add("product", product.full_title())
            .add("build", product.build == 0 ? "" : std::to_string(product.build))
            .add("hotfixes", hotfixes)
            .add("role", role_name(product.role))
            .add("computer name", product.name)
            .add("domain or workgroup", product.domain)
            .add("language", product.language)
            .add("code pages",
                 product.ansi_code_page.empty()
                     ? ""
                     : fmt::format("ANSI {}, OEM {}", product.ansi_code_page, product.oem_code_page))
            .add("time zone", product.time_zone.empty() ? ""
                                                        : fmt::format("{} (UTC{:+})", product.time_zone,
                                                                      -product.bias_minutes / 60))
            .add("installed", time_text(product.installed))
            .add("install path", product.install_path)
            .add("processors",
                 product.processors == 0 ? "" : fmt::format("{} ({})", product.processors, product.processor))
            .add("kernel",
                 fmt::format("{} {}{}", one.kernel.kernel.name, one.kernel.kernel.file.version_text(),
                             !one.kernel.multiprocessor_kernel   ? ""
                             : *one.kernel.multiprocessor_kernel ? ", for several processors"
                                                                 : ", for one processor"))
            .add("kernel evidence", joined(one.kernel.kernel.evidence, "; "))
            .add("HAL", fmt::format("{} {}{}{}", one.kernel.hal.name, one.kernel.hal.file.version_text(),
                                    one.kernel.hal_kind != nullptr ? ", " : "",
                                    one.kernel.hal_kind != nullptr ? one.kernel.hal_kind->title : ""))
            .add("HAL evidence", joined(one.kernel.hal.evidence, "; "))
            .add("contradictions",
                 joined(one.kernel.hal.contradictions, "; ") +
                     (one.kernel.hal.contradictions.empty() || one.kernel.kernel.contradictions.empty()
                          ? ""
                          : "; ") +
                     joined(one.kernel.kernel.contradictions, "; "))
            .add("page files", joined(one.peripherals.page_files, "; "))
            .add("logon dialogs replaced by", one.peripherals.gina)
            .add("logs on by itself", one.peripherals.auto_logon ? "yes" : "")
            .add("vga.dll", vga_text(one.peripherals.vga_dll))
            .add("CD-ROM letter", one.cdrom_letter)
            .add("after a STOP", stop_text(one.peripherals))
            .table());
    Table hives{{"hive", "size", "state"}, {}};
    for (const HiveFacts& hive : one.hives)
        hives.rows.push_back({hive.name, hive.present ? size_text(hive.size) : "",
                              hive.problem.empty() ? hive.recovery.summary() : hive.problem});
    section.blocks.emplace_back(std::move(hives));
    Table sets{{"control set", "roles"}, {}};
    for (const ControlSet& set : one.control_sets.sets) {
        std::vector<std::string> roles;
        for (const auto& [flag, name] :
             {std::pair(set.current, "current"), std::pair(set.is_default, "default"),
              std::pair(set.last_known_good, "last known good"), std::pair(set.failed, "failed"),
              std::pair(!set.present, "missing")})
            if (flag)
                roles.emplace_back(name);
        sets.rows.push_back({set.path, joined(roles)});
    }
    section.blocks.emplace_back(std::move(sets));
    add_hardware_profiles(section, one);
}

void add_network(Document& document, const Installation& one) {
    if (one.network.adapters.empty())
        return;
    Section& section = document.section("Network");
    section.blocks.emplace_back(Facts()
                                    .add("host name", one.network.host_name)
                                    .add("DNS domain", one.network.domain)
                                    .add("DNS servers", joined(one.network.name_servers))
                                    .add("DNS search list", joined(one.network.search_list))
                                    .add("protocols", joined(one.network.protocols))
                                    .add("routes", joined(one.network.routes, "; "))
                                    .add("forwards packets", one.network.forwarding ? "yes" : "")
                                    .table());
    Table table{{"adapter", "card", "driver", "address", "mask", "gateway", "WINS", "more"}, {}};
    for (const NetworkAdapter& adapter : one.network.adapters) {
        const IpConfig& ip = adapter.ip;
        std::vector<std::string> more;
        const auto add = [&more](bool yes, std::string text) {
            if (yes)
                more.push_back(std::move(text));
        };
        add(adapter.virtual_adapter, "team");
        add(adapter.dial_up, "dial-up");
        add(!adapter.virtual_adapter && !adapter.dial_up && adapter.disabled, "no bindings");
        add(ip.dhcp && !ip.dhcp_server.empty(), "DHCP server " + ip.dhcp_server);
        add(!adapter.address_override.empty(), "MAC " + adapter.address_override);
        add(ip.security_filter, "port filter");
        add(ip.mtu.has_value(), fmt::format("MTU {}", ip.mtu.value_or(0)));
        add(adapter.slot.has_value(), fmt::format("slot {}", adapter.slot.value_or(0)));
        table.rows.push_back({adapter.key, adapter.title, adapter.driver,
                              ip.dhcp ? "DHCP " + ip.dhcp_address : joined(ip.addresses),
                              ip.dhcp ? ip.dhcp_mask : joined(ip.masks),
                              ip.dhcp ? ip.dhcp_gateway : joined(ip.gateways), joined(ip.wins),
                              joined(more)});
    }
    section.blocks.emplace_back(std::move(table));
    for (const NetworkTeam& team : one.network.teams)
        section.blocks.emplace_back(Paragraph{
            fmt::format("{} makes {} of {}", team.service, joined(team.adapters), joined(team.members))});
}

void add_drivers(Document& document, const Installation& one) {
    Section& section = document.section("Drivers that start with the system, in load order");
    Table table{{"driver", "start", "group", "file", "version", "vendor"}, {}};
    for (const DriverFacts& driver : one.drivers)
        table.rows.push_back({driver.service, start_name(driver.start), driver.group,
                              driver.file.present
                                  ? std::string(text::file_name(driver.file.path))
                                  : std::string(text::file_name(driver.file.path)) + " (missing)",
                              driver.file.version_text(), text::printable(driver.file.company(), 40)});
    section.blocks.emplace_back(std::move(table));
}

void add_services(Document& document, const Installation& one, bool all) {
    Section& section = document.section("Services");
    Table known{{"service or driver", "start", "what it is"}, {}};
    for (const KnownService& one_known : one.known)
        known.rows.push_back(
            {one_known.service, start_name(one_known.start),
             fmt::format("{}: {}", vendor_class_name(one_known.vendor->kind), one_known.vendor->product)});
    if (!known.rows.empty())
        section.blocks.emplace_back(std::move(known));
    if (all) {
        Table table{{"service", "name", "start", "program"}, {}};
        for (const Service& service : one.services)
            if (service.is_program())
                table.rows.push_back({service.name, text::printable(service.display_name, 60),
                                      start_name(service.start),
                                      text::printable(service.effective_image(), 80)});
        if (!table.rows.empty())
            section.blocks.emplace_back(std::move(table));
        return;
    }
    // The rest in a line for each way of starting; --all has a row for each.
    for (const std::uint32_t start : {start_auto, start_demand, start_disabled}) {
        std::vector<std::string> names;
        for (const Service& service : one.services)
            if (service.is_program() && service.start == start)
                names.push_back(service.name);
        if (!names.empty())
            section.blocks.emplace_back(Paragraph{fmt::format("{}: {}", start_name(start), joined(names))});
    }
}

void add_peripherals(Document& document, const Installation& one) {
    const Peripherals& facts = one.peripherals;
    Section& section = document.section("Printers, shares, ports, displays, applications");
    const auto add = [&section](Table table) {
        if (!table.rows.empty())
            section.blocks.emplace_back(std::move(table));
    };
    Table printers{{"printer", "port", "driver", "shared as"}, {}};
    for (const Printer& printer : facts.printers)
        printers.rows.push_back({printer.name, printer.port, printer.driver, printer.share});
    add(std::move(printers));
    Table shares{{"share", "path", "remark"}, {}};
    for (const Share& share : facts.shares)
        shares.rows.push_back({share.name, share.path, share.remark});
    add(std::move(shares));
    Table ports{{"port", "used by"}, {}};
    for (const PortUser& user : facts.ports)
        ports.rows.push_back({user.port, user.user});
    add(std::move(ports));
    Table video{{"display driver", "start", "mode", "display libraries"}, {}};
    for (const VideoDriver& driver : facts.video)
        if (driver.start < start_disabled)
            video.rows.push_back({driver.service, start_name(driver.start), text::printable(driver.mode, 40),
                                  joined(driver.display_drivers)});
    add(std::move(video));
    Table applications{{"application", "version", "publisher"}, {}};
    for (const Application& application : facts.applications)
        applications.rows.push_back({application.name, application.version, application.publisher});
    add(std::move(applications));
}

} // namespace

std::string size_text(std::uint64_t bytes) {
    if (bytes >= std::uint64_t{1} << 30U)
        return fmt::format("{:.1f} GB", static_cast<double>(bytes) / (1U << 30U));
    if (bytes >= 1U << 20U)
        return fmt::format("{:.0f} MB", static_cast<double>(bytes) / (1U << 20U));
    return fmt::format("{} KB", (bytes + 1023) / 1024);
}

std::string time_text(std::int64_t seconds) {
    if (seconds == 0)
        return {};
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[40];
    return std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts) == 0 ? std::string()
                                                                               : std::string(text);
}

void add_inspection(Document& document, const Inspection& inspection, bool all) {
    add_disks(document, inspection);
    add_boot(document, inspection);
    for (const Installation& one : inspection.installations) {
        add_system(document, one);
        add_network(document, one);
        add_drivers(document, one);
        add_services(document, one, all);
        add_peripherals(document, one);
        if (!one.problems.empty())
            document.section("What could not be read").blocks.emplace_back(List{one.problems});
    }
    if (!inspection.problems.empty())
        document.section("What could not be read on the disks")
            .blocks.emplace_back(List{inspection.problems});
}

Document inspection_document(const Inspection& inspection, bool all) {
    Document document;
    document.title = "Server inspection";
    if (!inspection.installations.empty()) {
        const Product& product = inspection.installations.front().product;
        document.title =
            fmt::format("{}: {}", product.name.empty() ? "(no name)" : product.name, product.full_title());
        document.subtitle = fmt::format("{}, {} disk{}", role_name(product.role), inspection.disks.size(),
                                        inspection.disks.size() == 1 ? "" : "s");
    } else {
        document.subtitle = "no Windows NT installation was found";
    }
    add_inspection(document, inspection, all);
    return document;
}

} // namespace ntferry::report
