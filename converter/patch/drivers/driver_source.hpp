// DriverSource: finds the right copy of a driver or system file on all media given.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/drivers/image_facts.hpp"
#include "converter/patch/drivers/medium.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::patch {

/// One unpacked copy of a file.
struct DriverCopy {
    std::string name;   ///< as asked for: "atapi.sys"
    std::string origin; ///< "service pack /media/sp6: ATAPI.SYS"
    MediumKind kind = MediumKind::other;
    std::optional<unsigned> service_pack;
    bool terminal_server = false;
    Bytes content;
    ImageFacts facts;
};

/// What a copy has to fit.
struct DriverNeed {
    std::optional<unsigned> service_pack; ///< installed one
    bool terminal_server = false;
    /// Kernel and HAL: service pack and edition must be the installed ones, the version too when given, and
    /// the file must be the wanted one by its own original name (NT installs every HAL as hal.dll).
    bool exact = false;
    std::optional<nt::pe::VersionNumber> version;
    /// Major and minor version of the system, "4.0": images that say another one are unfit. Empty: any.
    std::string system_version;
};

struct FoundDriver {
    std::optional<DriverCopy> copy;
    std::vector<std::string> rejected; ///< copies that will not do: where and why, a line each
};

class DriverSource {
  public:
    void add(MediumPtr medium) { media_.push_back(std::move(medium)); }
    const std::vector<MediumPtr>& media() const { return media_; }

    /// The best copy: of the installed service pack first, then the newest older one, then the first release,
    /// then one of unknown age, then a newer one. Only native i386 images with a right checksum, but for
    /// names that do not end in .sys, .exe or .dll. Damaged and unfit copies are told.
    FoundDriver find(std::string_view name, const DriverNeed& need) const;

  private:
    /// Path of a file by its lower-case name, packed or not, on one medium.
    struct Index {
        std::multimap<std::string, std::string> paths;
    };
    const Index& index(std::size_t medium) const;

    std::vector<MediumPtr> media_;
    mutable std::map<std::size_t, Index> indices_;
};

/// Where a stock file of the system can be found, for people: "an NT 4.0 CD has it (\I386\AMDPCN.SY_); no
/// service pack does".
/// @param version of the system, "4.0", "3.51"; empty: 4.0
std::string where_to_find(std::string_view name, std::string_view version);

} // namespace ntferry::patch
