// RuleContext: what a rule may look at, and how it adds to the plan.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/services.hpp"
#include "converter/patch/drivers/driver_source.hpp"
#include "converter/patch/imports.hpp"
#include "converter/patch/overrides.hpp"
#include "converter/patch/plan.hpp"
#include "converter/patch/subject.hpp"
#include "profiles/profile.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntferry::patch {

/// Why an action is in the plan.
struct Because {
    std::string reason;
    std::string evidence;
};

/// Options of a file that the guest needs.
struct FileNeed {
    std::string name;   ///< on the media: "halmps.dll"
    std::string target; ///< on the disk: "\\WINNT\\system32\\halup.dll"
    std::string why;    ///< "the IDE disk needs its driver"
    bool essential = true;
    bool exact = false; ///< kernel and HAL: of exactly the installed service pack and edition
    std::optional<nt::pe::VersionNumber> version; ///< with exact
};

class RuleContext {
  public:
    RuleContext(Subject& subject, const profiles::Profile& profile, const DriverSource& drivers,
                const Overrides& overrides, const nt::VendorTable& vendors, Plan& plan);

    Subject& subject() { return subject_; }
    const profiles::Profile& profile() const { return profile_; }
    const DriverSource& drivers() const { return drivers_; }
    Plan& plan() { return plan_; }
    const std::vector<VendorRule>& vendor_rules() const { return overrides_.vendor_rules; }
    const nt::VendorTable& vendors() const { return vendors_; }

    /// The rule that actions belong to from now on.
    void begin(std::string rule) { rule_ = std::move(rule); }
    /// A setting: the administrator's, else the profile's, else this.
    std::string setting(const std::string& name, const std::string& otherwise) const;

    // The registry as it will be after the actions so far.
    std::optional<registry::Value> value(HiveId hive, const std::string& key, const std::string& name) const;
    std::optional<std::uint32_t> dword(const std::string& key, const std::string& name) const;
    std::vector<std::string> strings(const std::string& key, const std::string& name) const;
    std::optional<std::string> string(HiveId hive, const std::string& key, const std::string& name) const;
    bool has_key(HiveId hive, const std::string& key) const;
    /// Names of the subkeys that the disk has.
    std::vector<std::string> subkeys(HiveId hive, const std::string& key) const;

    /// Adds an action unless the value is so already.
    void set(HiveId hive, const std::string& id, const std::string& key, const std::string& name,
             const registry::Value& value, const Because& because);
    void set_dword(const std::string& id, const std::string& key, const std::string& name,
                   std::uint32_t number, const Because& because);
    void remove(HiveId hive, const std::string& id, const std::string& key, const std::string& name,
                const Because& because);

    /// Services of a control set, in the order of the hive.
    const std::vector<nt::Service>& services(unsigned set);
    std::optional<nt::Service> service(unsigned set, std::string_view name);
    /// "ControlSet001\\Services\\Atapi".
    static std::string service_key(unsigned set, std::string_view name);
    /// Start = 4 where it is lower. id is "<prefix>.<service>.start.<set>".
    void disable(unsigned set, const std::string& service, const Because& because);
    void set_start(unsigned set, const std::string& service, std::uint32_t start, const Because& because);

    /// A file that must be on the disk: nothing where a usable one is, else an action, else a missing file.
    /// True unless it is missing.
    bool need_file(const FileNeed& need);
    /// Content of a file as it will be: planned or on the disk.
    std::optional<Bytes> file(const VolumeRef& volume, const std::string& path);
    void write_file(const std::string& id, WriteFile file, const Because& because);
    void add(const std::string& id, Change change, const Because& because);

    /// Asks the administrator, once. Returns the choice, or nothing while it is open.
    std::optional<std::string> decide(const std::string& id, const std::string& question,
                                      const std::string& evidence, const std::vector<Choice>& choices);
    void note(const std::string& text);
    void not_done(const std::string& text);

    /// Kernel modules as they will be, with the kernel and HAL that the first boot.ini line loads.
    ModuleSet modules();
    /// Names in system32 that the first boot.ini line loads; the HAL rule changes them.
    std::string kernel_file = "ntoskrnl.exe";
    std::string hal_file = "hal.dll";

  private:
    Subject& subject_;
    const profiles::Profile& profile_;
    const DriverSource& drivers_;
    const Overrides& overrides_;
    const nt::VendorTable& vendors_;
    Plan& plan_;
    std::string rule_;
    std::set<std::string> ids_;
    /// Planned values by hive, lower-case key and name; nothing: deleted.
    std::map<std::pair<HiveId, std::string>, std::optional<registry::Value>> planned_;
    std::set<std::pair<HiveId, std::string>> planned_keys_;
    std::map<std::string, std::size_t> planned_files_; ///< lower-case volume and path -> action
    std::map<unsigned, std::vector<nt::Service>> services_;
};

} // namespace ntferry::patch
