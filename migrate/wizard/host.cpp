// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/host.hpp"

#include "converter/base/error.hpp"
#include "converter/base/text.hpp"
#include "converter/block/busy.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/statvfs.h>
#include <unistd.h>

namespace ntferry::wizard {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_entries = 10000;

/// The first line of a file of sysfs, trimmed; empty when there is none.
std::string line_of(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return text::printable(text::trim(line), 80);
}

/// Kernel names (Documentation/admin-guide/devices.txt) of what is no disk of a server.
bool is_no_disk(const std::string& name) {
    static constexpr std::array prefixes = {"loop", "ram", "zram", "sr", "fd", "dm-", "mtdblock"};
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const char* prefix) { return name.starts_with(prefix); });
}

/// The nearest folder above a path that is there.
fs::path existing_parent(fs::path path) {
    std::error_code ignored;
    path = fs::absolute(path, ignored).lexically_normal();
    while (!path.empty() && path != path.root_path() && !fs::exists(path, ignored))
        path = path.parent_path();
    return path;
}

} // namespace

std::vector<HostDisk> LocalHost::disks() const {
    std::vector<HostDisk> disks;
    std::error_code error;
    for (fs::directory_iterator at(root_ + "/sys/block", error), end; !error && at != end;
         at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (is_no_disk(name))
            continue;
        HostDisk disk;
        // The size is in sectors of 512 bytes, whatever the disk's own are.
        disk.bytes = std::strtoull(line_of(at->path() / "size").c_str(), nullptr, 10) * 512;
        if (disk.bytes == 0)
            continue;
        disk.path = "/dev/" + name;
        const std::string vendor = line_of(at->path() / "device/vendor");
        disk.model = line_of(at->path() / "device/model");
        // "ATA" and PCI numbers say nothing to a person.
        if (!vendor.empty() && vendor != "ATA" && !vendor.starts_with("0x"))
            disk.model = vendor + (disk.model.empty() ? "" : " " + disk.model);
        disk.removable = line_of(at->path() / "removable") == "1";
        std::error_code ignored;
        for (fs::directory_iterator part(at->path(), ignored), none; !ignored && part != none;
             part.increment(ignored))
            if (fs::exists(part->path() / "partition", ignored))
                ++disk.partitions;
        if (root_.empty())
            disk.busy = block::why_busy(disk.path).value_or("");
        disks.push_back(std::move(disk));
    }
    std::sort(disks.begin(), disks.end(),
              [](const HostDisk& a, const HostDisk& b) { return a.path < b.path; });
    return disks;
}

std::vector<HostFile> LocalHost::list(const std::string& folder) const {
    std::error_code error;
    std::vector<HostFile> files;
    fs::directory_iterator at(folder, error);
    if (error)
        throw SystemError(folder, "open", error.value());
    for (const fs::directory_iterator end; at != end && files.size() < most_entries; at.increment(error)) {
        if (error)
            throw SystemError(folder, "read", error.value());
        HostFile file{at->path().filename().string(), false, 0};
        if (file.name.starts_with('.'))
            continue;
        std::error_code unknown;
        file.folder = at->is_directory(unknown);
        if (!file.folder && at->is_regular_file(unknown))
            file.bytes = at->file_size(unknown);
        else if (!file.folder)
            continue; // devices have a page of their own; sockets and pipes are no disks
        files.push_back(std::move(file));
    }
    std::sort(files.begin(), files.end(), [](const HostFile& a, const HostFile& b) {
        return a.folder != b.folder ? a.folder : a.name < b.name;
    });
    return files;
}

std::string LocalHost::start_folder() const {
    std::error_code error;
    const fs::path here = fs::current_path(error);
    return error ? std::string("/") : here.string();
}

bool LocalHost::is_folder(const std::string& path) const {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

bool LocalHost::exists(const std::string& path) const {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

TargetState LocalHost::target(const std::string& bundle) const {
    std::error_code error;
    const fs::file_status status = fs::status(bundle, error);
    if (status.type() == fs::file_type::not_found) {
        const fs::path parent = existing_parent(bundle);
        return fs::is_directory(parent, error) && ::access(parent.c_str(), W_OK | X_OK) == 0
                   ? TargetState::free
                   : TargetState::no_folder;
    }
    if (!fs::is_directory(status))
        return TargetState::occupied;
    if (fs::exists(fs::path(bundle) / "state/convert.json", error))
        return TargetState::begun;
    if (!fs::is_empty(bundle, error) || error)
        return TargetState::occupied;
    return ::access(bundle.c_str(), W_OK | X_OK) == 0 ? TargetState::free : TargetState::no_folder;
}

std::optional<std::uint64_t> LocalHost::free_bytes(const std::string& path) const {
    struct statvfs facts {};
    if (::statvfs(existing_parent(path).c_str(), &facts) != 0)
        return std::nullopt;
    return std::uint64_t{facts.f_bavail} * facts.f_frsize;
}

} // namespace ntferry::wizard
