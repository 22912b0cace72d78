// SPDX-License-Identifier: GPL-3.0-or-later
//
// Linux Documentation/userspace-api/landlock.rst.
#include "vmm/host/sandbox/walls.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ntferry::vmm::sandbox {
namespace {

constexpr std::uint64_t read_file = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t read_tree = read_file | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t write_file = LANDLOCK_ACCESS_FS_WRITE_FILE;
constexpr std::uint64_t write_tree = write_file | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK;
constexpr std::uint64_t every_right_of_abi_1 = read_tree | write_tree | LANDLOCK_ACCESS_FS_EXECUTE |
                                               LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                               LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t refer = 1U << 13U;    // ABI 2: moving files between folders
constexpr std::uint64_t truncate = 1U << 14U; // ABI 3

class Ruleset {
  public:
    explicit Ruleset(std::uint64_t handled) : handled_(handled) {
        landlock_ruleset_attr attributes{};
        attributes.handled_access_fs = handled;
        // Only the first field: newer kernels take the shorter structure.
        descriptor_ = static_cast<int>(
            syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0));
    }
    ~Ruleset() {
        if (descriptor_ >= 0)
            close(descriptor_);
    }
    Ruleset(const Ruleset&) = delete;
    Ruleset& operator=(const Ruleset&) = delete;
    bool valid() const { return descriptor_ >= 0; }
    void allow(const std::string& path, std::uint64_t rights) {
        const int parent = open(path.c_str(), O_PATH | O_CLOEXEC);
        if (parent < 0)
            return; // what is not there needs no right
        struct stat info {};
        if (fstat(parent, &info) == 0 && !S_ISDIR(info.st_mode))
            rights &= read_file | write_file | truncate; // rights of folders are refused for files
        landlock_path_beneath_attr rule{};
        rule.parent_fd = parent;
        rule.allowed_access = rights & handled_;
        syscall(SYS_landlock_add_rule, descriptor_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        close(parent);
    }
    bool enforce() const {
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
               syscall(SYS_landlock_restrict_self, descriptor_, 0) == 0;
    }

  private:
    std::uint64_t handled_;
    int descriptor_ = -1;
};

} // namespace

Measure restrict_files(const Policy& policy) {
    Measure measure{"landlock", false, {}};
    const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) {
        measure.detail = "the kernel has none";
        return measure;
    }
    std::uint64_t handled = every_right_of_abi_1;
    if (abi >= 2)
        handled |= refer;
    if (abi >= 3)
        handled |= truncate;
    Ruleset rules(handled);
    if (!rules.valid()) {
        measure.detail = std::generic_category().message(errno);
        return measure;
    }
    for (const std::string& path : policy.readable)
        rules.allow(path, read_tree);
    for (const std::string& path : policy.writable)
        rules.allow(path, read_tree | write_tree | refer | truncate);
    rules.allow("/dev/null", read_file | write_file);
    rules.allow("/dev/urandom", read_file);
    rules.allow("/etc/localtime", read_file);
    rules.allow("/proc/self", read_tree);
    if (policy.host_network)
        for (const char* path : {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl/certs",
                                 "/lib", "/lib64", "/usr/lib"})
            rules.allow(path, read_tree);
    measure.applied = rules.enforce();
    measure.detail = measure.applied ? fmt::format("ABI {}", abi) : std::generic_category().message(errno);
    return measure;
}

} // namespace ntferry::vmm::sandbox
