// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/boot_files.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace ntferry::nt {
namespace {

/// Volume with NTLDR: the active partition of disk 0, else the first volume that has one.
std::optional<std::size_t> find_system_partition(DiskSet& disks, std::vector<std::string>& problems) {
    std::optional<std::size_t> active;
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < disks.volumes().size(); ++i) {
        const VolumeFacts& volume = disks.volumes()[i];
        volume::FileSystem* files = disks.files(i);
        bool ntldr = false;
        try {
            ntldr = files != nullptr && files->lookup("\\ntldr").has_value();
        } catch (const Error& error) {
            problems.push_back(fmt::format("{}: {}", volume.title(), error.problem()));
        }
        if (volume.disk == 0 && volume.active && files != nullptr && !active)
            active = i;
        if (ntldr && (!first || (volume.disk == 0 && volume.active)))
            first = i;
    }
    return first ? first : active;
}

/// "OS Loader V4.00" as NTLDR prints it with /sos.
std::string loader_version(std::string_view content) {
    const std::size_t at = content.find("OS Loader V");
    if (at == std::string_view::npos)
        return {};
    std::string_view text = content.substr(at, 24);
    text = text.substr(0, text.find_first_not_of("OS LoaderV0123456789."));
    return std::string(text::trim(text));
}

/// Link time of the loader proper: a PE file behind the real-mode part.
std::int64_t loader_link_time(ByteView content) {
    for (std::size_t at = 0; at + 64 < content.size(); at += 16) {
        if (content[at] != 'M' || content[at + 1] != 'Z' || !pe::is_pe(content.subspan(at)))
            continue;
        try {
            return pe::parse_headers(content.subspan(at), "NTLDR").timestamp;
        } catch (const Error&) {
        }
    }
    return 0;
}

} // namespace

ArcTarget resolve_arc(const DiskSet& disks, const ArcPath& arc) {
    ArcTarget target;
    if (arc.kind == ArcKind::signature) {
        target.problem = "signature() paths are not understood by NT 4.0";
        for (unsigned disk = 0; disk < disks.disks().size(); ++disk)
            if (disks.disks()[disk].layout.signature == arc.adapter)
                target.volume = disks.by_partition(disk, arc.partition);
        return target;
    }
    // multi(): Z is the BIOS disk. scsi(): Y is the SCSI ID on adapter X; with one adapter and IDs in order
    // the disks come in that order too, which is all that an image can tell.
    unsigned disk = arc.rdisk;
    if (arc.kind == ArcKind::scsi) {
        target.guessed = true;
        disk = arc.disk;
        if (disk >= disks.disks().size())
            disk = 0;
    }
    if (disk >= disks.disks().size()) {
        target.problem = fmt::format("it names disk {}, which is not among those given", disk);
        return target;
    }
    target.volume = disks.by_partition(disk, arc.partition);
    if (!target.volume)
        target.problem = fmt::format("disk {} has no partition {}", disk, arc.partition);
    return target;
}

BootFacts read_boot_files(DiskSet& disks) {
    BootFacts facts;
    facts.volume = find_system_partition(disks, facts.problems);
    if (!facts.volume)
        return facts;
    volume::FileSystem& files = *disks.files(*facts.volume);
    facts.ntldr = describe_file(disks, {*facts.volume, "\\ntldr"});
    facts.ntdetect = describe_file(disks, {*facts.volume, "\\ntdetect.com"});
    facts.ntbootdd = describe_file(disks, {*facts.volume, "\\ntbootdd.sys"});
    try {
        facts.bootsect_dos = files.lookup("\\bootsect.dos").has_value();
        if (const auto ntldr = read_if_there(files, "\\ntldr", 1U << 20U)) {
            facts.ntldr_version =
                loader_version({reinterpret_cast<const char*>(ntldr->data()), ntldr->size()});
            facts.ntldr_linked = loader_link_time(*ntldr);
        }
        if (const auto ini = read_if_there(files, "\\boot.ini", 1U << 20U)) {
            facts.boot_ini_present = true;
            facts.boot_ini = parse_boot_ini(*ini);
        }
    } catch (const Error& error) {
        facts.problems.push_back(error.what());
    }
    for (const BootEntry& entry : facts.boot_ini.entries) {
        BootChoice choice{entry, {}, false};
        if (entry.arc) {
            choice.target = resolve_arc(disks, *entry.arc);
            if (choice.target.volume && disks.files(*choice.target.volume) != nullptr) {
                try {
                    choice.system_there = disks.files(*choice.target.volume)
                                              ->lookup(entry.arc->directory + "\\system32\\ntoskrnl.exe")
                                              .has_value();
                } catch (const Error& error) {
                    choice.target.problem = error.problem();
                }
            }
        }
        facts.choices.push_back(std::move(choice));
    }
    return facts;
}

} // namespace ntferry::nt
