// Whether the modules that an image imports from export what it wants, transitively, as the loader will see
// it. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/drivers/image_facts.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::patch {

/// Kernel modules by the name others import them by. Each file is read once.
class ModuleSet {
  public:
    /// Gives the content of a module, by lower-case name ("scsiport.sys", "ntoskrnl.exe", "hal.dll"), or
    /// nothing.
    using Read = std::function<std::optional<Bytes>(const std::string& name)>;
    explicit ModuleSet(Read read) : read_(std::move(read)) {}

    /// What an image lacks: "SCSIPORT.SYS is missing", "HAL.dll does not export HalFoo", "...: its checksum
    /// is wrong"; also of what it imports, as "scsiport.sys needs ...". Empty when the loader is content.
    std::vector<std::string> unresolved(const ImageFacts& image);

  private:
    struct Module {
        bool present = false;
        std::string problem;
        std::set<std::string> names;
        std::set<std::uint32_t> ordinals;
        std::vector<nt::pe::ImportedModule> imports;
    };
    const Module& module(const std::string& name);
    void collect(const std::vector<nt::pe::ImportedModule>& imports, const std::string& importer,
                 std::set<std::string>& visited, std::vector<std::string>& lines);

    Read read_;
    std::map<std::string, Module> modules_;
};

} // namespace ntferry::patch
