// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/busy.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace ntferry::block {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

/// Octal escapes of /proc/self/mountinfo: "\040" is a space.
std::string unescape(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            result += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

/// Where the device "major:minor" is mounted (proc(5): fields 3 and 5 of mountinfo).
std::optional<std::string> mounted_on(const std::string& number) {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields(line);
        std::string id;
        std::string parent;
        std::string device;
        std::string root;
        std::string where;
        fields >> id >> parent >> device >> root >> where;
        if (device == number)
            return unescape(where);
    }
    return std::nullopt;
}

bool swapped_on(const std::string& device) {
    std::ifstream swaps("/proc/swaps");
    for (std::string line; std::getline(swaps, line);)
        if (line.substr(0, line.find(' ')) == "/dev/" + device)
            return true;
    return false;
}

std::optional<std::string> use_of(const fs::path& sysfs) {
    if (const auto where = mounted_on(first_line(sysfs / "dev")))
        return "is mounted on " + *where;
    if (swapped_on(sysfs.filename().string()))
        return std::string("is used as swap space");
    std::error_code error;
    for (const auto& holder : fs::directory_iterator(sysfs / "holders", error))
        return "is held by " + holder.path().filename().string();
    return std::nullopt;
}

std::optional<std::string> use_of_device(const std::string& number) {
    std::error_code error;
    const fs::path sysfs = fs::canonical("/sys/dev/block/" + number, error);
    if (error) {
        if (const auto where = mounted_on(number))
            return "is mounted on " + *where;
        return std::nullopt;
    }
    if (auto why = use_of(sysfs))
        return why;
    for (const auto& entry : fs::directory_iterator(sysfs, error))
        if (fs::exists(entry.path() / "partition", error))
            if (const auto why = use_of(entry.path()))
                return "its partition " + entry.path().filename().string() + " " + *why;
    return std::nullopt;
}

/// The kernel lets one user claim a block device; a mount in another namespace is seen so too.
std::optional<std::string> held_exclusively(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC); // NOLINT
    if (fd < 0)
        return errno == EBUSY ? std::optional<std::string>("is in use") : std::nullopt;
    ::close(fd);
    return std::nullopt;
}

/// A loop device over this file or device counts with what is done with that device. mount(8) with an offset
/// puts one over a disk, so they stand on each other; the kernel allows no cycles, depth is for our peace.
std::optional<std::string> use_through_loop(const std::string& path, int depth = 4) {
    std::error_code error;
    const std::string real = fs::canonical(path, error).string();
    for (const auto& device : fs::directory_iterator("/sys/block", error)) {
        const std::string name = device.path().filename().string();
        if (!name.starts_with("loop") || first_line(device.path() / "loop/backing_file") != real)
            continue;
        if (const auto why = use_of_device(first_line(device.path() / "dev")))
            return "as " + name + " " + *why;
        if (depth > 0)
            if (auto why = use_through_loop("/dev/" + name, depth - 1))
                return why;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> why_busy(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0)
        return std::nullopt;
    if (S_ISBLK(status.st_mode)) {
        if (auto why = use_of_device(fmt::format("{}:{}", major(status.st_rdev), minor(status.st_rdev))))
            return why;
        if (auto why = use_through_loop(path))
            return why;
        return held_exclusively(path);
    }
    return use_through_loop(path);
}

} // namespace ntferry::block
