// Rules about file systems.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include <fmt/format.h>

namespace ntferry::assess {
namespace {

bool matters(const Context& context, std::size_t volume) {
    return volume == context.system.place.volume || context.inspection.boot.volume == volume;
}

} // namespace

void volume_state(const Context& context, Findings& findings) {
    for (std::size_t i = 0; i < context.inspection.volumes.size(); ++i) {
        const nt::VolumeFacts& volume = context.inspection.volumes[i];
        if (!volume.files) {
            const bool expected = volume.ft_member || !(volume.type == 0x01 || volume.type == 0x04 ||
                                                        volume.type == 0x06 || volume.type == 0x07);
            if (!expected)
                findings.push_back(
                    {volume.hpfs ? "volume.hpfs" : "volume.unreadable", Severity::warning,
                     fmt::format("{} cannot be read", volume.title()),
                     fmt::format("boot sector at sector {}: {}", volume.start_lba, volume.problem),
                     volume.hpfs ? "NT 4.0 has no driver for it; 3.51 had."
                                 : "Its files are not inspected; NT may not read them either.",
                     volume.hpfs ? "Nothing to do if OS/2 used it"
                                 : "Run chkdsk on the server, or capture its sectors again"});
            continue;
        }
        if (volume.files->log_unclean)
            findings.push_back(
                {"volume.journal", matters(context, i) ? Severity::decision : Severity::warning,
                 fmt::format("{} was not shut down: its NTFS journal is not closed", volume.title()),
                 "$LogFile holds records that were not replayed",
                 "NT replays them at its next start; what was changed before that could be undone.",
                 "Best: start the server once, shut it down and capture again; else allow the journal to be "
                 "emptied"});
        else if (volume.files->dirty)
            findings.push_back(
                {"volume.dirty", matters(context, i) ? Severity::decision : Severity::warning,
                 fmt::format("{} is marked for a disk check", volume.title()),
                 volume.files->kind == volume::FileSystemKind::ntfs ? "$Volume: dirty flag"
                                                                    : "dirty bit of the FAT",
                 "Autochk runs at the first start; it may take long and it may move files to FOUND folders.",
                 "Best: run chkdsk /f on the server and capture again; else allow changes to a dirty "
                 "volume"});
    }
}

void volume_boot_copy(const Context& context, Findings& findings) {
    for (const nt::VolumeFacts& volume : context.inspection.volumes)
        if (volume.files && volume.bpb && !volume.boot_copy_good && !volume.ft_member)
            findings.push_back(
                {"volume.boot-copy", Severity::info,
                 fmt::format("The copy of the boot sector of {} does not agree with it", volume.title()),
                 volume.files->kind == volume::FileSystemKind::ntfs
                     ? fmt::format("last sector of the partition, {}", volume.start_lba + volume.sectors - 1)
                     : std::string("sector named at 32h of the boot sector"),
                 "It is only needed when the boot sector is lost (KB Q153973).", "Nothing to do"});
}

void volume_format(const Context& context, Findings& findings) {
    for (std::size_t i = 0; i < context.inspection.volumes.size(); ++i) {
        const nt::VolumeFacts& volume = context.inspection.volumes[i];
        if (!volume.files)
            continue;
        const volume::FileSystemInfo& files = *volume.files;
        const std::string version = fmt::format("NTFS {}.{}", files.version_major, files.version_minor);
        if (files.kind == volume::FileSystemKind::ntfs && files.version_major >= 3 &&
            context.system.product.is_nt4()) {
            const bool readable = context.service_pack() >= 4 && files.version_minor == 0;
            findings.push_back({"volume.ntfs-version",
                                readable              ? Severity::warning
                                : matters(context, i) ? Severity::blocker
                                                      : Severity::decision,
                                fmt::format("{} was upgraded by a newer Windows", volume.title()), version,
                                "NT 4.0 reads NTFS 3.0 with Service Pack 4 and later only, and its chkdsk "
                                "refuses it (KB Q192673, Q196707).",
                                readable ? "Never attach the disk to a newer Windows again"
                                         : "Restore the volume from a backup of before"});
        }
        if (files.kind == volume::FileSystemKind::fat32)
            findings.push_back({"volume.fat32", Severity::warning, fmt::format("{} is FAT32", volume.title()),
                                fmt::format("partition type {:02X}", volume.type),
                                "NT 4.0 does not read FAT32 (KB Q151414).",
                                "Nothing to do if another system of a dual boot used it"});
        if (files.kind != volume::FileSystemKind::ntfs && files.cluster_size > 32768)
            findings.push_back({"volume.fat-64k", Severity::info,
                                fmt::format("{} has clusters of 64 KB", volume.title()), "FAT16",
                                "Only NT reads such a volume; DOS and some tools do not.", "Nothing to do"});
        if (files.kind == volume::FileSystemKind::ntfs && volume.sectors > (std::uint64_t{4} << 21U) &&
            matters(context, i) && context.service_pack() < 4 && context.system.product.is_nt4())
            findings.push_back(
                {"volume.extended-oem", Severity::warning,
                 fmt::format("{} is larger than 4 GB", volume.title()),
                 fmt::format("{} sectors, service pack {}", volume.sectors, context.service_pack()),
                 "Setup's ExtendOEMPartition damaged such volumes before SP4 (KB Q185773).",
                 "Run chkdsk after the migration"});
    }
}

void volume_space(const Context& context, Findings& findings) {
    const nt::VolumeFacts& volume = context.boot_volume();
    if (!volume.files)
        return;
    const std::uint64_t free = volume.files->free_bytes;
    const std::string evidence =
        fmt::format("{} MB free of {} MB", free >> 20U, volume.files->total_bytes >> 20U);
    if (free < (std::uint64_t{8} << 20U))
        findings.push_back({"volume.full", Severity::decision, fmt::format("{} is full", volume.title()),
                            evidence, "Driver files and copies of the changed ones need some 8 MB.",
                            "Delete files on the server and capture again"});
    else if (free < volume.files->total_bytes / 20)
        findings.push_back(
            {"volume.nearly-full", Severity::warning, fmt::format("{} is nearly full", volume.title()),
             evidence, "NT needs room for its page file and its log files.", "Delete what is not needed"});
}

} // namespace ntferry::assess
