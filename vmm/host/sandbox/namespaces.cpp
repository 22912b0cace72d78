// SPDX-License-Identifier: GPL-3.0-or-later
//
// user_namespaces(7), mount_namespaces(7), pivot_root(2).
#include "vmm/host/sandbox/walls.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ntferry::vmm::sandbox {
namespace {

namespace fs = std::filesystem;

std::string error_text(int error) {
    return std::generic_category().message(error);
}

bool write_text(const char* path, const std::string& text) {
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    const bool done = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    close(file);
    return done;
}

/// Binds source at the same place below root. Missing sources are left out: the policy may name what this
/// host has not.
bool bind_path(const std::string& root, const std::string& source, bool writable) {
    struct stat info {};
    if (stat(source.c_str(), &info) != 0)
        return true;
    const std::string target = root + fs::absolute(source).lexically_normal().string();
    std::error_code error;
    if (S_ISDIR(info.st_mode)) {
        fs::create_directories(target, error);
    } else {
        fs::create_directories(fs::path(target).parent_path(), error);
        const int file = open(target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (file >= 0)
            close(file);
    }
    if (mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
        return false;
    const unsigned long flags =
        MS_BIND | MS_REMOUNT | MS_NOSUID | (writable ? 0UL : static_cast<unsigned long>(MS_RDONLY));
    // Flags the outer mount has locked must be repeated; without them the kernel refuses.
    return mount(nullptr, target.c_str(), nullptr, flags, nullptr) == 0 ||
           mount(nullptr, target.c_str(), nullptr, flags | MS_NODEV | MS_NOEXEC, nullptr) == 0 ||
           mount(nullptr, target.c_str(), nullptr, flags | MS_RELATIME, nullptr) == 0 || writable;
}

/// An empty tree with the policy's paths in it becomes the root.
Measure make_mount_tree(const Policy& policy) {
    Measure measure{"own files", false, {}};
    const std::string root = "/proc"; // exists everywhere; what is below is not needed while the tree is made
    const auto failed = [&](const char* step) {
        measure.detail = fmt::format("{}: {}", step, error_text(errno));
        umount2(root.c_str(), MNT_DETACH);
        return measure;
    };
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return failed("private mounts");
    if (mount("tmpfs", root.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") != 0)
        return failed("tmpfs");
    for (const char* device : {"/dev/null", "/dev/urandom"})
        if (!bind_path(root, device, true))
            return failed(device);
    bind_path(root, "/etc/localtime", false); // a clock in local time changes with the seasons
    for (const std::string& path : policy.readable)
        if (!bind_path(root, path, false))
            return failed(path.c_str());
    for (const std::string& path : policy.writable)
        if (!bind_path(root, path, true))
            return failed(path.c_str());
    // libslirp and the resolver look at these.
    if (policy.host_network)
        for (const char* path : {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl/certs",
                                 "/lib", "/lib64", "/usr/lib"})
            bind_path(root, path, false);
    const std::string proc = root + "/proc";
    mkdir(proc.c_str(), 0755);
    // Own PID namespace: an own /proc, which shows nobody else. Refused where the outer /proc is partly
    // covered.
    const bool has_proc = mount("proc", proc.c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
    if (chdir(root.c_str()) != 0 || syscall(SYS_pivot_root, ".", ".") != 0)
        return failed("pivot_root");
    if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        return failed("the old root");
    measure.applied = true;
    if (!has_proc)
        measure.detail = "without /proc";
    return measure;
}

} // namespace

Measure enter_user_namespace() {
    const uid_t user = geteuid();
    const gid_t group = getegid();
    if (unshare(CLONE_NEWUSER) != 0)
        return {"own users", false, error_text(errno)};
    // The same numbers inside: files keep their owners. setgroups has to be given up for gid_map.
    write_text("/proc/self/setgroups", "deny");
    const bool mapped = write_text("/proc/self/uid_map", fmt::format("{} {} 1", user, user)) &&
                        write_text("/proc/self/gid_map", fmt::format("{} {} 1", group, group));
    return {"own users", mapped, mapped ? "" : error_text(errno)};
}

std::vector<Measure> enter_namespaces(const Policy& policy) {
    std::error_code no_folder;
    const std::string paths_now = fs::current_path(no_folder).string();
    std::vector<Measure> measures;
    if (policy.host_network)
        measures.push_back({"own network", false, "the machine uses the host's"});
    else
        measures.push_back(unshare(CLONE_NEWNET) == 0 ? Measure{"own network", true, "empty"}
                                                      : Measure{"own network", false, error_text(errno)});
    if (unshare(CLONE_NEWIPC | CLONE_NEWUTS) != 0)
        measures.push_back({"own IPC", false, error_text(errno)});
    if (unshare(CLONE_NEWNS) != 0) {
        measures.push_back({"own files", false, error_text(errno)});
    } else {
        // Folders on the way are for the user the machine becomes, too, whatever the umask it was started
        // with.
        const mode_t before = umask(S_IWGRP | S_IWOTH);
        measures.push_back(make_mount_tree(policy));
        umask(before);
    }
    // Relative paths on the command line go on to mean what they meant, where that is inside.
    [[maybe_unused]] const int changed = chdir(paths_now.c_str());
    return measures;
}

} // namespace ntferry::vmm::sandbox
