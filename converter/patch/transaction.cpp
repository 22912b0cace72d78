// A plan carried out on overlays, all or nothing; and its undoing.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/transaction.hpp"

#include "converter/block/vhd/vhd.hpp"
#include "converter/patch/applier.hpp"
#include "converter/patch/durable.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <set>

namespace ntferry::patch {
namespace {

namespace fs = std::filesystem;

/// Disks that a plan writes to.
std::set<unsigned> written_disks(const Plan& plan) {
    std::set<unsigned> disks;
    for (const Action& action : plan.actions) {
        if (std::holds_alternative<SetValue>(action.change) ||
            std::holds_alternative<DeleteValue>(action.change))
            disks.insert(plan.system.volume.disk);
        else if (const auto* file = std::get_if<WriteFile>(&action.change))
            disks.insert(file->volume.disk);
        else if (const auto* copied = std::get_if<CopyFile>(&action.change))
            disks.insert(copied->volume.disk);
        else if (const auto* renamed = std::get_if<RenameFile>(&action.change))
            disks.insert(renamed->volume.disk);
        else if (const auto* bytes = std::get_if<SetBytes>(&action.change))
            disks.insert(bytes->disk);
    }
    return disks;
}

/// Removes the unfinished overlays unless told that they are finished.
class FreshFiles {
  public:
    explicit FreshFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}
    FreshFiles(const FreshFiles&) = delete;
    FreshFiles& operator=(const FreshFiles&) = delete;
    ~FreshFiles() {
        std::error_code ignored;
        for (const std::string& path : paths_)
            fs::remove(path, ignored);
    }
    void keep() { paths_.clear(); }

  private:
    std::vector<std::string> paths_;
};

std::vector<block::SharedBlockDevice> open_all(const Workspace& workspace, const std::set<unsigned>& fresh,
                                               block::Access access) {
    std::vector<block::SharedBlockDevice> disks;
    for (unsigned number = 0; number < workspace.disks.size(); ++number) {
        const WorkspaceDisk& paths = workspace.disks[number];
        block::OpenOptions options;
        if (fresh.contains(number)) {
            options.access = access;
            disks.emplace_back(block::open_disk(paths.fresh, options));
        } else {
            disks.emplace_back(block::open_disk(paths.base, options));
        }
    }
    return disks;
}

/// The administrator's answer to the planner's question about dirty volumes.
bool log_may_be_emptied(const Plan& plan) {
    for (const Decision& decision : plan.decisions)
        if (decision.id == "dirty" && decision.chosen == "empty-log")
            return true;
    return false;
}

void check_target(const Plan& plan, const Workspace& workspace, const std::set<unsigned>& disks) {
    require_applicable(plan);
    if (workspace.patched())
        throw Error(workspace.name, "is patched already", "run 'ntferry undo' first", ErrorKind::decision);
    for (const unsigned disk : disks)
        if (disk >= workspace.disks.size())
            throw Error(workspace.name, fmt::format("the plan changes disk {}, which is not there", disk),
                        "make the plan again");
}

} // namespace

ApplyResult apply(const Plan& plan, const Workspace& workspace, const ApplyOptions& options,
                  Progress& progress) {
    const auto step = [&](std::string_view name) {
        if (options.stop.stop_requested())
            throw Interrupted(workspace.name, "nothing was changed");
        if (options.at_step)
            options.at_step(name);
    };
    const std::set<unsigned> disks = written_disks(plan);
    check_target(plan, workspace, disks);
    clean_up(workspace);
    for (const unsigned disk : disks)
        if (std::error_code error; fs::exists(workspace.disks[disk].overlay, error))
            throw Error(workspace.disks[disk].overlay, "is in the way: it is not an overlay of this capture",
                        "move it away (nothing was changed)");

    const bool allow_dirty = options.allow_dirty || log_may_be_emptied(plan);
    ApplyResult result;
    result.changes = plan.actions.size();
    Plan applied_plan = plan;
    std::vector<std::string> fresh_paths;
    for (const unsigned disk : disks)
        fresh_paths.push_back(workspace.disks[disk].fresh);
    FreshFiles fresh(fresh_paths);

    progress.phase("patch", 0);
    for (const unsigned disk : disks) {
        step(fmt::format("create overlay {}", disk));
        block::vhd::create_differencing(workspace.disks[disk].fresh, workspace.disks[disk].base)->flush();
    }
    Applied applied;
    {
        step("open overlays");
        Volumes volumes(open_all(workspace, disks, block::Access::read_write),
                        {.writable = true, .allow_dirty = allow_dirty, .reset_log = allow_dirty});
        applied = apply_changes(plan, volumes, step);
    }
    result.warnings = applied.warnings;
    progress.done();

    progress.phase("verify", 0);
    step("verify");
    {
        Volumes before(open_all(workspace, {}, block::Access::read_only), {});
        Volumes after(open_all(workspace, disks, block::Access::read_only), {});
        result.verified = verify_changes(plan, applied, before, after);
    }
    for (const unsigned disk : disks) {
        const auto [size, digest] = durable::hash_pages(workspace.disks[disk].fresh);
        applied_plan.overlays.push_back({disk, size, digest});
    }
    progress.done();

    for (const unsigned disk : disks) {
        step(fmt::format("name overlay {}", disk));
        durable::replace(workspace.disks[disk].fresh, workspace.disks[disk].overlay);
        result.overlays.push_back(workspace.disks[disk].overlay);
    }
    fresh.keep();
    step("write plan.json");
    durable::write(workspace.plan_json, plan_json(applied_plan));
    step("commit");
    durable::write(workspace.plan_xml, plan_xml(applied_plan));
    return result;
}

bool undo(const Workspace& workspace, const UndoOptions& options) {
    if (!workspace.patched()) {
        clean_up(workspace);
        return false;
    }
    if (!options.lose_changes) {
        const Plan plan = parse_plan(durable::read_text(workspace.plan_xml), workspace.plan_xml);
        for (const OverlayRecord& record : plan.overlays) {
            const std::string path = workspace.disks.at(record.disk).overlay;
            const auto [size, digest] = durable::hash_pages(path);
            if (size != record.size || digest != record.sha256)
                throw Error(path,
                            "is not as the record of the patch says: the machine has run from it, or another "
                            "version of NTFerry patched it and recorded it otherwise",
                            "what the machine may have written since would be lost: repeat with --yes if "
                            "that is wanted",
                            ErrorKind::decision);
        }
    }
    durable::remove(workspace.plan_xml); // from here on the machine is unpatched
    clean_up(workspace);
    return true;
}

namespace {

/// True when a file is an overlay of ours: a differencing VHD on this capture. Anything else is somebody's.
bool is_our_overlay(const WorkspaceDisk& disk) {
    std::error_code error;
    if (!fs::exists(disk.overlay, error))
        return false;
    try {
        const auto files = block::vhd::chain(disk.overlay);
        return files.size() > 1 && fs::equivalent(files[1], disk.base, error);
    } catch (const Error&) {
        return false;
    }
}

} // namespace

std::vector<std::string> clean_up(const Workspace& workspace) {
    std::vector<std::string> removed;
    const auto drop = [&](const std::string& path) {
        if (durable::remove(path))
            removed.push_back(path);
    };
    for (const WorkspaceDisk& disk : workspace.disks) {
        drop(disk.fresh);
        if (!workspace.patched() && is_our_overlay(disk))
            drop(disk.overlay);
    }
    if (!workspace.patched())
        drop(workspace.plan_json);
    return removed;
}

} // namespace ntferry::patch
