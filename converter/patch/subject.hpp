// Subject: the captured machine as rules and checks see it, opened from its disks.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/boot_ini.hpp"
#include "converter/nt/pe/version.hpp"
#include "converter/patch/hive_files.hpp"
#include "converter/patch/volumes.hpp"
#include "converter/registry/hive.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::patch {

struct Product {
    std::string version;                  ///< "4.0"
    std::string build;                    ///< "1381"
    std::optional<unsigned> service_pack; ///< nothing when the registry does not say
    bool terminal_server = false;
    std::string type; ///< "WinNT", "ServerNT", "LanmanNT"
    std::string computer_name;
    std::string title() const; ///< "Windows NT Server 4.0, service pack 6"
};

/// Opened read-only; keeps its disks, mounts and hives. Not thread-safe.
class Subject {
  public:
    /// Never throws for what a disk lacks: problem() says how far it came.
    /// @throws block::ReadError for a medium that cannot be read
    Subject(std::vector<block::SharedBlockDevice> disks, std::string name);

    const std::string& name() const { return name_; }
    Volumes& volumes() { return volumes_; }

    /// Why no NT system was found; empty when one was.
    const std::string& problem() const { return problem_; }
    bool has_nt() const { return problem_.empty(); }

    /// The volume that the MBR boots: NTLDR, boot.ini. Needs has_system_volume().
    bool has_system_volume() const { return system_volume_.has_value(); }
    VolumeRef system_volume() const { return system_volume_.value(); }
    volume::FileSystem& system_files() { return volumes_.files(system_volume()); }
    /// boot.ini of the system volume as it stands; nothing when there is none.
    const std::optional<Bytes>& boot_ini_bytes() const { return boot_ini_bytes_; }
    const nt::BootIni& boot_ini() const { return boot_ini_; }

    /// The folder of a system was found, whether its registry can be read or not.
    bool has_place() const { return placed_; }
    /// Where the system that boots by default lies. Needs has_place(); the rest needs has_nt().
    const SystemPlace& system() const { return system_; }
    volume::FileSystem& files() { return volumes_.files(system_.volume); }
    /// "drivers\\atapi.sys" -> "\\WINNT\\system32\\drivers\\atapi.sys".
    std::string system32(std::string_view rest) const;

    const registry::Hive& hive(HiveId id) const;
    const registry::RecoveryReport& recovery(HiveId id) const;
    /// Control sets that can be booted: Current, Default, LastKnownGood, Failed; ascending.
    const std::vector<unsigned>& control_sets() const { return control_sets_; }
    /// The set of Select\\Current.
    unsigned current_set() const { return current_set_; }
    /// "ControlSet001".
    static std::string control_set_key(unsigned set);
    const Product& product() const { return product_; }

    /// Volumes on which system_volume() and system() lie are FAT or NTFS volumes marked dirty.
    std::vector<std::string> dirty_volumes();

  private:
    void find_system_volume();
    void find_system();
    bool holds_system(const VolumeRef& ref, const std::string& root);
    void load_registry();
    void read_product();

    std::string name_;
    Volumes volumes_;
    std::string problem_;
    bool placed_ = false;
    std::optional<VolumeRef> system_volume_;
    std::optional<Bytes> boot_ini_bytes_;
    nt::BootIni boot_ini_;
    SystemPlace system_;
    std::map<HiveId, std::pair<registry::RecoveryReport, std::unique_ptr<registry::Hive>>> hives_;
    std::vector<unsigned> control_sets_;
    unsigned current_set_ = 1;
    Product product_;
};

} // namespace ntferry::patch
