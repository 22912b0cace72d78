// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "vmm/host/sandbox/walls.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ntferry::vmm::sandbox {
namespace {

constexpr const char* SYSTEM_USER = "ntferry"; ///< of the Debian package
/// systemd.exec(5), DynamicUser=: numbers that no account may have.
constexpr uid_t FIRST_NUMBER = 61184;
constexpr uid_t LAST_NUMBER = 65519;

/// FNV-1a.
std::uint32_t hash_of(const std::string& text) {
    std::uint32_t hash = 0x811C9DC5;
    for (const char letter : text)
        hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x01000193U;
    return hash;
}

/// The system user's entry of /etc/passwd, where the package puts it. Asking every name service of the host
/// for a user that does not exist would load their libraries into root's process, and costs a twentieth of a
/// start.
bool look_up_system_user(Identity& identity) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/passwd", "re"), std::fclose);
    if (!file)
        return false;
    while (const passwd* entry = fgetpwent(file.get())) { // NOLINT(concurrency-mt-unsafe): one thread
        if (std::string_view(entry->pw_name) != SYSTEM_USER)
            continue;
        identity.user = entry->pw_uid;
        identity.group = entry->pw_gid;
        identity.name = SYSTEM_USER;
        return true;
    }
    return false;
}

/// For a machine of root's: root is what a guest that breaks out must not be.
Identity somebody_else(const Policy& policy) {
    Identity identity;
    identity.instead_of_root = true;
    if (look_up_system_user(identity))
        return identity;
    // Machines that share a number could reach each other, so each has its own.
    const std::string& whose = !policy.owner_of.empty()        ? policy.owner_of
                               : !policy.remove_at_end.empty() ? policy.remove_at_end.front()
                                                               : policy.owner_of;
    identity.user = FIRST_NUMBER + hash_of(whose) % (LAST_NUMBER - FIRST_NUMBER + 1);
    identity.group = identity.user;
    identity.name = fmt::format("{} (no account; there is no user {})", identity.user, SYSTEM_USER);
    return identity;
}

} // namespace

Policy policy_for(const Identity& identity, Policy policy) {
    std::erase_if(policy.readable, [&identity](const std::string& path) {
        struct stat info {};
        if (stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
            return false;
        const mode_t needed = info.st_uid == identity.user    ? S_IXUSR
                              : info.st_gid == identity.group ? S_IXGRP
                                                              : S_IXOTH;
        return (info.st_mode & needed) == 0;
    });
    return policy;
}

Identity find_identity(const Policy& policy) {
    Identity identity;
    const passwd* entry = nullptr;
    if (!policy.user.empty()) {
        entry = getpwnam(policy.user.c_str()); // NOLINT(concurrency-mt-unsafe): one thread by contract
        if (entry == nullptr)
            throw Error(policy.user, "there is no such user", "make it: useradd --system " + policy.user,
                        ErrorKind::usage);
    } else if (!policy.owner_of.empty() || !policy.writable.empty()) {
        const std::string& path = policy.owner_of.empty() ? policy.writable.front() : policy.owner_of;
        struct stat info {};
        if (stat(path.c_str(), &info) != 0)
            throw SystemError(path, "cannot look at", errno);
        entry = getpwuid(info.st_uid); // NOLINT(concurrency-mt-unsafe)
        identity.user = info.st_uid;
        identity.group = info.st_gid;
        identity.name = std::to_string(info.st_uid);
    }
    if (entry != nullptr) {
        identity.user = entry->pw_uid;
        identity.group = entry->pw_gid;
        identity.name = entry->pw_name;
        int count = 64;
        identity.groups.resize(static_cast<std::size_t>(count));
        if (getgrouplist(entry->pw_name, entry->pw_gid, identity.groups.data(), &count) < 0)
            count = 0;
        identity.groups.resize(static_cast<std::size_t>(count));
    }
    if (!policy.user.empty())
        return identity;
    if (identity.user == 0)
        return somebody_else(policy);
    // What root has handed over at an earlier start.
    identity.instead_of_root =
        identity.name == SYSTEM_USER ||
        (entry == nullptr && identity.user >= FIRST_NUMBER && identity.user <= LAST_NUMBER);
    return identity;
}

Measure drop_root(const Identity& identity) {
    Measure measure{"not root", true, {}};
    if (geteuid() != 0)
        return measure;
    if (identity.user == 0) {
        measure.applied = false;
        measure.detail = "--run-as names root";
        return measure;
    }
    if (setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
        setresgid(identity.group, identity.group, identity.group) != 0 ||
        setresuid(identity.user, identity.user, identity.user) != 0)
        throw SystemError(identity.name, "cannot become this user", errno);
    // Changing the user makes the process undumpable, and with that /proc/self belong to root.
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    measure.detail = "runs as " + identity.name;
    return measure;
}

void hand_over(const Policy& policy, const std::string& path) {
    if (geteuid() != 0)
        return;
    const Identity identity = find_identity(policy);
    if (chown(path.c_str(), identity.user, identity.group) != 0)
        throw SystemError(path, "cannot give it to " + identity.name, errno);
}

Measure drop_capabilities() {
    Measure measure{"no privileges", true, {}};
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
        prctl(PR_CAPBSET_DROP, capability, 0, 0,
              0); // refused without CAP_SETPCAP: then there is nothing to drop
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2] = {};
    if (syscall(SYS_capset, &header, none) != 0)
        throw SystemError("capabilities", "cannot give them up", errno);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        throw SystemError("no_new_privs", "cannot set it", errno);
    return measure;
}

Measure set_limits() {
    const rlimit none{0, 0};
    const rlimit files{1024, 1024};
    const bool done = setrlimit(RLIMIT_CORE, &none) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0;
    return {"limits", done, "no core dumps, 1024 descriptors"};
}

} // namespace ntferry::vmm::sandbox
