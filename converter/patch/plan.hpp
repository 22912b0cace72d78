// Plan: everything that patching would do to a captured machine, computed without touching it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/action.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::patch {

struct Choice {
    std::string name; ///< what `--decide ID=NAME` takes
    std::string what; ///< what it means
};

/// Something that only the administrator can say. A plan with an open decision is not applied.
struct Decision {
    std::string id; ///< "hal"
    std::string question;
    std::string evidence;
    std::vector<Choice> choices; ///< empty: nothing but new input (a medium, another disk) helps
    std::string chosen;          ///< name of a choice; empty while open
};

/// A file that the guest needs and that no medium had.
struct MissingFile {
    std::string name; ///< "amdpcn.sys"
    std::string rule;
    std::string why;
    std::string where;                 ///< where it can be found
    std::vector<std::string> rejected; ///< copies that were found and why they will not do, a line each
    bool essential = true;             ///< false: the guest starts without it
};

/// Something to know that is not an action: what was left alone, what to do after the first boot.
struct Note {
    std::string rule;
    std::string text;
};

/// An overlay as apply() left it: tells later whether the machine has run from it since.
struct OverlayRecord {
    unsigned disk = 0;
    std::uint64_t size = 0; ///< bytes of the VHD file
    std::string sha256;     ///< durable::hash_pages()
};

struct Plan {
    std::string source; ///< what was looked at
    SystemPlace system;
    std::string profile;      ///< name
    std::string family;       ///< rule family of the profile: "nt4"
    std::string installation; ///< one line: product, service pack, name
    std::vector<Action> actions;
    std::vector<Action> left_out; ///< by the administrator
    std::vector<Decision> decisions;
    std::vector<MissingFile> missing;
    std::vector<Note> notes;             ///< what the rules want to say
    std::vector<OverlayRecord> overlays; ///< empty until applied
    std::vector<std::string> not_done;   ///< what this kind of guest did not get, in plain words

    std::vector<const Decision*> open_decisions() const;
    bool has_essential_missing() const;
    /// True when nothing stands between the plan and the disk.
    bool applicable() const;
    const Action* find(std::string_view id) const;
};

/// @throws Error (decision) naming what is open or missing, unless the plan is applicable
void require_applicable(const Plan& plan);

/// Schema: docs/plan.md. Contents of binary files are given by their SHA-256.
std::string plan_xml(const Plan& plan);
std::string plan_json(const Plan& plan);
/// For people: one action a line, with old and new values, then what is open.
std::string plan_text(const Plan& plan);

/// Reads what plan_xml() wrote. Contents of binary files stay empty.
/// @throws Error naming file, line and element
Plan parse_plan(const std::string& xml, const std::string& name_for_messages);

} // namespace ntferry::patch
