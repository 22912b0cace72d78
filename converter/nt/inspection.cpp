// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/inspection.hpp"

#include "converter/base/text.hpp"
#include "converter/nt/reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::nt {
namespace {

constexpr std::size_t installations_limit = 16;
constexpr std::size_t root_folders_limit = 512; // searched for an installation, on each volume

/// Files that the machine needs to come up, below %SystemRoot%\system32 (facts of the boot chain).
constexpr std::array<const char*, 26> boot_chain_files = {"ntoskrnl.exe",
                                                          "hal.dll",
                                                          "ntdll.dll",
                                                          "smss.exe",
                                                          "csrss.exe",
                                                          "winlogon.exe",
                                                          "win32k.sys",
                                                          "kernel32.dll",
                                                          "vga.dll",
                                                          "framebuf.dll",
                                                          "vga256.dll",
                                                          "vga64k.dll",
                                                          "drivers\\atapi.sys",
                                                          "drivers\\scsiport.sys",
                                                          "drivers\\disk.sys",
                                                          "drivers\\class2.sys",
                                                          "drivers\\cdrom.sys",
                                                          "drivers\\floppy.sys",
                                                          "drivers\\ftdisk.sys",
                                                          "drivers\\fastfat.sys",
                                                          "drivers\\ntfs.sys",
                                                          "drivers\\vga.sys",
                                                          "drivers\\videoprt.sys",
                                                          "drivers\\i8042prt.sys",
                                                          "drivers\\kbdclass.sys",
                                                          "drivers\\mouclass.sys"};

struct Candidate {
    SystemPlace place;
    std::string found_by;
};

bool is_system_root(DiskSet& disks, std::size_t volume, const std::string& root) {
    volume::FileSystem* files = disks.files(volume);
    try {
        return files != nullptr && files->lookup(root + "\\system32\\config\\system").has_value();
    } catch (const Error&) {
        return false;
    }
}

void add(std::vector<Candidate>& all, std::size_t volume, std::string root, std::string found_by) {
    while (!root.empty() && root.back() == '\\')
        root.pop_back();
    for (const Candidate& one : all)
        if (one.place.volume == volume && text::iequals(one.place.root, root))
            return;
    if (all.size() < installations_limit)
        all.push_back({{volume, std::move(root)}, std::move(found_by)});
}

/// The default entry of boot.ini first, then the others, then every folder in a root that looks like one.
std::vector<Candidate> find_installations(DiskSet& disks, const BootFacts& boot) {
    std::vector<Candidate> all;
    const BootEntry* preferred = boot.boot_ini.default_entry();
    for (const bool default_pass : {true, false})
        for (std::size_t i = 0; i < boot.choices.size(); ++i) {
            const BootChoice& choice = boot.choices[i];
            const bool is_default = preferred != nullptr && choice.entry.line == preferred->line;
            if (is_default == default_pass && choice.entry.arc && choice.target.volume &&
                is_system_root(disks, *choice.target.volume, choice.entry.arc->directory))
                add(all, *choice.target.volume, choice.entry.arc->directory,
                    fmt::format("boot.ini, entry {}", i + 1));
        }
    for (std::size_t volume = 0; volume < disks.volumes().size(); ++volume) {
        volume::FileSystem* files = disks.files(volume);
        if (files == nullptr)
            continue;
        try {
            std::size_t folders = 0;
            for (const volume::FileInfo& entry : files->list("\\"))
                if (entry.is_directory() && folders++ < root_folders_limit &&
                    is_system_root(disks, volume, '\\' + entry.name))
                    add(all, volume, '\\' + entry.name, "search of the root folders");
        } catch (const Error&) {
            // The volume's own problem is told with the volume.
        }
    }
    return all;
}

/// @return the ARC entries' /KERNEL and /HAL of the entry that leads to this installation by default
std::pair<std::string, std::string> loaded_files(const BootFacts& boot, const SystemPlace& place) {
    std::pair<std::string, std::string> names{"ntoskrnl.exe", "hal.dll"};
    const BootEntry* preferred = boot.boot_ini.default_entry();
    for (const BootChoice& choice : boot.choices) {
        const bool here = choice.target.volume == place.volume && choice.entry.arc &&
                          text::iequals(choice.entry.arc->directory, place.root);
        if (!here || preferred == nullptr || choice.entry.line != preferred->line)
            continue;
        if (const BootSwitch* one = choice.entry.find("KERNEL"); one != nullptr && !one->value.empty())
            names.first = one->value;
        if (const BootSwitch* one = choice.entry.find("HAL"); one != nullptr && !one->value.empty())
            names.second = one->value;
    }
    return names;
}

/// Modules that a driver imports and that lie neither beside it nor in system32, where NTLDR and the kernel
/// look.
std::vector<std::string> missing_imports(DiskSet& disks, const SystemPlace& system, const FilePlace& driver) {
    constexpr std::uint64_t driver_limit = std::uint64_t{4} << 20U;
    constexpr std::size_t modules_limit = 32; // real ones import three or four
    std::vector<std::string> missing;
    volume::FileSystem* files = disks.files(driver.volume);
    volume::FileSystem* home = disks.files(system.volume);
    try {
        const auto content = files == nullptr || home == nullptr
                                 ? std::nullopt
                                 : read_if_there(*files, driver.path, driver_limit);
        if (!content || !pe::is_pe(*content))
            return missing;
        const pe::Headers headers = pe::parse_headers(*content, driver.path);
        std::size_t seen = 0;
        for (const pe::ImportedModule& module : pe::read_imports(*content, headers)) {
            if (seen++ == modules_limit)
                break;
            const std::string name = text::printable(module.name, 64);
            if (text::iequals(name, "ntoskrnl.exe") || text::iequals(name, "hal.dll"))
                continue; // whatever boot.ini names stands for them
            if (!home->lookup(system.below("system32\\drivers\\" + name)) &&
                !home->lookup(system.below("system32\\" + name)))
                missing.push_back(name);
        }
    } catch (const Error&) { // NOLINT(bugprone-empty-catch): told with the file itself
    }
    return missing;
}

void read_drivers(DiskSet& disks, Installation& installation, const VendorTable& vendors) {
    for (const auto* order : {&installation.boot_order, &installation.system_order})
        for (const std::string& name : *order) {
            const Service* service = find_service(installation.services, name);
            if (service == nullptr)
                continue;
            DriverFacts driver;
            driver.service = service->name;
            driver.start = service->start;
            driver.group = service->group;
            driver.error_control = service->error_control;
            driver.vendor = vendors.find(*service);
            if (const auto place = resolve_nt_path(disks, installation.place, service->effective_image())) {
                driver.file = describe_file(disks, *place);
                if (driver.file.pe)
                    driver.missing_imports = missing_imports(disks, installation.place, *place);
            } else {
                driver.file.path = service->effective_image();
            }
            installation.drivers.push_back(std::move(driver));
        }
    for (const Service& service : installation.services)
        if (const VendorEntry* vendor = vendors.find(service);
            vendor != nullptr && (service.start < start_disabled || vendor->kind == VendorClass::dongle))
            installation.known.push_back({service.name, service.display_name, service.start, vendor});
}

/// Where a driver file that the new machine wants lies on these disks already.
void find_sources(DiskSet& disks, Installation& installation, const std::vector<std::string>& wanted) {
    for (const std::string& name : wanted) {
        std::vector<FilePlace> places;
        for (const char* folder :
             {"system32\\drivers\\", "$NtServicePackUninstall$\\", "system32\\drvlib.nic\\"})
            places.push_back({installation.place.volume, installation.place.below(folder + name)});
        std::string packed = name;
        if (!packed.empty())
            packed.back() = '_';
        for (std::size_t volume = 0; volume < disks.volumes().size(); ++volume)
            for (const char* folder : {"\\i386\\", "\\nt\\i386\\", "\\ntcd\\i386\\", "\\drivers\\"}) {
                places.push_back({volume, folder + name});
                places.push_back({volume, folder + packed});
            }
        for (const FilePlace& place : places) {
            volume::FileSystem* files = disks.files(place.volume);
            try {
                if (files == nullptr || !files->lookup(place.path))
                    continue;
            } catch (const Error&) {
                continue;
            }
            const char letter = disks.volumes()[place.volume].letter;
            installation.driver_sources.emplace(name, letter == 0 ? place.path
                                                                  : fmt::format("{}:{}", letter, place.path));
            break;
        }
    }
}

/// What NTLDR reads through INT 13h, from its own file to the drivers that start at boot.
void find_beyond_reach(DiskSet& disks, const BootFacts& boot, Installation& installation,
                       const std::pair<std::string, std::string>& loaded) {
    std::vector<FilePlace> places;
    if (boot.volume)
        for (const char* name : {"\\ntldr", "\\ntdetect.com", "\\boot.ini"})
            places.push_back({*boot.volume, name});
    for (const std::string& name : {loaded.first, loaded.second, std::string("config\\system")})
        places.push_back({installation.place.volume, installation.place.below("system32\\" + name)});
    for (const std::string& name : installation.boot_order)
        if (const Service* service = find_service(installation.services, name))
            if (const auto place = resolve_nt_path(disks, installation.place, service->effective_image()))
                places.push_back(*place);
    installation.beyond_reach = beyond_reach(disks, places);
}

/// Runs one part of an inspection; its failure becomes a line and leaves the rest alone.
template <typename Part>
void attempt(std::vector<std::string>& problems, Part&& part) {
    try {
        part();
    } catch (const Error& error) {
        problems.emplace_back(error.what());
    }
}

Installation read_installation(DiskSet& disks, const BootFacts& boot, const Candidate& candidate,
                               Hives& hives, const InspectOptions& options) {
    Installation one;
    one.place = candidate.place;
    one.found_by = candidate.found_by;
    one.hives = hives.facts;
    const registry::Hive* system = hives.system ? &*hives.system : nullptr;
    const registry::Hive* software = hives.software ? &*hives.software : nullptr;
    auto& problems = one.problems;
    for (const HiveFacts& hive : hives.facts)
        if (!hive.problem.empty())
            problems.push_back(hive.name + ": " + hive.problem);
    if (system != nullptr)
        attempt(problems, [&] { one.control_sets = read_control_sets(*system); });
    const std::string& set = one.control_sets.active;
    attempt(problems, [&] { one.product = read_product(hives, set); });
    attempt(problems, [&] {
        if (const auto log = read_if_there(*disks.files(one.place.volume),
                                           one.place.below("repair\\setup.log"), 4U << 20U))
            one.setup_log = parse_setup_log(*log);
    });
    const auto loaded = loaded_files(boot, one.place); // not bindings: clang 14 cannot capture those
    attempt(problems, [&] {
        one.kernel = identify_kernel(disks, one.place, one.setup_log, software, loaded.first, loaded.second);
    });
    if (system != nullptr) {
        attempt(problems, [&] { one.services = read_services(*system, set); });
        attempt(problems, [&] {
            one.group_order = system->strings(set + "\\Control\\ServiceGroupOrder", "List");
            one.profiles = read_hardware_profiles(*system, set);
        });
        attempt(problems, [&] {
            one.boot_order = load_order(*system, set, one.services, start_boot);
            one.system_order = load_order(*system, set, one.services, start_system);
        });
        attempt(problems, [&] { one.network = read_network(*system, software, set, one.services); });
        attempt(problems, [&] {
            one.peripherals = read_peripherals(disks, one.place, *system, software, set, one.services);
        });
        attempt(problems, [&] {
            one.disk_key = system->value("DISK", "Information").has_value();
            one.cdrom_letter = text::printable(system->string("DISK", "\\device\\CdRom0").value_or(""), 8);
        });
    }
    read_drivers(disks, one, *options.vendors);
    for (const char* name : boot_chain_files)
        one.files[name] =
            describe_file(disks, {one.place.volume, one.place.below(std::string("system32\\") + name)});
    find_beyond_reach(disks, boot, one, loaded);
    find_sources(disks, one, options.wanted_drivers);
    one.title = fmt::format("{} on {}", one.place.root, disks.volumes()[one.place.volume].title());
    return one;
}

void use_disk_key(DiskSet& disks, const registry::Hive* system, std::vector<std::string>& problems) {
    Bytes information;
    std::map<std::string, std::string> letters;
    if (system != nullptr)
        attempt(problems, [&] {
            if (const auto key = system->find("DISK"))
                for (const auto& [name, value] : key->values(registry::Key::typed_limit)) {
                    if (text::iequals(name, "Information"))
                        information = value.data;
                    else if (const auto letter = value.as_string())
                        letters[name] = *letter;
                }
        });
    disks.use_disk_key(information, letters);
}

} // namespace

Inspection inspect(DiskSet& disks, const InspectOptions& given) {
    InspectOptions options = given;
    if (!options.vendors)
        options.vendors = load_vendor_table();
    Inspection inspection;
    inspection.vendors = options.vendors;
    // Letters and sets come from the SYSTEM hive of the installation that boots by default, which is found by
    // ARC path and needs no letter. A stripe cannot hold it.
    BootFacts boot = read_boot_files(disks);
    std::vector<Candidate> candidates = find_installations(disks, boot);
    std::optional<Hives> first_hives;
    if (!candidates.empty())
        first_hives = load_hives(disks, candidates.front().place);
    use_disk_key(disks, first_hives && first_hives->system ? &*first_hives->system : nullptr,
                 inspection.problems);
    for (const std::string& problem : disks.problems())
        inspection.problems.push_back(problem);
    // The boot files were read before letters were known.
    if (boot.volume && disks.volumes()[*boot.volume].letter != 0)
        for (FileFacts* file : {&boot.ntldr, &boot.ntdetect, &boot.ntbootdd})
            file->path = fmt::format("{}:{}", disks.volumes()[*boot.volume].letter, file->path);

    for (std::size_t i = 0; i < candidates.size(); ++i) {
        // One installation's hives at a time: a large server's take tens of megabytes.
        if (i > 0)
            first_hives = load_hives(disks, candidates[i].place);
        inspection.installations.push_back(
            read_installation(disks, boot, candidates[i], *first_hives, options));
        first_hives.reset();
    }
    for (const DiskFacts& disk : disks.disks())
        inspection.sources.push_back(disk.source);
    inspection.disks = disks.disks();
    inspection.volumes = disks.volumes();
    inspection.ft_sets = disks.ft_sets();
    inspection.ft_dirty_shutdown = disks.ft_dirty_shutdown();
    inspection.boot = std::move(boot);
    return inspection;
}

} // namespace ntferry::nt
