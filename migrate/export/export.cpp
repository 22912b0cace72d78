// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/export/export.hpp"

#include "converter/base/error.hpp"
#include "converter/block/open.hpp"
#include "converter/patch/durable.hpp"
#include "migrate/export/definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace ntferry::exports {
namespace {

namespace fs = std::filesystem;

/// The folder while it is made; goes away unless it was finished.
class Workplace {
  public:
    explicit Workplace(const std::string& folder) : final_(fs::absolute(folder).lexically_normal()) {
        if (!final_.has_filename())
            final_ = final_.parent_path();
        std::error_code error;
        if (fs::exists(final_, error) && !(fs::is_directory(final_, error) && fs::is_empty(final_, error)))
            throw Error(final_.string(), "is there already and not empty", "name a new folder",
                        ErrorKind::usage);
        path_ = final_.parent_path() / ("." + final_.filename().string() + ".part");
        fs::remove_all(path_, error); // of an export that was killed
        fs::create_directories(path_, error);
        if (error)
            throw SystemError(path_.string(), "create", error.value());
    }
    ~Workplace() {
        std::error_code ignored;
        if (!path_.empty())
            fs::remove_all(path_, ignored);
    }
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;

    const fs::path& path() const { return path_; }
    const fs::path& final_path() const { return final_; }
    void finish() {
        std::error_code error;
        fs::remove(final_, error); // empty
        fs::rename(path_, final_, error);
        if (error)
            throw SystemError(final_.string(), "rename", error.value());
        path_.clear();
    }

  private:
    fs::path final_;
    fs::path path_;
};

DiskFormat format_for(const TargetTraits& target, const std::string& wanted) {
    if (wanted.empty())
        return target.formats.front();
    const DiskFormat format = disk_format(wanted);
    if (std::find(target.formats.begin(), target.formats.end(), format) != target.formats.end())
        return format;
    std::vector<std::string_view> allowed;
    for (const DiskFormat possible : target.formats)
        allowed.push_back(name_of(possible));
    throw Error("--format", fmt::format("{} does not take {}", target.title, wanted),
                fmt::format("allowed: {}", fmt::join(allowed, ", ")), ErrorKind::usage);
}

std::vector<DefinitionFile> definition_for(const TargetTraits& target, const ExportedMachine& machine) {
    switch (target.target) {
    case Target::qemu:
        return qemu_definition(machine);
    case Target::libvirt:
        return libvirt_definition(machine);
    case Target::proxmox:
        return proxmox_definition(machine);
    case Target::hyperv:
        return hyperv_definition(machine);
    case Target::vmware:
        break;
    }
    return machine.format == DiskFormat::vmdk_stream ? ovf_definition(machine) : vmware_definition(machine);
}

/// What does not come along, or has to be done in the guest.
std::vector<std::string> notes_for(const TargetTraits& target, const ExportedMachine& machine,
                                   const profiles::MachineDescription& original) {
    std::vector<std::string> notes;
    const std::vector<std::string> models = machine.nic_models();
    for (std::size_t i = 0; i < models.size(); ++i) {
        if (std::find(target.nics.begin(), target.nics.end(), models[i]) == target.nics.end())
            notes.push_back(
                fmt::format("network card {}: {} has no {}, which the guest has the driver of; convert "
                            "again with --setting nic={}, or add its driver in the guest",
                            i, target.title, models[i], target.nics.front()));
        else if (!target.keeps_slots)
            notes.push_back(
                fmt::format("network card {}: {} puts it in another PCI slot; remove and add the "
                            "adapter in the guest's Network control panel, addresses are in the report",
                            i, target.title));
    }
    if (!original.cdrom.empty())
        notes.push_back(fmt::format("the CD {} is not exported", original.cdrom));
    if (!original.floppy.empty())
        notes.push_back(fmt::format("the floppy {} is not exported", original.floppy));
    if (!original.parallel.empty())
        notes.push_back("LPT1 is not exported");
    if (target.target == Target::libvirt)
        notes.push_back("domain.xml names the disks by absolute paths: change them when the folder moves");
    for (const ExportedDisk& disk : machine.disks)
        for (const std::string& problem : disk.problems)
            notes.push_back(disk.file + ": " + problem);
    return notes;
}

profiles::MachineDescription load(const std::string& bundle) {
    const std::string path = (fs::path(bundle) / "machine.xml").string();
    if (!fs::exists(path))
        throw Error(bundle, "holds no machine.xml", "name a bundle that 'ntferry convert' has finished",
                    ErrorKind::usage);
    return profiles::load_machine(path);
}

} // namespace

ExportResult export_bundle(const ExportOptions& options, Progress& progress, const std::stop_token& stop) {
    const TargetTraits& target = find_target(options.target);
    const profiles::MachineDescription original = load(options.bundle);
    ExportedMachine machine;
    machine.machine = original;
    machine.format = format_for(target, options.format);
    machine.profile = profiles::find_profile(original.profile);
    for (const auto& [name, value] : original.overrides)
        profiles::apply_override(machine.profile, name, value);
    machine.machine.cdrom.clear();
    machine.machine.floppy.clear();
    machine.machine.parallel.clear();

    Workplace place(options.folder);
    machine.folder = place.final_path().string();
    for (std::size_t i = 0; i < original.disks.size(); ++i) {
        const std::string& path = original.disks[i].path;
        DiskOrder order;
        order.source = path.starts_with('/') ? path : (fs::path(options.bundle) / path).string();
        order.folder = place.path().string();
        order.number = static_cast<unsigned>(i);
        order.format = machine.format;
        order.far_ends = target.guesses_from_table;
        order.ignore_problems = options.ignore_problems;
        if (!target.keeps_geometry)
            order.geometry = bios_geometry(target, block::open_disk(order.source)->size());
        machine.disks.push_back(export_disk(order, progress, stop));
        machine.machine.disks[i].path = machine.disks.back().file;
    }
    ExportResult result;
    for (const DefinitionFile& file : definition_for(target, machine)) {
        const fs::path path = place.path() / file.name;
        patch::durable::write(path.string(), file.text);
        fs::permissions(path, fs::perms(file.program ? 0755 : 0644));
        result.files.push_back(file.name);
    }
    place.finish();
    result.folder = machine.folder;
    result.target = target.name;
    result.format = name_of(machine.format);
    result.notes = notes_for(target, machine, original);
    result.disks = std::move(machine.disks);
    return result;
}

boost::json::object to_json(const ExportResult& result) {
    boost::json::array disks;
    for (const ExportedDisk& disk : result.disks) {
        boost::json::object object{{"file", disk.file},
                                   {"size", disk.size},
                                   {"changes", boost::json::value_from(disk.changes)},
                                   {"problems", boost::json::value_from(disk.problems)}};
        if (disk.geometry)
            object["geometry"] = {{"heads", disk.geometry->heads}, {"sectors", disk.geometry->sectors}};
        disks.push_back(std::move(object));
    }
    return {{"folder", result.folder},
            {"target", result.target},
            {"format", result.format},
            {"disks", std::move(disks)},
            {"files", boost::json::value_from(result.files)},
            {"notes", boost::json::value_from(result.notes)}};
}

} // namespace ntferry::exports
