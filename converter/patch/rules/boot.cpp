// boot.ini and what NTLDR does with it: the default line names the IDE disk through the BIOS, original lines
// stay. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/patch/rules/rules.hpp"
#include "converter/volume/geometry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::patch {
namespace {

constexpr std::uint32_t menu_seconds = 5;
constexpr std::uint32_t longest_menu_seconds = 30;
constexpr std::uint64_t sectors_of_4gb = (std::uint64_t{4} << 30U) / 512;
/// NTLDR computes multi() starts beyond 4 GB rightly from SP5 on (KB Q197295).
constexpr unsigned ntldr_service_pack = 5;
constexpr std::uint32_t hidden_system_read_only =
    volume::attribute_read_only | volume::attribute_hidden | volume::attribute_system;

class BootRule {
  public:
    explicit BootRule(RuleContext& context) : context_(context), subject_(context.subject()) {}

    void run() {
        if (!subject_.has_system_volume())
            return;
        const volume::Partition* partition = subject_.volumes().partition(subject_.system().volume);
        if (partition == nullptr || partition->arc_number == 0) {
            context_.decide("boot-partition",
                            "the partition of the system has no ARC number: NTLDR cannot name it",
                            describe(subject_.system().volume), {});
            return;
        }
        check_reach(*partition);
        check_ntldr(*partition);
        edit_boot_ini(*partition);
        retire_ntbootdd();
    }

  private:
    /// INT 13h without extensions ends at cylinder 1023 (KB Q224526).
    void check_reach(const volume::Partition& partition) {
        const Geometry geometry = read_geometry(subject_.system().volume.disk);
        const std::uint64_t limit = std::uint64_t{1024} * geometry.heads * geometry.sectors;
        if (partition.start_lba >= limit)
            context_.decide(
                "boot-limit",
                "the system lies beyond what the BIOS can read: multi() cannot reach it (KB Q224526)",
                fmt::format("partition starts at sector {}, INT 13h with {} heads and {} sectors ends at {}",
                            partition.start_lba, geometry.heads, geometry.sectors, limit),
                {{"carry", "patch all the same; move the system below the limit before it is started"}});
        else if (partition.start_lba + partition.sectors > limit)
            context_.note(
                fmt::format("the system partition reaches beyond sector {}, where INT 13h ends: NT starts as "
                            "long as its boot files lie below ('ntferry check' looks at each of them)",
                            limit));
    }

    struct Geometry {
        std::uint32_t heads;
        std::uint32_t sectors;
    };
    Geometry read_geometry(unsigned disk) {
        const volume::Geometry found =
            volume::recover_geometry(subject_.volumes().disk(disk), subject_.volumes().layout(disk));
        return {found.heads, found.sectors};
    }

    void check_ntldr(const volume::Partition& partition) {
        const auto pack = subject_.product().service_pack.value_or(0);
        if (partition.start_lba < sectors_of_4gb || pack >= ntldr_service_pack)
            return;
        const std::string evidence =
            fmt::format("partition starts at sector {}, service pack {}", partition.start_lba, pack);
        const FoundDriver found =
            context_.drivers().find("ntldr", {6U, subject_.product().terminal_server, false, {}, {}});
        if (found.copy && found.copy->service_pack.value_or(0) >= ntldr_service_pack) {
            const Because because{
                "NTLDR before SP5 computes the start of partitions beyond 4 GB wrongly (KB Q197295)",
                evidence};
            context_.add("boot.ntldr.keep", CopyFile{subject_.system_volume(), "\\ntldr", "\\ntldr.p2v"},
                         because);
            WriteFile file;
            file.volume = subject_.system_volume();
            file.path = "\\ntldr";
            file.content = found.copy->content;
            file.origin = found.copy->origin;
            context_.write_file("boot.ntldr", std::move(file), because);
            return;
        }
        context_.decide(
            "ntldr",
            "NTLDR before SP5 cannot start a system that lies 4 GB or more into the disk through multi() "
            "(KB Q197295), and no newer one is on the media given",
            evidence + "; give the medium of SP5 or SP6a with --drivers",
            {{"keep", "the installed NTLDR is newer than its service pack (a hotfix)"}});
    }

    static std::string switch_text(const nt::BootSwitch& option) {
        if (option.value.empty())
            return "/" + text::to_lower(option.name);
        return fmt::format("/{}{}{}", text::to_lower(option.name), option.name == "NOSERIALMICE" ? ":" : "=",
                           option.value);
    }

    /// The switches of the old default line, without those that we choose ourselves.
    std::string options(const nt::BootEntry* entry) const {
        std::vector<std::string> words;
        if (entry != nullptr)
            for (const nt::BootSwitch& option : entry->switches)
                if (option.name != "KERNEL" && option.name != "HAL" && option.name != "BASEVIDEO" &&
                    option.name != "SOS")
                    words.push_back(switch_text(option));
        if (context_.kernel_file != "ntoskrnl.exe")
            words.push_back("/kernel=" + context_.kernel_file);
        if (context_.hal_file != "hal.dll")
            words.push_back("/hal=" + context_.hal_file);
        return fmt::format("{}", fmt::join(words, " "));
    }

    bool has_fallback(const nt::BootIni& ini, const std::string& path) const {
        return std::any_of(ini.entries.begin(), ini.entries.end(), [&](const nt::BootEntry& entry) {
            return text::iequals(entry.path, path) && entry.find("BASEVIDEO") != nullptr;
        });
    }

    void edit_boot_ini(const volume::Partition& partition) {
        const nt::ArcPath arc{
            nt::ArcKind::multi,    0, 0, subject_.system().volume.disk, partition.arc_number,
            subject_.system().root};
        const std::string path = arc.text();
        const nt::BootIni& ini = subject_.boot_ini();
        const nt::BootEntry* old = ini.default_entry();
        const bool pair = context_.kernel_file != "ntoskrnl.exe" || context_.hal_file != "hal.dll";
        const bool same = old != nullptr && old->arc && old->arc->kind == nt::ArcKind::multi &&
                          text::iequals(old->arc->text(), path);
        if (old != nullptr)
            if (const nt::BootSwitch* memory = old->find("MAXMEM"))
                context_.note(fmt::format("boot.ini has /MAXMEM={}: the machine will use no more than that",
                                          memory->value));
        if (same && !pair && has_fallback(ini, path))
            return;

        const Bytes before = subject_.boot_ini_bytes().value_or(
            to_bytes("[boot loader]\r\ntimeout=30\r\n[operating systems]\r\n"));
        nt::BootIniEditor editor(before);
        const std::string base =
            old != nullptr && !old->title.empty() ? old->title : subject_.product().title();
        const std::string switches = options(old);
        editor.insert_first(path, base + " [migrated, VGA]", trim("/basevideo /sos " + switches));
        editor.insert_first(path, base + " [migrated]", switches);
        editor.set_default(path);
        const std::uint32_t seconds = ini.timeout.value_or(0);
        if (seconds == 0 || seconds > longest_menu_seconds)
            editor.set_timeout(menu_seconds);

        const Because because{
            same ? pair ? "the old lines keep the old kernel and HAL, ours choose the new ones"
                        : "a line with /basevideo is the way out if the display stays dark"
                 : "the system is on an IDE disk now, which NTLDR reads through the BIOS: multi()",
            old != nullptr ? fmt::format("default is {}", old->path) : "boot.ini has no usable default"};
        if (subject_.boot_ini_bytes())
            context_.add("boot.ini.keep", CopyFile{subject_.system_volume(), "\\boot.ini", "\\boot.ini.p2v"},
                         because);
        WriteFile file;
        file.volume = subject_.system_volume();
        file.path = "\\boot.ini";
        file.content = editor.bytes();
        file.origin = "the old file with our lines in front";
        file.attributes = hidden_system_read_only;
        file.text = true;
        context_.write_file("boot.ini", std::move(file), because);
    }

    void retire_ntbootdd() {
        volume::FileSystem& files = subject_.system_files();
        if (files.lookup("\\ntbootdd.sys") && !files.lookup("\\ntbootdd.p2v"))
            context_.add("boot.ntbootdd",
                         RenameFile{subject_.system_volume(), "\\ntbootdd.sys", "\\ntbootdd.p2v"},
                         {"the old controller's boot driver must not be loaded any more (KB Q155118)",
                          "NTBOOTDD.SYS in the root of the system volume"});
    }

    static Bytes to_bytes(std::string_view text) { return Bytes(text.begin(), text.end()); }
    static std::string trim(std::string_view text) { return std::string(text::trim(text)); }

    RuleContext& context_;
    Subject& subject_;
};

} // namespace

void plan_boot(RuleContext& context) {
    BootRule(context).run();
}

} // namespace ntferry::patch
