// A lookalike server in a bundle, planned and patched with the lookalike media.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/planner.hpp"
#include "converter/patch/transaction.hpp"
#include "tests/support/temp_dir.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ntferry::test {

class Scenario {
  public:
    /// @param agent the disk starts Linux with the guest agent (lookalike_linux_disk)
    explicit Scenario(const std::string& variant, bool agent = false);

    const patch::Workspace& workspace() const { return workspace_; }
    std::string path(const std::string& name) const { return dir_ / name; }
    /// Folders of the lookalike media: "cd", "sp6a".
    std::vector<std::string> media{"cd", "sp3", "sp5", "sp6a", "tse-cd", "tse-sp6"};
    std::string profile = "nt4";
    patch::Overrides overrides;

    /// Opened from the captures, or from what patching made of them.
    std::unique_ptr<patch::Subject> subject(bool patched = false) const;
    patch::Plan plan() const;
    /// Plans and applies.
    patch::ApplyResult patch() const;

  private:
    TempDir dir_;
    patch::Workspace workspace_;
};

/// Value of a DWORD that a plan sets; -1 when it does not.
long planned_dword(const patch::Plan& plan, const std::string& key, const std::string& name);
/// The value that a plan sets, as text; "" when it does not.
std::string planned_text(const patch::Plan& plan, const std::string& key, const std::string& name);
const patch::WriteFile* planned_file(const patch::Plan& plan, const std::string& path);
bool has_note(const patch::Plan& plan, const std::string& part);

} // namespace ntferry::test
