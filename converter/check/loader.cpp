// NTLDR, NTDETECT.COM and boot.ini.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/check/walk.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

namespace ntferry::check {
namespace {

constexpr const char* hardware_configuration =
    "'Windows NT could not start because of a computer disk hardware configuration problem'";
constexpr std::uint64_t sectors_of_4gb = (std::uint64_t{4} << 30U) / 512;

void check_root_file(Walk& walk, const std::string& id, const std::string& path, const std::string& symptom) {
    const patch::VolumeRef volume = walk.subject().system_volume();
    const auto found = walk.subject().system_files().lookup(path);
    if (!found || found->is_directory() || found->size == 0) {
        walk.broken(id, path + " is missing from the active partition", symptom,
                    "copy it from an NT 4.0 CD or service pack");
        return;
    }
    if ((found->attributes & volume::attribute_compressed) != 0) {
        walk.broken(id, path + " is compressed", "'NTLDR is compressed' or '" + symptom + "'", "expand it");
        return;
    }
    if (const std::string reach = walk.out_of_reach(volume, path); !reach.empty()) {
        walk.broken(id, reach, "'A disk read error occurred'", "the file must lie below the limit");
        return;
    }
    walk.good(id, fmt::format("{}, {} bytes, within reach", path, found->size));
}

/// The partition that boot.ini's default names, if it is one that multi() can name.
void check_default(Walk& walk, const nt::BootEntry& entry) {
    if (!entry.arc) {
        walk.notice("boot-ini.default", fmt::format("the default is {}, not Windows NT", entry.path),
                    "another system starts", "choose the Windows NT line in the menu");
        return;
    }
    const nt::ArcPath& arc = *entry.arc;
    patch::Subject& subject = walk.subject();
    if (arc.kind != nt::ArcKind::multi) {
        walk.broken(
            "boot-ini.default",
            fmt::format("the default is {}: it needs NTBOOTDD.SYS and the old SCSI adapter", entry.path),
            hardware_configuration,
            "patch with the rule 'boot': it puts a multi() line in front (KB Q155118)");
        return;
    }
    const volume::Partition* partition =
        arc.rdisk < subject.volumes().disk_count()
            ? subject.volumes().layout(arc.rdisk).by_arc_number(arc.partition)
            : nullptr;
    if (partition == nullptr) {
        walk.broken("boot-ini.default", fmt::format("{} names a partition that does not exist", entry.path),
                    hardware_configuration, "correct the default line of boot.ini");
        return;
    }
    const patch::VolumeRef ref{arc.rdisk, partition->offset()};
    bool there = false;
    try {
        there = subject.volumes().files(ref).lookup(arc.directory + "\\system32").has_value();
    } catch (const block::ReadError&) {
        throw;
    } catch (const Error&) {
        there = false; // not a volume NT can read
    }
    if (!there) {
        walk.broken(
            "boot-ini.default", fmt::format("{} does not hold a system", entry.path),
            fmt::format("'Windows NT could not start because the following file is missing or corrupt: "
                        "{}\\system32\\ntoskrnl.exe'",
                        arc.directory),
            "correct the default line of boot.ini");
        return;
    }
    const unsigned pack = subject.has_nt() ? subject.product().service_pack.value_or(0) : 0;
    if (partition->start_lba >= sectors_of_4gb && pack < 5)
        walk.notice("boot-ini.start",
                    fmt::format("the system starts at sector {}, and NTLDR may be older than SP5",
                                partition->start_lba),
                    "'Boot record signature AA55 not found'", "use the NTLDR of SP5 or later (KB Q197295)");
    walk.good("boot-ini.default", fmt::format("{} is {}", entry.path, describe(ref)));
}

void check_boot_ini(Walk& walk) {
    patch::Subject& subject = walk.subject();
    if (!subject.boot_ini_bytes()) {
        walk.broken("boot-ini", "there is no boot.ini in the active partition",
                    "NTLDR tries \\WINNT on the first partition and finds another system or none",
                    "patch with the rule 'boot': it writes one");
        return;
    }
    const nt::BootIni& ini = subject.boot_ini();
    for (const std::string& problem : ini.problems)
        walk.notice("boot-ini.syntax", "boot.ini: " + problem, "the line is not offered");
    const nt::BootEntry* entry = ini.default_entry();
    if (entry == nullptr) {
        walk.broken("boot-ini", "boot.ini has no entries", hardware_configuration);
        return;
    }
    walk.good("boot-ini", fmt::format("boot.ini has {} entries", ini.entries.size()));
    check_default(walk, *entry);
    if (const nt::BootSwitch* kernel = entry->find("KERNEL"))
        walk.kernel_file = text::to_lower(kernel->value);
    if (const nt::BootSwitch* hal = entry->find("HAL"))
        walk.hal_file = text::to_lower(hal->value);
}

} // namespace

void walk_loader(Walk& walk) {
    if (!walk.subject().has_system_volume())
        return;
    check_root_file(walk, "ntldr", "\\ntldr", "'NTLDR is missing' or 'Couldn't find NTLDR'");
    check_root_file(walk, "ntdetect", "\\ntdetect.com", "'NTDETECT failed'");
    check_boot_ini(walk);
}

} // namespace ntferry::check
