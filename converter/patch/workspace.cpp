// The layout of a bundle, as far as patching needs it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/workspace.hpp"

#include "converter/base/error.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace ntferry::patch {
namespace {

namespace fs = std::filesystem;

constexpr unsigned most_disks = 16;

} // namespace

bool Workspace::patched() const {
    std::error_code error;
    return fs::exists(plan_xml, error);
}

std::string Workspace::current(std::size_t disk) const {
    std::error_code error;
    const WorkspaceDisk& paths = disks.at(disk);
    return patched() && fs::exists(paths.overlay, error) ? paths.overlay : paths.base;
}

Workspace find_workspace(const std::string& path) {
    Workspace workspace;
    workspace.name = path;
    std::error_code error;
    if (!fs::exists(path, error))
        throw Error(path, "does not exist", "name a bundle folder or a VHD", ErrorKind::usage);
    const fs::path root(path);
    if (!fs::is_directory(root, error)) {
        const fs::path folder = root.parent_path();
        const std::string stem = root.stem().string();
        workspace.disks.push_back({path, (folder / (stem + ".patched.vhd")).string(),
                                   (folder / ("." + stem + ".patched.vhd.new")).string()});
        workspace.plan_xml = (folder / (stem + ".plan.xml")).string();
        workspace.plan_json = (folder / (stem + ".plan.json")).string();
        return workspace;
    }
    const fs::path disks = root / "disks";
    for (unsigned number = 0; number < most_disks; ++number) {
        const fs::path base = disks / fmt::format("disk{}.vhd", number);
        if (!fs::exists(base, error))
            break;
        workspace.disks.push_back({base.string(),
                                   (disks / fmt::format("disk{}.patched.vhd", number)).string(),
                                   (disks / fmt::format(".disk{}.patched.vhd.new", number)).string()});
    }
    if (workspace.disks.empty())
        throw Error(path, "holds no disks/disk0.vhd", "name a bundle folder or a VHD", ErrorKind::usage);
    workspace.plan_xml = (root / "plan.xml").string();
    workspace.plan_json = (root / "plan.json").string();
    return workspace;
}

} // namespace ntferry::patch
