// Rules about disks: tables, geometry, sizes, signatures, letters, fault-tolerant sets.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ntferry::assess {
namespace {

constexpr std::uint64_t gigabyte = std::uint64_t{1} << 30U;

std::string disk_name(std::size_t number, const nt::DiskFacts& disk) {
    return fmt::format("disk {} ({})", number, disk.source);
}

std::string joined(const std::vector<std::string>& lines) {
    return fmt::format("{}", fmt::join(lines, "; "));
}

} // namespace

void disk_tables(const Context& context, Findings& findings) {
    for (std::size_t i = 0; i < context.inspection.disks.size(); ++i) {
        const nt::DiskFacts& disk = context.inspection.disks[i];
        if (!disk.problem.empty())
            findings.push_back({"disk.no-table", Severity::decision,
                                fmt::format("Disk {} has no partition table that can be read", i),
                                fmt::format("{}, sector 0: {}", disk.source, disk.problem),
                                "What lies on it is neither inspected nor changed.",
                                "Check the image; leave the disk out if the server did not use it"});
        if (!disk.layout.problems.empty())
            findings.push_back({"disk.table-problems", Severity::warning,
                                fmt::format("The partition table of disk {} has defects", i),
                                joined(disk.layout.problems),
                                "NT may see other partitions than other systems do.",
                                "Run a disk check on the server, or compare with Disk Administrator there"});
        for (const volume::Partition& partition : disk.layout.partitions) {
            if (partition.type == volume::type_compaq_diagnostics)
                findings.push_back({"disk.vendor-partition", Severity::info,
                                    fmt::format("Disk {} has a vendor's diagnostics partition", i),
                                    fmt::format("type 12 at sector {}", partition.start_lba),
                                    "It counts in the partition numbers of boot.ini, so it stays.",
                                    "Nothing to do"});
            else if (!partition.is_extended() && !partition.known_to_nt4())
                findings.push_back(
                    {"disk.partition-type", Severity::warning,
                     fmt::format("Disk {} has a partition that NT 4.0 does not mount", i),
                     fmt::format("type {:02X} ({}) at sector {}", partition.type,
                                 volume::partition_type_name(partition.type), partition.start_lba),
                     "It gets no drive letter (KB Q151414).", "Its content is kept as it is"});
        }
    }
}

void disk_geometry(const Context& context, Findings& findings) {
    for (std::size_t i = 0; i < context.inspection.disks.size(); ++i) {
        const nt::DiskFacts& disk = context.inspection.disks[i];
        if (!disk.problem.empty())
            continue;
        const volume::Geometry& geometry = disk.geometry;
        const std::string values =
            fmt::format("{} heads, {} sectors per track", geometry.heads, geometry.sectors);
        if (!geometry.contradictions.empty())
            findings.push_back(
                {"disk.geometry-contradiction", i == 0 ? Severity::decision : Severity::warning,
                 fmt::format("What disk {} says about its geometry does not agree", i),
                 joined(geometry.contradictions),
                 "NT 4.0 starts through INT 13h with cylinder, head and sector only (KB Q224526): a wrong "
                 "geometry ends in "
                 "\"A disk read error occurred\".",
                 fmt::format("The best-supported value is {}; give another if the server's set-up says so",
                             values)});
        else if (geometry.confidence == volume::GeometryConfidence::none)
            findings.push_back({"disk.geometry-unknown", i == 0 ? Severity::warning : Severity::info,
                                fmt::format("Nothing on disk {} tells its geometry", i), disk.source,
                                "255 heads and 63 sectors are assumed.",
                                "Compare with the set-up of the server's controller"});
        else if (geometry.heads != 255 || geometry.sectors != 63)
            findings.push_back(
                {"disk.geometry", Severity::info, fmt::format("Disk {} was written with {}", i, values),
                 joined(geometry.evidence), "The machine's firmware has to report exactly this.",
                 "It is stored with the machine; nothing to do"});
    }
}

void disk_sizes(const Context& context, Findings& findings) {
    const auto& disks = context.inspection.disks;
    if (disks.size() > context.profile.limits.disks_maximum)
        findings.push_back({"disk.count", Severity::decision,
                            "The server has more disks than the machine takes",
                            fmt::format("{} disks, {} in profile {}", disks.size(),
                                        context.profile.limits.disks_maximum, context.profile.name),
                            "NT 4.0's ATAPI driver serves two channels with two drives each (KB Q141591), "
                            "one of them the CD-ROM.",
                            "Join volumes, or leave disks out"});
    for (std::size_t i = 0; i < disks.size(); ++i) {
        if (disks[i].bytes > context.profile.limits.disk_bytes_maximum)
            findings.push_back({"disk.too-large", Severity::blocker,
                                fmt::format("Disk {} is larger than an IDE disk of NT 4.0 can be", i),
                                fmt::format("{} has {:.1f} GB", disk_name(i, disks[i]),
                                            static_cast<double>(disks[i].bytes) / gigabyte),
                                "NT 4.0 addresses 28 bits of sectors, 128 GB; beyond that it wraps and "
                                "overwrites the start.",
                                "Shrink the disk's use below 128 GB and capture only that part"});
        else if (disks[i].bytes > 8 * gigabyte && context.service_pack() < 4 &&
                 context.system.product.is_nt4())
            findings.push_back(
                {"disk.8gb-before-sp4", Severity::decision,
                 fmt::format("Disk {} is larger than 8 GB and the service pack is older than 4", i),
                 fmt::format("{}; service pack {}", disk_name(i, disks[i]), context.service_pack()),
                 "ATAPI.SYS before SP4 hangs or does not see the whole disk (KB Q197667).",
                 "Install Service Pack 4 or later on the server first, or supply ATAPI.SYS of one"});
    }
}

void disk_signatures(const Context& context, Findings& findings) {
    std::map<std::uint32_t, std::size_t> seen;
    for (std::size_t i = 0; i < context.inspection.disks.size(); ++i) {
        const nt::DiskFacts& disk = context.inspection.disks[i];
        if (!disk.problem.empty())
            continue;
        if (disk.layout.signature == 0) {
            findings.push_back(
                {"disk.no-signature", Severity::info, fmt::format("Disk {} has no signature", i),
                 "sector 0, offset 1B8h",
                 "NT writes one when it first sees the disk; letters fixed for it before do not apply.",
                 "Nothing to do"});
            continue;
        }
        const auto [other, fresh] = seen.emplace(disk.layout.signature, i);
        if (!fresh)
            findings.push_back({"disk.same-signature", Severity::decision,
                                fmt::format("Disks {} and {} have the same signature", other->second, i),
                                fmt::format("{:08X} at offset 1B8h of both", disk.layout.signature),
                                "NT tells disks apart by it: a STOP 7B, or letters on the wrong disk.",
                                "Is one the copy of the other? Leave it out"});
    }
}

void disk_letters(const Context& context, Findings& findings) {
    const bool several = context.inspection.volumes.size() > 1;
    if (!context.system.disk_key && several)
        findings.push_back({"letters.not-fixed", Severity::change, "No drive letter is fixed",
                            "SYSTEM\\DISK has no value Information",
                            "Letters follow the order of partitions; another set of disks moves them (STOP "
                            "C000021A, KB Q145578).",
                            "The letters that the server has now are written to DISK\\Information"});
    if (context.system.cdrom_letter.empty())
        findings.push_back({"letters.cdrom", Severity::info, "The letter of the CD-ROM is not fixed",
                            "SYSTEM\\DISK has no value \\device\\CdRom0",
                            "It follows the last volume, so it may change.",
                            "Fix it in Disk Administrator if programs depend on it"});
    for (const std::string& problem : context.inspection.problems)
        if (problem.starts_with("DISK\\Information"))
            findings.push_back({"letters.information", Severity::warning,
                                "Disk Administrator's record has defects", problem,
                                "Drive letters and fault-tolerant sets come from it.",
                                "Compare the letters below with the server's"});
}

void ft_sets(const Context& context, Findings& findings) {
    const auto& inspection = context.inspection;
    for (const nt::FtFacts& set : inspection.ft_sets) {
        std::string members;
        for (const std::size_t index : set.volumes)
            members += (members.empty() ? "" : ", ") + inspection.volumes[index].title();
        const std::string evidence =
            fmt::format("SYSTEM\\DISK\\Information: {} of {} members found: {}{}{}", set.volumes.size(),
                        set.members, members, set.problem.empty() ? "" : "; ", set.problem);
        if (set.kind == "mirror") {
            findings.push_back({"ft.mirror", set.volumes.empty() ? Severity::decision : Severity::change,
                                "A volume is mirrored by NT", evidence,
                                "One half holds everything; the machine's storage is safe by itself.",
                                set.volumes.empty() ? "Give one of its disks with --disk"
                                                    : "The first half is used alone, as a plain partition"});
            continue;
        }
        if (set.volumes.size() < set.members && set.problem.empty())
            findings.push_back({"ft.degraded", Severity::warning,
                                fmt::format("A {} works without one of its members", set.kind), evidence,
                                "Its content is computed from the others.",
                                "Capture the missing disk too, if it can be read"});
        const bool all_here = set.problem.empty() && set.volumes.size() == set.members;
        findings.push_back(
            {set.problem.empty() ? "ft.set" : "ft.incomplete", all_here ? Severity::info : Severity::decision,
             fmt::format("A volume is a {} of NT", set.kind), evidence,
             "Every member has to be there, on as many disks of the machine, for FTDISK to show it.",
             all_here              ? "Each of its disks becomes a disk of the machine"
             : set.problem.empty() ? "Regenerate it in Disk Administrator after the first start"
                                   : "Give the missing disks with --disk"});
    }
    for (const nt::VolumeFacts& volume : inspection.volumes) {
        const bool known =
            std::any_of(inspection.ft_sets.begin(), inspection.ft_sets.end(), [&](const nt::FtFacts& set) {
                return std::any_of(set.volumes.begin(), set.volumes.end(),
                                   [&](std::size_t index) { return &inspection.volumes[index] == &volume; });
            });
        if (volume.ft_member && !known)
            findings.push_back(
                {"ft.unknown-member", Severity::decision,
                 "A partition is marked as part of a fault-tolerant set that nothing describes",
                 fmt::format("{}, type {:02X}", volume.title(), volume.type),
                 "FTDISK does not show it without its record in SYSTEM\\DISK\\Information.",
                 "Give the other disks of the server with --disk; if there are none, decide whether it is to "
                 "be a plain partition"});
    }
}

void ft_state(const Context& context, Findings& findings) {
    const auto& inspection = context.inspection;
    for (const nt::FtFacts& set : inspection.ft_sets)
        if (!set.stale.empty())
            findings.push_back({"ft.stale-member", Severity::warning,
                                fmt::format("A member of a {} is not up to date", set.kind),
                                fmt::format("SYSTEM\\DISK\\Information: {}", joined(set.stale)),
                                "FTDISK had given it up, or was still filling it: its content is old.",
                                "The others are used; leave this disk out or regenerate it on the server"});
    if (inspection.ft_dirty_shutdown && !inspection.ft_sets.empty())
        findings.push_back({"ft.dirty-shutdown", Severity::info, "FTDISK's sets were not shut down",
                            "SYSTEM\\DISK\\Information, byte 8",
                            "Halves of a mirror may differ in what was written last; FTDISK copies the first "
                            "one over at its next start.",
                            "Shut the server down properly and capture again if the volume matters"});
    for (const nt::VolumeFacts& volume : inspection.volumes)
        if (volume.ft_member && (volume.type & volume::type_ft_disabled) == volume::type_ft_disabled)
            findings.push_back({"ft.disabled", Severity::decision,
                                "FTDISK has switched a member of a set off",
                                fmt::format("{}, type {:02X}", volume.title(), volume.type),
                                "Its set was broken when the server ran last; its content is old.",
                                "Leave its disk out, or repair the set on the server"});
    const bool needs_ftdisk = std::any_of(inspection.ft_sets.begin(), inspection.ft_sets.end(),
                                          [](const nt::FtFacts& set) { return set.kind != "mirror"; });
    if (const nt::Service* ftdisk = context.service("Ftdisk");
        needs_ftdisk && (ftdisk == nullptr || ftdisk->start != nt::start_boot))
        findings.push_back({"ft.ftdisk-start", Severity::decision, "Ftdisk does not start at boot",
                            context.service_key("Ftdisk"),
                            "Without it the members of a set are not put together (KB Q131658).",
                            "Set its Start to 0 on the server and capture again"});
}

} // namespace ntferry::assess
