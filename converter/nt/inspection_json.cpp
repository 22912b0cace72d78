// The JSON form of an inspection: docs/inspect.md.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/inspection.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

namespace ntferry::nt {
namespace {

namespace json = boost::json;

json::string safe(std::string_view text) {
    return json::string(text::printable(text, 1024));
}

json::array strings(const std::vector<std::string>& list) {
    json::array out;
    for (const std::string& one : list)
        out.emplace_back(safe(one));
    return out;
}

json::value optional_number(const std::optional<std::uint32_t>& number) {
    return number ? json::value(*number) : json::value(nullptr);
}

json::object of(const FileFacts& file) {
    json::object out{{"path", safe(file.path)}, {"present", file.present}};
    if (file.present) {
        out["size"] = file.size;
        out["version"] = safe(file.version_text());
        out["company"] = safe(file.company());
        if (file.pe)
            out["checksum_good"] = file.checksum_good;
    }
    if (!file.problem.empty())
        out["problem"] = safe(file.problem);
    return out;
}

json::object of(const VolumeFacts& volume) {
    json::object out{{"disk", volume.disk},
                     {"arc_partition", volume.arc_number},
                     {"type", fmt::format("{:02x}", volume.type)},
                     {"active", volume.active},
                     {"fault_tolerant_member", volume.ft_member},
                     {"fault_tolerant_set", volume.ft_volume},
                     {"start_lba", volume.start_lba},
                     {"sectors", volume.sectors},
                     {"letter", volume.letter == 0 ? "" : std::string(1, volume.letter)},
                     {"letter_from", safe(volume.letter_from)}};
    if (volume.files) {
        static constexpr const char* kinds[] = {"fat12", "fat16", "fat32", "ntfs"};
        out["filesystem"] = kinds[static_cast<std::size_t>(volume.files->kind)];
        if (volume.files->kind == volume::FileSystemKind::ntfs)
            out["ntfs_version"] =
                fmt::format("{}.{}", volume.files->version_major, volume.files->version_minor);
        out["label"] = safe(volume.files->label);
        out["total_bytes"] = volume.files->total_bytes;
        out["free_bytes"] = volume.files->free_bytes;
        out["cluster_size"] = volume.files->cluster_size;
        out["dirty"] = volume.files->dirty;
        out["log_unclean"] = volume.files->log_unclean;
    }
    if (!volume.problem.empty())
        out["problem"] = safe(volume.problem);
    return out;
}

json::object of(const DiskFacts& disk) {
    json::object geometry{{"heads", disk.geometry.heads},
                          {"sectors", disk.geometry.sectors},
                          {"cylinders", disk.geometry.cylinders},
                          {"certain", disk.geometry.confidence == volume::GeometryConfidence::certain},
                          {"evidence", strings(disk.geometry.evidence)},
                          {"contradictions", strings(disk.geometry.contradictions)}};
    json::object out{{"source", safe(disk.source)},
                     {"bytes", disk.bytes},
                     {"signature", fmt::format("{:08x}", disk.layout.signature)},
                     {"geometry", std::move(geometry)},
                     {"boot_code", disk.boot_code},
                     {"table_problems", strings(disk.layout.problems)}};
    if (!disk.problem.empty())
        out["problem"] = safe(disk.problem);
    return out;
}

json::object of(const BootFacts& boot) {
    json::array entries;
    for (const BootChoice& choice : boot.choices) {
        json::array switches;
        for (const BootSwitch& one : choice.entry.switches)
            switches.emplace_back(safe(one.value.empty() ? one.name : one.name + '=' + one.value));
        json::object entry{{"path", safe(choice.entry.path)},
                           {"title", safe(choice.entry.title)},
                           {"switches", std::move(switches)},
                           {"system_there", choice.system_there}};
        if (choice.target.volume)
            entry["volume"] = *choice.target.volume;
        if (!choice.target.problem.empty())
            entry["problem"] = safe(choice.target.problem);
        entries.push_back(std::move(entry));
    }
    json::object out{{"ntldr", of(boot.ntldr)},
                     {"ntldr_version", safe(boot.ntldr_version)},
                     {"ntdetect", of(boot.ntdetect)},
                     {"ntbootdd", boot.ntbootdd.present},
                     {"boot_ini", boot.boot_ini_present},
                     {"timeout", optional_number(boot.boot_ini.timeout)},
                     {"default", safe(boot.boot_ini.default_path)},
                     {"entries", std::move(entries)},
                     {"problems", strings(boot.boot_ini.problems)}};
    out["volume"] = boot.volume ? json::value(*boot.volume) : json::value(nullptr);
    return out;
}

json::object of(const ImageIdentity& image) {
    return {{"name", safe(image.name)},
            {"file", of(image.file)},
            {"evidence", strings(image.evidence)},
            {"contradictions", strings(image.contradictions)}};
}

json::object of(const Product& product) {
    return {
        {"title", safe(product.title)},
        {"version", safe(product.version)},
        {"build", product.build},
        {"service_pack", product.service_pack ? json::value(*product.service_pack) : json::value(nullptr)},
        {"service_pack_text", safe(product.csd + (product.sp6a ? "a" : ""))},
        {"hotfixes", strings(product.hotfixes)},
        {"suites", strings(product.suites)},
        {"product_type", safe(product.product_type)},
        {"role", role_name(product.role)},
        {"role_from", safe(product.role_from)},
        {"computer_name", safe(product.name)},
        {"domain", safe(product.domain)},
        {"language", safe(product.language)},
        {"time_zone", safe(product.time_zone)},
        {"bias_minutes", product.bias_minutes},
        {"install_path", safe(product.install_path)},
        {"installed", product.installed},
        {"processors", product.processors},
        {"processor", safe(product.processor)}};
}

json::object of(const NetworkAdapter& adapter) {
    json::object ip{{"dhcp", adapter.ip.dhcp},
                    {"addresses", strings(adapter.ip.addresses)},
                    {"masks", strings(adapter.ip.masks)},
                    {"gateways", strings(adapter.ip.gateways)},
                    {"wins", strings(adapter.ip.wins)},
                    {"port_filter", adapter.ip.security_filter},
                    {"mtu", optional_number(adapter.ip.mtu)}};
    if (adapter.ip.dhcp) {
        ip["dhcp_address"] = safe(adapter.ip.dhcp_address);
        ip["dhcp_mask"] = safe(adapter.ip.dhcp_mask);
        ip["dhcp_gateway"] = safe(adapter.ip.dhcp_gateway);
        ip["dhcp_server"] = safe(adapter.ip.dhcp_server);
    }
    return {{"adapter", safe(adapter.key)},
            {"title", safe(adapter.title)},
            {"manufacturer", safe(adapter.manufacturer)},
            {"driver", safe(adapter.driver)},
            {"bus_type", optional_number(adapter.bus_type)},
            {"bus", optional_number(adapter.bus)},
            {"slot", optional_number(adapter.slot)},
            {"address_override", safe(adapter.address_override)},
            {"disabled", adapter.disabled},
            {"virtual", adapter.virtual_adapter},
            {"bound_by", strings(adapter.bound_by)},
            {"ip", std::move(ip)}};
}

json::object of(const NetworkFacts& network) {
    json::array adapters;
    for (const NetworkAdapter& one : network.adapters)
        adapters.push_back(of(one));
    json::array teams;
    for (const NetworkTeam& one : network.teams)
        teams.push_back(json::object{{"service", safe(one.service)},
                                     {"members", strings(one.members)},
                                     {"adapters", strings(one.adapters)}});
    json::array bindings;
    for (const NetworkBinding& one : network.bindings)
        bindings.push_back(json::object{{"service", safe(one.service)},
                                        {"bind", strings(one.bind)},
                                        {"disabled", strings(one.disabled)}});
    return {{"host_name", safe(network.host_name)},
            {"domain", safe(network.domain)},
            {"name_servers", strings(network.name_servers)},
            {"search_list", strings(network.search_list)},
            {"forwarding", network.forwarding},
            {"routes", strings(network.routes)},
            {"protocols", strings(network.protocols)},
            {"adapters", std::move(adapters)},
            {"teams", std::move(teams)},
            {"bindings", std::move(bindings)}};
}

json::object of(const Peripherals& facts) {
    json::object out;
    json::array list;
    for (const Printer& one : facts.printers)
        list.push_back(json::object{{"name", safe(one.name)},
                                    {"port", safe(one.port)},
                                    {"driver", safe(one.driver)},
                                    {"share", safe(one.share)}});
    out["printers"] = std::move(list);
    list = {};
    for (const Share& one : facts.shares)
        list.push_back(
            json::object{{"name", safe(one.name)}, {"path", safe(one.path)}, {"remark", safe(one.remark)}});
    out["shares"] = std::move(list);
    list = {};
    for (const Application& one : facts.applications)
        list.push_back(json::object{
            {"name", safe(one.name)}, {"version", safe(one.version)}, {"publisher", safe(one.publisher)}});
    out["applications"] = std::move(list);
    list = {};
    for (const PortUser& one : facts.ports)
        list.push_back(json::object{{"port", safe(one.port)}, {"user", safe(one.user)}});
    out["ports"] = std::move(list);
    list = {};
    for (const VideoDriver& one : facts.video)
        list.push_back(json::object{{"service", safe(one.service)},
                                    {"start", start_name(one.start)},
                                    {"display_drivers", strings(one.display_drivers)},
                                    {"mode", safe(one.mode)}});
    out["video"] = std::move(list);
    out["gina"] = safe(facts.gina);
    out["vga_dll"] = of(facts.vga_dll);
    out["utc_clock"] = facts.utc_clock;
    out["page_files"] = strings(facts.page_files);
    out["boot_execute"] = strings(facts.boot_execute);
    out["auto_logon"] = facts.auto_logon;
    out["auto_reboot"] = facts.auto_reboot;
    return out;
}

json::object of(const HiveFacts& hive) {
    json::object out{{"name", safe(hive.name)},
                     {"size", hive.size},
                     {"usable", hive.usable},
                     {"state", hive.usable ? safe(hive.recovery.summary()) : json::string("unusable")},
                     {"notes", strings(hive.recovery.notes)}};
    if (!hive.problem.empty())
        out["problem"] = safe(hive.problem);
    return out;
}

json::object of(const Installation& one) {
    json::array hives;
    for (const HiveFacts& hive : one.hives)
        hives.push_back(of(hive));
    json::array sets;
    for (const ControlSet& set : one.control_sets.sets)
        sets.push_back(json::object{{"number", set.number},
                                    {"present", set.present},
                                    {"current", set.current},
                                    {"default", set.is_default},
                                    {"last_known_good", set.last_known_good},
                                    {"failed", set.failed}});
    json::array services;
    for (const Service& service : one.services)
        services.push_back(json::object{{"name", safe(service.name)},
                                        {"type", service.type},
                                        {"start", service.start},
                                        {"error_control", service.error_control},
                                        {"group", safe(service.group)},
                                        {"tag", optional_number(service.tag)},
                                        {"image", safe(service.effective_image())}});
    json::array drivers;
    for (const DriverFacts& driver : one.drivers) {
        json::object row{{"service", safe(driver.service)},
                         {"start", start_name(driver.start)},
                         {"group", safe(driver.group)},
                         {"file", of(driver.file)}};
        if (driver.vendor != nullptr)
            row["product"] = driver.vendor->product;
        drivers.push_back(std::move(row));
    }
    json::array known;
    for (const KnownService& service : one.known)
        known.push_back(json::object{{"service", safe(service.service)},
                                     {"start", start_name(service.start)},
                                     {"class", vendor_class_name(service.vendor->kind)},
                                     {"product", service.vendor->product}});
    json::object kernel{{"kernel", of(one.kernel.kernel)}, {"hal", of(one.kernel.hal)}};
    kernel["multiprocessor"] = one.kernel.multiprocessor_kernel
                                   ? json::value(*one.kernel.multiprocessor_kernel)
                                   : json::value(nullptr);
    kernel["hal_title"] = one.kernel.hal_kind != nullptr ? one.kernel.hal_kind->title : "";
    json::array profiles;
    for (const HardwareProfile& profile : one.profiles)
        profiles.push_back(json::object{{"number", profile.number},
                                        {"name", safe(profile.name)},
                                        {"current", profile.current},
                                        {"disabled", strings(profile.disabled)}});
    return {{"title", safe(one.title)},
            {"volume", one.place.volume},
            {"root", safe(one.place.root)},
            {"found_by", safe(one.found_by)},
            {"hives", std::move(hives)},
            {"control_sets", std::move(sets)},
            {"hardware_profiles", std::move(profiles)},
            {"beyond_reach", strings(one.beyond_reach)},
            {"product", of(one.product)},
            {"kernel", std::move(kernel)},
            {"drivers", std::move(drivers)},
            {"services", std::move(services)},
            {"known_services", std::move(known)},
            {"network", of(one.network)},
            {"peripherals", of(one.peripherals)},
            {"disk_key", one.disk_key},
            {"cdrom_letter", safe(one.cdrom_letter)},
            {"problems", strings(one.problems)}};
}

} // namespace

json::object to_json(const Inspection& inspection) {
    json::array disks;
    for (const DiskFacts& disk : inspection.disks)
        disks.push_back(of(disk));
    json::array volumes;
    for (const VolumeFacts& volume : inspection.volumes)
        volumes.push_back(of(volume));
    json::array sets;
    for (const FtFacts& set : inspection.ft_sets) {
        json::array members;
        for (const std::size_t member : set.volumes)
            members.emplace_back(member);
        json::object one{{"kind", safe(set.kind)},      {"members", set.members},
                         {"found", std::move(members)}, {"complete", set.complete},
                         {"notes", strings(set.notes)}, {"stale", strings(set.stale)},
                         {"problem", safe(set.problem)}};
        one["volume"] = set.assembled ? json::value(*set.assembled) : json::value(nullptr);
        sets.push_back(std::move(one));
    }
    json::array installations;
    for (const Installation& one : inspection.installations)
        installations.push_back(of(one));
    return {{"schema", "ntferry.inspection"},
            {"version", 1},
            {"disks", std::move(disks)},
            {"volumes", std::move(volumes)},
            {"fault_tolerant_sets", std::move(sets)},
            {"boot", of(inspection.boot)},
            {"installations", std::move(installations)},
            {"problems", strings(inspection.problems)}};
}

} // namespace ntferry::nt
