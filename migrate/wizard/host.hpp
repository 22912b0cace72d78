// Host: what the wizard has to know of this machine to offer something to choose. Only looks.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::wizard {

/// A disk of this machine.
struct HostDisk {
    std::string path;  ///< "/dev/sdb"
    std::string model; ///< "COMPAQ BD018734A4"; empty: unknown
    std::uint64_t bytes = 0;
    unsigned partitions = 0;
    bool removable = false;
    std::string busy; ///< why it must not be used: "its partition vda1 is mounted on /"; empty: free
};

struct HostFile {
    std::string name;
    bool folder = false;
    std::uint64_t bytes = 0;
};

/// What stands where a bundle is to be made.
enum class TargetState : unsigned char { free, begun, occupied, no_folder };

class Host {
  public:
    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    virtual ~Host() = default;

    /// Disks that can be a source, by name; not loop devices, CD drives, RAM disks.
    virtual std::vector<HostDisk> disks() const = 0;
    /// Folders first, then files, by name; hidden ones left out. @throws Error when it cannot be read
    virtual std::vector<HostFile> list(const std::string& folder) const = 0;
    /// Where a browser begins.
    virtual std::string start_folder() const = 0;
    virtual bool is_folder(const std::string& path) const = 0;
    virtual bool exists(const std::string& path) const = 0;
    /// no_folder: it cannot be made there.
    virtual TargetState target(const std::string& bundle) const = 0;
    /// Bytes that a file at this path could grow by; nothing when it is not known.
    virtual std::optional<std::uint64_t> free_bytes(const std::string& path) const = 0;
};

/// The machine that the program runs on.
class LocalHost final : public Host {
  public:
    /// @param root in front of /sys/block, for tests
    explicit LocalHost(std::string root = {}) : root_(std::move(root)) {}
    std::vector<HostDisk> disks() const override;
    std::vector<HostFile> list(const std::string& folder) const override;
    std::string start_folder() const override;
    bool is_folder(const std::string& path) const override;
    bool exists(const std::string& path) const override;
    TargetState target(const std::string& bundle) const override;
    std::optional<std::uint64_t> free_bytes(const std::string& path) const override;

  private:
    std::string root_;
};

} // namespace ntferry::wizard
