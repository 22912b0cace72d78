// Finding the system on a captured machine's disks.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/subject.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace ntferry::patch {
namespace {

constexpr std::uint64_t largest_boot_ini = std::uint64_t{1} << 20U;
constexpr const char* current_version = "Microsoft\\Windows NT\\CurrentVersion";

} // namespace

std::string Product::title() const {
    std::string_view role = "Windows NT";
    if (text::iequals(type, "WinNT"))
        role = "Windows NT Workstation";
    else if (text::iequals(type, "ServerNT"))
        role = "Windows NT Server";
    else if (text::iequals(type, "LanmanNT"))
        role = "Windows NT Server (domain controller)";
    return fmt::format("{}{} {}{}", role, terminal_server ? ", Terminal Server Edition," : "", version,
                       service_pack ? *service_pack == 0 ? ", no service pack"
                                                         : fmt::format(", service pack {}", *service_pack)
                                    : "");
}

Subject::Subject(std::vector<block::SharedBlockDevice> disks, std::string name)
    : name_(std::move(name)), volumes_(std::move(disks), {}) {
    try {
        find_system_volume();
        find_system();
        placed_ = true;
        load_registry();
        read_product();
    } catch (const block::ReadError&) {
        throw;
    } catch (const Error& error) {
        problem_ = error.what();
    }
}

std::string Subject::system32(std::string_view rest) const {
    return fmt::format("{}\\system32\\{}", system_.root, rest);
}

const registry::Hive& Subject::hive(HiveId id) const {
    return *hives_.at(id).second;
}

const registry::RecoveryReport& Subject::recovery(HiveId id) const {
    return hives_.at(id).first;
}

std::string Subject::control_set_key(unsigned set) {
    return fmt::format("ControlSet{:03}", set);
}

void Subject::find_system_volume() {
    if (volumes_.disk_count() == 0)
        throw Error(name_, "has no disks");
    const volume::DiskLayout& layout = volumes_.layout(0);
    if (layout.partitions.empty())
        throw Error(name_,
                    layout.problems.empty() ? "the first disk has no partitions" : layout.problems.front());
    const volume::Partition* active = layout.active();
    if (active == nullptr)
        throw Error(name_, "no partition of the first disk is active");
    system_volume_ = VolumeRef{0, active->offset()};
    volume::FileSystem& files = system_files();
    const auto found = files.lookup("\\boot.ini");
    if (found && !found->is_directory()) {
        boot_ini_bytes_ = files.read_file("\\boot.ini", largest_boot_ini);
        boot_ini_ = nt::parse_boot_ini(*boot_ini_bytes_);
    }
}

bool Subject::holds_system(const VolumeRef& ref, const std::string& root) {
    try {
        return volumes_.files(ref).lookup(hive_path(root, HiveId::system)).has_value();
    } catch (const Error&) {
        return false; // not a volume that can hold it
    }
}

void Subject::find_system() {
    const nt::BootEntry* entry = boot_ini_.default_entry();
    if (entry != nullptr && entry->arc) {
        const nt::ArcPath& arc = *entry->arc;
        // With multi() rdisk is the BIOS disk. With scsi() adapter, ID and LUN are the old machine's: the
        // volume is the one with this number that holds the folder, on the first disk that has one.
        std::vector<unsigned> disks;
        if (arc.kind == nt::ArcKind::multi && arc.rdisk < volumes_.disk_count())
            disks.push_back(arc.rdisk);
        else
            for (unsigned disk = 0; disk < volumes_.disk_count(); ++disk)
                disks.push_back(disk);
        for (const unsigned disk : disks)
            if (const volume::Partition* partition = volumes_.layout(disk).by_arc_number(arc.partition)) {
                const VolumeRef ref{disk, partition->offset()};
                if (holds_system(ref, arc.directory)) {
                    system_ = {ref, arc.directory};
                    return;
                }
            }
    }
    // boot.ini is missing or wrong: look where NT is installed by default.
    for (unsigned disk = 0; disk < volumes_.disk_count(); ++disk)
        for (const volume::Partition& partition : volumes_.layout(disk).partitions) {
            const VolumeRef ref{disk, partition.offset()};
            if (partition.is_extended() || !partition.known_to_nt4())
                continue;
            for (const char* root :
                 {"\\WINNT", "\\WTSRV", "\\WINNT40", "\\WINNT351", "\\WINNT35", "\\WINDOWS"})
                if (holds_system(ref, root)) {
                    system_ = {ref, root};
                    return;
                }
        }
    throw Error(name_, "no volume holds a Windows NT system");
}

void Subject::load_registry() {
    for (const HiveId id : {HiveId::system, HiveId::software}) {
        LoadedHive loaded = load_hive(files(), system_.root, id);
        auto opened =
            std::make_unique<registry::Hive>(registry::Hive::open(loaded.image, std::string(hive_name(id))));
        hives_.emplace(id, std::make_pair(std::move(loaded.report), std::move(opened)));
    }
    const registry::Hive& system = hive(HiveId::system);
    std::set<unsigned> sets;
    for (const char* name : {"Current", "Default", "LastKnownGood", "Failed"}) {
        const auto number = system.dword("Select", name);
        if (number && *number != 0 && *number < 1000 && system.find(control_set_key(*number)))
            sets.insert(*number);
    }
    if (sets.empty())
        throw Error(name_, "the SYSTEM hive names no control set in Select");
    control_sets_.assign(sets.begin(), sets.end());
    const auto current = system.dword("Select", "Current").value_or(0);
    current_set_ = sets.contains(current) ? current : control_sets_.front();
}

void Subject::read_product() {
    const registry::Hive& software = hive(HiveId::software);
    const registry::Hive& system = hive(HiveId::system);
    const std::string control = control_set_key(current_set_) + "\\Control";
    product_.version = software.string(current_version, "CurrentVersion").value_or("");
    product_.build = software.string(current_version, "CurrentBuildNumber").value_or("");
    product_.type = system.string(control + "\\ProductOptions", "ProductType").value_or("");
    product_.computer_name =
        system.string(control + "\\ComputerName\\ComputerName", "ComputerName").value_or("");
    for (const std::string& suite : system.strings(control + "\\ProductOptions", "ProductSuite"))
        if (text::iequals(suite, "Terminal Server"))
            product_.terminal_server = true;
    // "Service Pack 6" in SOFTWARE, 0x600 in SYSTEM; the former is what service packs of 4.0 write.
    const std::string level = software.string(current_version, "CSDVersion").value_or("");
    const std::size_t digit = level.find_first_of("0123456789");
    unsigned number = 0;
    if (digit != std::string::npos &&
        std::from_chars(level.data() + digit, level.data() + level.size(), number).ec == std::errc())
        product_.service_pack = number;
    else if (const auto packed = system.dword(control + "\\Windows", "CSDVersion"))
        product_.service_pack = *packed >> 8U;
    else if (!product_.version.empty())
        product_.service_pack = 0;
}

std::vector<std::string> Subject::dirty_volumes() {
    std::vector<std::string> dirty;
    std::vector<VolumeRef> refs;
    if (system_volume_)
        refs.push_back(*system_volume_);
    if (has_nt() && (!system_volume_ || !(*system_volume_ == system_.volume)))
        refs.push_back(system_.volume);
    for (const VolumeRef& ref : refs) {
        const volume::FileSystemInfo info = volumes_.files(ref).info();
        if (info.log_unclean)
            dirty.push_back(describe(ref) + ": its NTFS log holds records that were not replayed");
        else if (info.dirty)
            dirty.push_back(describe(ref) + ": it is marked dirty, chkdsk is due");
    }
    return dirty;
}

} // namespace ntferry::patch
