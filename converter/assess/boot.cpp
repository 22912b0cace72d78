// Rules about the way from the MBR to the kernel.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::assess {
namespace {

/// 256 heads, 63 sectors, 1024 cylinders: the end of what INT 13h reaches without extensions (KB Q224526).
constexpr std::uint64_t int13_sectors = std::uint64_t{1024} * 256 * 63;
constexpr std::uint64_t four_gigabytes = std::uint64_t{4} << 21U; // sectors
/// The loader of Service Pack 5 was linked in spring 1999; SP4's in autumn 1998.
constexpr std::int64_t sp5_loader_linked = 917'827'200; // 1999-02-01

const nt::BootChoice* default_choice(const nt::BootFacts& boot) {
    const nt::BootEntry* entry = boot.boot_ini.default_entry();
    for (const nt::BootChoice& choice : boot.choices)
        if (entry != nullptr && choice.entry.line == entry->line)
            return &choice;
    return nullptr;
}

std::string line_text(const nt::BootChoice& choice) {
    return fmt::format("boot.ini line {}: {}", choice.entry.line + 1,
                       text::printable(choice.entry.path, 100));
}

} // namespace

void boot_sector(const Context& context, Findings& findings) {
    const nt::DiskFacts& disk = context.inspection.disks.front();
    if (!disk.problem.empty())
        return;
    if (disk.layout.active() == nullptr)
        findings.push_back(
            {"boot.no-active", Severity::change, "No partition of the boot disk is active",
             "partition table of disk 0", "The MBR code starts the active one and stops without it.",
             "The partition with NTLDR is made active; check that disk 0 is the server's boot disk"});
    if (!disk.boot_code)
        findings.push_back({"boot.no-mbr-code", Severity::change, "The boot disk has no MBR code",
                            "sector 0, offsets 0 to 1B7h are zero",
                            "Nothing would load the boot sector; second halves of mirrors were often never "
                            "given one (KB Q117131).",
                            "Boot code is written there"});
    if (!context.inspection.boot.volume)
        return;
    const nt::VolumeFacts& volume = context.inspection.volumes[*context.inspection.boot.volume];
    if (volume.disk != 0)
        findings.push_back({"boot.disk-order", Severity::decision, "NTLDR does not lie on the first disk",
                            volume.title(), "The firmware starts the first disk.",
                            "Give the server's boot disk first"});
    if (volume.bpb && volume.bpb->hidden_sectors != volume.start_lba && !volume.ft_volume)
        findings.push_back({"boot.hidden-sectors", Severity::change,
                            "The boot sector does not know where its partition starts",
                            fmt::format("{}: hidden sectors (1Ch) {}, partition starts at {}", volume.title(),
                                        volume.bpb->hidden_sectors, volume.start_lba),
                            "It computes every address from this value; FAT boot code hangs, NTFS boot code "
                            "says that a kernel file is missing.",
                            "The value is corrected, in the backup boot sector too"});
}

void boot_loader(const Context& context, Findings& findings) {
    const nt::BootFacts& boot = context.inspection.boot;
    const auto missing = [&](const nt::FileFacts& file, const char* name, const char* code) {
        if (!file.present)
            findings.push_back(
                {code, Severity::decision, fmt::format("{} is missing", name),
                 boot.volume ? context.inspection.volumes[*boot.volume].title()
                             : std::string("no system partition was found"),
                 "The machine cannot start without it.",
                 "Give the disk that holds it, or supply it from the NT 4.0 CD or service pack"});
    };
    missing(boot.ntldr, "NTLDR", "boot.ntldr-missing");
    missing(boot.ntdetect, "NTDETECT.COM", "boot.ntdetect-missing");
    if (!boot.boot_ini_present)
        findings.push_back(
            {"boot.ini-missing", Severity::change, "boot.ini is missing",
             context.system.setup_log.present
                 ? fmt::format("setup.log: TargetDevice {}", context.system.setup_log.target_device)
                 : std::string("no setup.log either"),
             "NTLDR would look for \\WINNT on the first partition only.",
             "A new one is written for the installation that was found (KB Q155222)"});
    for (const auto& [file, name] :
         {std::pair(&boot.ntldr, "NTLDR"), std::pair(&boot.ntdetect, "NTDETECT.COM")})
        if (file->present && (file->attributes & volume::attribute_compressed) != 0)
            findings.push_back({"boot.compressed", Severity::decision, fmt::format("{} is compressed", name),
                                file->path, "The boot sector cannot read compressed files.",
                                "Uncompress it on the server (compact /u) and capture again"});
    if (boot.ntbootdd.present) {
        findings.push_back({"boot.ntbootdd", Severity::change, "NTBOOTDD.SYS drives the old SCSI adapter",
                            boot.ntbootdd.path,
                            "It is the driver of an adapter that will be gone; the machine starts through "
                            "its firmware (KB Q155118).",
                            "It is renamed, and boot.ini uses multi()"});
        if (boot.ntbootdd.size > 65536)
            findings.push_back({"boot.ntbootdd-size", Severity::info, "NTBOOTDD.SYS is larger than 64 KB",
                                fmt::format("{} bytes", boot.ntbootdd.size),
                                "NTLDR hangs with such a file (KB Q198524); it is not used any more.",
                                "Nothing to do"});
    }
}

void boot_reach(const Context& context, Findings& findings) {
    const nt::BootFacts& boot = context.inspection.boot;
    const auto check = [&](std::size_t index, const char* what, const char* code) {
        const nt::VolumeFacts& volume = context.inspection.volumes[index];
        if (volume.ft_volume)
            return;
        const std::string evidence =
            fmt::format("{}: sectors {} to {}; INT 13h ends at {}", volume.title(), volume.start_lba,
                        volume.start_lba + volume.sectors - 1, int13_sectors - 1);
        if (volume.start_lba >= int13_sectors)
            findings.push_back({code, Severity::decision, fmt::format("The {} lies beyond 7.8 GB", what),
                                evidence, "NTLDR cannot reach it through the firmware (KB Q224526, Q178278).",
                                "Move the system to a partition below 7.8 GB, or keep scsi() with an "
                                "emulated SCSI adapter"});
        else if (volume.start_lba + volume.sectors > int13_sectors)
            findings.push_back(
                {std::string(code) + "-end", Severity::warning,
                 fmt::format("The {} ends beyond 7.8 GB", what), evidence,
                 "Files that NTLDR loads may come to lie where it cannot reach them, after a service pack "
                 "for instance.",
                 "Keep it from filling up; the check after patching looks where the files lie now"});
    };
    if (boot.volume)
        check(*boot.volume, "system partition", "boot.system-beyond-reach");
    check(context.system.place.volume, "boot partition", "boot.system-root-beyond-reach");
    if (!context.system.beyond_reach.empty())
        findings.push_back({"boot.file-beyond-reach", Severity::decision,
                            fmt::format("{} that NTLDR loads lie{} beyond what it reaches",
                                        context.system.beyond_reach.size() == 1 ? "A file" : "Files",
                                        context.system.beyond_reach.size() == 1 ? "s" : ""),
                            fmt::format("{}", fmt::join(context.system.beyond_reach, "; ")),
                            "INT 13h without extensions ends at cylinder 1023 (KB Q224526): the start fails "
                            "with a message about a missing or corrupt file.",
                            "On the server: make room at the start of the partition, copy the files and "
                            "capture again; or keep scsi() with an emulated SCSI adapter"});

    const nt::VolumeFacts& root = context.boot_volume();
    const bool old_loader = boot.ntldr.present && boot.ntldr_linked < sp5_loader_linked &&
                            (boot.ntldr_linked != 0 || context.service_pack() < 5);
    if (root.start_lba >= four_gigabytes && root.start_lba < int13_sectors && old_loader &&
        context.system.product.is_nt4())
        findings.push_back(
            {"boot.multi-4gb", Severity::decision,
             "This NTLDR cannot start a partition beyond 4 GB through multi()",
             fmt::format("{} starts at sector {}; NTLDR {} ", root.title(), root.start_lba,
                         boot.ntldr_linked == 0 ? fmt::format("of service pack {}", context.service_pack())
                                                : std::string("linked before Service Pack 5")),
             "It computes the sector wrongly: \"Boot record signature AA55 not found\" (KB Q197295).",
             "Supply NTLDR of Service Pack 5 or later"});
}

void boot_ini_entries(const Context& context, Findings& findings) {
    const nt::BootFacts& boot = context.inspection.boot;
    if (!boot.boot_ini.problems.empty() && boot.boot_ini_present)
        findings.push_back({"boot.ini-problems", Severity::warning,
                            "boot.ini has lines that NTLDR may not understand",
                            fmt::format("{}", fmt::join(boot.boot_ini.problems, "; ")),
                            "NTLDR skips them or falls back to \\WINNT.",
                            "They are kept; the entry for the new machine stands before them"});
    const nt::BootChoice* chosen = default_choice(boot);
    for (const nt::BootChoice& choice : boot.choices) {
        const bool is_default = &choice == chosen;
        if (!choice.entry.arc) {
            findings.push_back(
                {"boot.dual", Severity::info, "boot.ini offers another system", line_text(choice),
                 "It starts from BOOTSECT.DOS.",
                 boot.bootsect_dos ? "The entry is kept" : "BOOTSECT.DOS is missing, so it would not start"});
            continue;
        }
        if (choice.entry.arc->kind == nt::ArcKind::signature)
            findings.push_back({"boot.signature-arc", is_default ? Severity::decision : Severity::warning,
                                "An entry uses signature()", line_text(choice),
                                "NT 4.0's loader does not understand it; Windows 2000's does.",
                                "The entry for the new machine uses multi()"});
        else if (choice.entry.arc->kind == nt::ArcKind::scsi && is_default)
            findings.push_back({"boot.scsi-arc", Severity::change, "The default entry starts through scsi()",
                                line_text(choice), "That needs NTBOOTDD.SYS and the old adapter.",
                                "A multi() entry is put first and made the default"});
        if (!choice.target.volume)
            findings.push_back(
                {"boot.arc-nowhere", is_default ? Severity::change : Severity::warning,
                 "An entry of boot.ini leads nowhere", line_text(choice) + ": " + choice.target.problem,
                 "Starting it ends in a disk configuration error (KB Q155118).",
                 is_default ? "The entry for the new machine leads to the installation that was found"
                            : "It is kept"});
        else if (!choice.system_there)
            findings.push_back({"boot.no-system-there", is_default ? Severity::change : Severity::warning,
                                "An entry of boot.ini leads to no system", line_text(choice),
                                "There is no ntoskrnl.exe below its folder.",
                                is_default
                                    ? "The entry for the new machine leads to the installation that was found"
                                    : "It is kept"});
        if (choice.entry.arc->kind == nt::ArcKind::multi &&
            (choice.entry.arc->adapter != 0 || choice.entry.arc->disk != 0) && is_default)
            findings.push_back({"boot.multi-form", Severity::change,
                                "The default entry names another adapter than the first", line_text(choice),
                                "With multi() X and Y are always 0 (KB Q102873).",
                                "The entry for the new machine uses multi(0)disk(0)"});
        if (choice.entry.arc->kind == nt::ArcKind::multi && choice.entry.arc->rdisk != 0 && is_default)
            findings.push_back({"boot.rdisk", Severity::warning,
                                "The system starts from a disk that is not the first", line_text(choice),
                                "The disks have to keep their order.",
                                "Give all disks in the server's order"});
    }
    const std::string& preferred = boot.boot_ini.default_path;
    const bool listed =
        std::any_of(boot.choices.begin(), boot.choices.end(), [&](const nt::BootChoice& choice) {
            return text::iequals(choice.entry.path, preferred);
        });
    if (!boot.choices.empty() && (preferred.empty() || !listed))
        findings.push_back(
            {"boot.no-default", Severity::change, "boot.ini has no default entry",
             preferred.empty() ? std::string("boot.ini has no line default=")
                               : fmt::format("boot.ini: default={} is none of its entries",
                                             text::printable(preferred, 100)),
             preferred.empty() ? "NTLDR takes the first." : "NTLDR shows it as an entry of its own.",
             "The entry for the new machine is made the default"});
    if (context.inspection.installations.size() > 1) {
        std::string titles;
        for (const nt::Installation& one : context.inspection.installations)
            titles += (titles.empty() ? "" : "; ") + one.title;
        findings.push_back({"boot.several", Severity::warning, "There are several installations", titles,
                            "Only the default one is prepared.",
                            "Say which one is meant if it is not the first"});
    }
}

void boot_ini_switches(const Context& context, Findings& findings) {
    const nt::BootChoice* chosen = default_choice(context.inspection.boot);
    if (chosen == nullptr)
        return;
    const nt::BootEntry& entry = chosen->entry;
    const auto tell = [&](const char* name, const char* code, Severity severity, const char* why,
                          const char* remedy) {
        if (const nt::BootSwitch* one = entry.find(name))
            findings.push_back({code, severity,
                                fmt::format("The default entry has /{}{}{}", one->name,
                                            one->value.empty() ? "" : "=", text::printable(one->value, 40)),
                                line_text(*chosen), why, remedy});
    };
    tell("BASEVIDEO", "boot.basevideo", Severity::info,
         "NT comes up with VGA, 640x480 in 16 colours: somebody had trouble with the display driver.",
         "The new entry starts without it once the machine's display is known to work");
    tell("SOS", "boot.sos", Severity::info, "NTLDR names the drivers that it loads.", "It does no harm");
    tell("NODEBUG", "boot.nodebug", Severity::info, "It switches the kernel debugger off.",
         "It does no harm");
    tell("MAXMEM", "boot.maxmem", Severity::warning,
         "NT uses no more memory than this, however much the machine has.",
         "Take it out of the new entry, or keep it on purpose");
    tell("BURNMEMORY", "boot.burnmemory", Severity::warning, "NT leaves this much memory unused.",
         "Take it out of the new entry");
    tell("NUMPROC", "boot.numproc", Severity::info,
         "It limits the processors that a multiprocessor kernel uses.", "It does no harm");
    tell("ONECPU", "boot.onecpu", Severity::info, "Only Compaq's HAL knows it.", "It does no harm");
    tell("PCILOCK", "boot.pcilock", Severity::info, "NT leaves PCI resources as the firmware set them.",
         "It does no harm");
    tell("NOSERIALMICE", "boot.noserialmice", Severity::info,
         "A device on that port must not be probed for a mouse: a UPS, a modem.",
         "It is kept if the port is connected again");
    for (const char* name : {"DEBUG", "DEBUGPORT", "BAUDRATE", "CRASHDEBUG"})
        tell(name, "boot.debug", Severity::warning,
             "The kernel debugger takes a serial port, and NT stops for it.",
             "It is left out of the new entry");
    tell("3GB", "boot.3gb", context.system.product.enterprise ? Severity::info : Severity::warning,
         "Only Enterprise Edition with SP3 divides the address space so.",
         "Keep it only for programs that need it");
    tell("PAE", "boot.pae", Severity::warning, "NT 4.0 does not know it.", "It is left out of the new entry");
    tell("KERNEL", "boot.kernel", Severity::info, "Another kernel file than ntoskrnl.exe is loaded.",
         "The new entry names its own");
    tell("HAL", "boot.hal", Severity::info, "Another HAL file than hal.dll is loaded.",
         "The new entry names its own");
    if (context.inspection.boot.boot_ini_present && !context.inspection.boot.boot_ini.timeout)
        findings.push_back({"boot.timeout", Severity::info, "boot.ini waits for a key",
                            "no usable timeout under [boot loader]", "The machine would not start by itself.",
                            "The timeout is set to 5 seconds"});
}

} // namespace ntferry::assess
