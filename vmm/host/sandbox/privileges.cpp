// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "vmm/host/sandbox/walls.hpp"

#include <fmt/format.h>

#include <cerrno>
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
    return identity;
}

Measure drop_root(const Identity& identity) {
    Measure measure{"not root", true, {}};
    if (geteuid() != 0)
        return measure;
    if (identity.user == 0) {
        measure.applied = false;
        measure.detail = "the machine belongs to root; name a user with --run-as";
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
