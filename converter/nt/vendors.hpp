// What is known about services and drivers by their names: vendor rules, data in XML files.
//
// NTFerry comes with one file per vendor (converter/nt/data/vendors, installed to share/ntferry/vendors);
// an administrator adds folders of own files. Schema: vendor-rules.xsd, docs/plan.md.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/services.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::profiles {
class XmlFile;
}

namespace ntferry::nt {

enum class VendorClass : std::uint8_t {
    stock_storage, ///< a SCSI or disk driver that NT 4.0 came with
    oem_storage,
    stock_video,
    agent, ///< management of hardware that will be gone
    ups,
    filter, ///< sits in the path to files or disks: backup, antivirus, open files
    remote_control,
    dongle,
    network_team,
    database,
    mail,
    web,
    directory, ///< DNS, WINS, DHCP, licensing: others depend on it
    cluster,
};
const char* vendor_class_name(VendorClass kind);

/// What patching does with a service.
enum class VendorAction : std::uint8_t { keep, report, manual, disable };
/// Nothing for a word that is none of keep, report, manual, disable.
std::optional<VendorAction> vendor_action(std::string_view word);

struct VendorEntry {
    std::string pattern; ///< of service names, '*' and '?' allowed
    VendorClass kind = VendorClass::agent;
    std::string product;
    std::string note;                   ///< what to know; may be empty
    std::optional<VendorAction> action; ///< nothing: the class decides
    std::string vendor;                 ///< as its file says
    std::string origin;                 ///< "compaq.xml"
};

/// A folder of a maker's own programs.
struct VendorFolder {
    std::string part; ///< of an image path, lower case: "\\compaq\\"
    std::string vendor;
};

/// Rules in layers: those of an earlier layer win over those of a later one. Within a layer an exact name
/// wins over a pattern, and a pattern with more letters over one with fewer; then the order of the files.
class VendorTable {
  public:
    /// One file as a layer of its own, below those that are there.
    /// @throws Error naming file, line, element and what is allowed
    void add(const std::string& xml, const std::string& name_for_messages);
    /// Every *.xml of a folder, by name, as one layer.
    void add_folder(const std::string& folder);

    /// Valid as long as the table.
    const VendorEntry* find(std::string_view service_name) const;
    const VendorEntry* find(const Service& service) const { return find(service.name); }
    /// The folder that an image path names, or nullptr.
    const VendorFolder* find_folder(std::string_view image_path) const;
    std::size_t size() const;

  private:
    void add_to_last(const profiles::XmlFile& file);

    std::vector<std::vector<VendorEntry>> layers_;
    std::vector<VendorFolder> folders_;
};

using SharedVendorTable = std::shared_ptr<const VendorTable>;

/// First the folders given, then those of $NTFERRY_VENDORS (':' between them), /etc/ntferry/vendors when it
/// is there, and the rules that NTFerry comes with.
/// @throws Error for a folder that is given and not there, for a file that is not valid, and when NTFerry's
/// own rules are not found
SharedVendorTable load_vendor_table(const std::vector<std::string>& own_folders = {});

} // namespace ntferry::nt
