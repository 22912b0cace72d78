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
}

void add_boot(Document& document, const Inspection& inspection) {
    const BootFacts& boot = inspection.boot;
    if (!boot.volume)
        return;
    Section& section = document.section("Start");
    section.blocks.emplace_back(
        Facts()
            .add("system partition", inspection.volumes[*boot.volume].title())
            .add("NTLDR", boot.ntldr.present ? fmt::format("{} bytes {}", boot.ntldr.size, boot.ntldr_version)
                                             : std::string("missing"))
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
            .add("time zone", product.time_zone.empty() ? ""
                                                        : fmt::format("{} (UTC{:+})", product.time_zone,
                                                                      -product.bias_minutes / 60))
            .add("installed", time_text(product.installed))
            .add("install path", product.install_path)
            .add("processors",
                 product.processors == 0 ? "" : fmt::format("{} ({})", product.processors, product.processor))
            .add("kernel",
                 fmt::format("{} {}", one.kernel.kernel.name, one.kernel.kernel.file.version_text()))
            .add("HAL", fmt::format("{} {}{}{}", one.kernel.hal.name, one.kernel.hal.file.version_text(),
                                    one.kernel.hal_kind != nullptr ? ", " : "",
                                    one.kernel.hal_kind != nullptr ? one.kernel.hal_kind->title : ""))
            .add("HAL evidence", joined(one.kernel.hal.evidence, "; "))
            .add("contradictions",
                 joined(one.kernel.hal.contradictions, "; ") + joined(one.kernel.kernel.contradictions, "; "))
            .add("page files", joined(one.peripherals.page_files, "; "))
            .add("logon", one.peripherals.gina)
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
}

void add_network(Document& document, const Installation& one) {
    if (one.network.adapters.empty())
        return;
    Section& section = document.section("Network");
    section.blocks.emplace_back(Facts()
                                    .add("host name", one.network.host_name)
                                    .add("DNS domain", one.network.domain)
                                    .add("DNS servers", joined(one.network.name_servers))
                                    .add("protocols", joined(one.network.protocols))
                                    .add("routes", joined(one.network.routes, "; "))
                                    .add("forwards packets", one.network.forwarding ? "yes" : "")
                                    .table());
    Table table{{"adapter", "card", "driver", "address", "mask", "gateway", "state"}, {}};
    for (const NetworkAdapter& adapter : one.network.adapters) {
        const IpConfig& ip = adapter.ip;
        table.rows.push_back({adapter.key, adapter.title, adapter.driver,
                              ip.dhcp ? "DHCP " + ip.dhcp_address : joined(ip.addresses),
                              ip.dhcp ? ip.dhcp_mask : joined(ip.masks), joined(ip.gateways),
                              adapter.virtual_adapter ? "team"
                              : adapter.dial_up       ? "dial-up"
                              : adapter.disabled      ? "no bindings"
                                                      : ""});
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
    Section& section = document.section(all ? "Services" : "Services with a meaning for the migration");
    Table table{{"service", "start", "what it is"}, {}};
    if (all) {
        for (const Service& service : one.services)
            if (service.is_program()) {
                const VendorEntry* vendor = find_vendor(service);
                table.rows.push_back(
                    {service.display_name.empty() ? service.name : text::printable(service.display_name, 60),
                     start_name(service.start), vendor == nullptr ? "" : std::string(vendor->product)});
            }
    } else {
        for (const KnownService& known : one.known)
            table.rows.push_back(
                {known.service, start_name(known.start),
                 fmt::format("{}: {}", vendor_class_name(known.vendor->kind), known.vendor->product)});
    }
    if (!table.rows.empty())
        section.blocks.emplace_back(std::move(table));
}

void add_peripherals(Document& document, const Installation& one) {
    const Peripherals& facts = one.peripherals;
    Section& section = document.section("Printers, shares, ports, applications");
    const auto add = [&section](Table table) {
        if (!table.rows.empty())
            section.blocks.emplace_back(std::move(table));
    };
    Table printers{{"printer", "port", "driver"}, {}};
    for (const Printer& printer : facts.printers)
        printers.rows.push_back({printer.name, printer.port, printer.driver});
    add(std::move(printers));
    Table shares{{"share", "path", "remark"}, {}};
    for (const Share& share : facts.shares)
        shares.rows.push_back({share.name, share.path, share.remark});
    add(std::move(shares));
    Table ports{{"port", "used by"}, {}};
    for (const PortUser& user : facts.ports)
        ports.rows.push_back({user.port, user.user});
    add(std::move(ports));
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
