// The rules of a profile over what is on the disks.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/planner.hpp"

#include "converter/base/text.hpp"
#include "converter/patch/guest.hpp"
#include "converter/patch/hive_edit.hpp"
#include "converter/patch/hive_files.hpp"
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::patch {
namespace {

constexpr std::string_view current_set_prefix = "CurrentControlSet\\";

bool fits(const Rule& rule, const std::string& family) {
    for (const std::string_view known : text::split(rule.families, ' '))
        if (known == family)
            return true;
    return false;
}

class Planner {
  public:
    Planner(Subject& subject, const profiles::Profile& profile, const DriverSource& drivers,
            const Overrides& overrides)
        : subject_(subject), profile_(profile), overrides_(overrides), drivers_(drivers),
          vendors_(overrides.vendors ? overrides.vendors : nt::load_vendor_table()) {
        plan_.source = subject.name();
        plan_.profile = profile.name;
        plan_.family = profile.patch.family;
    }

    Plan run() {
        if (!subject_.has_nt())
            return carry();
        plan_.system = subject_.system();
        plan_.installation = fmt::format("{}, {}, {}", subject_.product().title(),
                                         subject_.product().computer_name, subject_.system().root);
        drivers_.add(installed_medium(subject_.files(), subject_.system().root,
                                      subject_.product().service_pack, subject_.product().terminal_server));
        RuleContext context(subject_, profile_, drivers_, overrides_, *vendors_, plan_);
        ask_about_family(context);
        ask_about_dirty_volumes(context);
        for (const Rule& rule : all_rules())
            run_rule(context, rule);
        context.begin("own");
        for (const Action& own : overrides_.own)
            add_own(context, own);
        leave_out();
        check_hive_size(context);
        return std::move(plan_);
    }

  private:
    /// Another system than Windows NT, or one that cannot be read: no rule fits, files and bytes can still be
    /// changed by the administrator's own actions.
    Plan carry() {
        const Guest guest = recognise_guest(subject_);
        plan_.family = "none";
        plan_.installation = guest.profile.empty() ? "no Windows NT system found" : guest.title;
        for (const Rule& rule : all_rules())
            plan_.not_done.push_back(fmt::format("{}: {} (no Windows NT)", rule.name, rule.what));
        plan_.not_done.erase(std::unique(plan_.not_done.begin(), plan_.not_done.end()), plan_.not_done.end());
        plan_.not_done.push_back(fmt::format("{}: {}", plan_.installation, subject_.problem()));
        if (overrides_.own.empty())
            return std::move(plan_);
        if (!subject_.has_system_volume())
            throw Error(plan_.source, "own actions need a partition to act on, and none is active",
                        subject_.problem(), ErrorKind::unsupported);
        plan_.system.volume = subject_.system_volume();
        RuleContext context(subject_, profile_, drivers_, overrides_, *vendors_, plan_);
        ask_about_dirty_volumes(context);
        context.begin("own");
        for (const Action& own : overrides_.own) {
            if (std::holds_alternative<SetValue>(own.change) ||
                std::holds_alternative<DeleteValue>(own.change))
                throw Error(describe(own.change), "there is no registry: no Windows NT system was found",
                            subject_.problem(), ErrorKind::unsupported);
            add_own(context, own);
        }
        leave_out();
        return std::move(plan_);
    }

    void ask_about_family(RuleContext& context) {
        const Guest guest = recognise_guest(subject_);
        if (profile_.patch.family == "none" || profile_.patch.family.empty() ||
            guest.family == profile_.patch.family)
            return;
        context.begin("plan");
        const auto choice = context.decide(
            "family",
            fmt::format("the rules of the profile {} are for another system than the one on the disk",
                        profile_.name),
            fmt::format("CurrentVersion is {}", subject_.product().version),
            {{"as-profile", "patch it by the profile's rules all the same"},
             {"own-only", "carry it: no rules, only own actions"}});
        if (choice == "own-only")
            plan_.family = "none";
    }

    /// The registry changes are tried in memory: what does not fit is said before anything is written.
    void check_hive_size(RuleContext& context) {
        if (!changes_hive(plan_, HiveId::system))
            return;
        LoadedHive loaded = load_hive(subject_.files(), subject_.system().root, HiveId::system);
        const std::size_t before = loaded.image.size();
        context.begin("plan");
        try {
            const std::size_t after = edit_hive(plan_, HiveId::system, std::move(loaded.image), {}).size();
            if (after != before)
                context.note(fmt::format("the SYSTEM hive grows from {} to {} bytes; NT 4.0 loads 11.5 MB",
                                         before, after));
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::decision)
                throw;
            context.decide("hive-size", error.problem(), error.remedy(), {});
        }
    }

    void ask_about_dirty_volumes(RuleContext& context) {
        const auto dirty = subject_.dirty_volumes();
        if (dirty.empty())
            return;
        context.begin("plan");
        context.decide(
            "dirty",
            fmt::format("a volume that would be written was not cleanly dismounted: {}", dirty.front()),
            "NT would replay its old log over the changes; with the log emptied autochk repairs the rest at "
            "the first start",
            {{"empty-log", "empty the NTFS log in the overlay and write; the capture keeps it"}});
    }

    void run_rule(RuleContext& context, const Rule& rule) {
        const std::string& family = plan_.family;
        const auto& wanted = profile_.patch.rules;
        const bool listed = std::find(wanted.begin(), wanted.end(), rule.name) != wanted.end();
        const bool off = context.setting(std::string(rule.name), "on") == "off";
        // A rule of the same name may fit where this one does not.
        const bool covered = std::any_of(all_rules().begin(), all_rules().end(), [&](const Rule& other) {
            return &other != &rule && other.name == rule.name && fits(other, family);
        });
        if (covered && !fits(rule, family))
            return;
        if (off || !fits(rule, family) || !(rule.always || listed)) {
            plan_.not_done.push_back(fmt::format("{}: {} ({})", rule.name, rule.what,
                                                 off                  ? "switched off by a setting"
                                                 : fits(rule, family) ? "the profile does not ask for it"
                                                                      : "no rule for this kind of system"));
            return;
        }
        context.begin(std::string(rule.name));
        rule.run(context);
    }

    /// Keys below CurrentControlSet mean every control set that can be booted.
    std::vector<std::string> real_keys(const std::string& key) const {
        if (!text::istarts_with(key, current_set_prefix))
            return {key};
        std::vector<std::string> keys;
        for (const unsigned set : subject_.control_sets())
            keys.push_back(Subject::control_set_key(set) + "\\" + key.substr(current_set_prefix.size()));
        return keys;
    }

    std::string expand_root(const std::string& path) const {
        constexpr std::string_view variable = "%SystemRoot%";
        if (text::istarts_with(path, variable) && !subject_.has_nt())
            throw Error(path, "there is no system folder: no Windows NT system was found",
                        "write the path from the root of the partition", ErrorKind::unsupported);
        return text::istarts_with(path, variable) ? subject_.system().root + path.substr(variable.size())
                                                  : path;
    }

    VolumeRef default_volume(const VolumeRef& ref) const {
        return ref.start == 0 ? plan_.system.volume : ref;
    }

    void add_own(RuleContext& context, const Action& own) {
        const Because because{own.reason, own.evidence};
        const std::string id = own.id.empty() ? fmt::format("own.{}", plan_.actions.size() + 1) : own.id;
        if (const auto* set = std::get_if<SetValue>(&own.change)) {
            for (const std::string& key : real_keys(set->key))
                context.set(set->hive, id, key, set->name, set->value, because);
        } else if (const auto* removed = std::get_if<DeleteValue>(&own.change)) {
            for (const std::string& key : real_keys(removed->key))
                context.remove(removed->hive, id, key, removed->name, because);
        } else if (const auto* file = std::get_if<WriteFile>(&own.change)) {
            WriteFile copy = *file;
            copy.volume = default_volume(file->volume);
            copy.path = expand_root(file->path);
            context.write_file(id, std::move(copy), because);
        } else if (const auto* copied = std::get_if<CopyFile>(&own.change)) {
            context.add(
                id,
                CopyFile{default_volume(copied->volume), expand_root(copied->from), expand_root(copied->to)},
                because);
        } else if (const auto* renamed = std::get_if<RenameFile>(&own.change)) {
            context.add(id,
                        RenameFile{default_volume(renamed->volume), expand_root(renamed->from),
                                   expand_root(renamed->to)},
                        because);
        } else {
            context.add(id, own.change, because);
        }
    }

    void leave_out() {
        for (const std::string& pattern : overrides_.leave_out) {
            std::vector<Action> kept;
            bool any = false;
            for (Action& action : plan_.actions) {
                const bool out = text::wildcard_match(pattern, action.id);
                any = any || out;
                (out ? plan_.left_out : kept).push_back(std::move(action));
            }
            plan_.actions = std::move(kept);
            const auto missing =
                std::remove_if(plan_.missing.begin(), plan_.missing.end(), [&](const MissingFile& file) {
                    return text::wildcard_match(pattern, fmt::format("{}.file.{}", file.rule, file.name));
                });
            any = any || missing != plan_.missing.end();
            plan_.missing.erase(missing, plan_.missing.end());
            if (!any)
                throw Error(plan_.source, fmt::format("no action has the id '{}'", pattern),
                            "'ntferry plan' shows the ids", ErrorKind::usage);
        }
    }

    Subject& subject_;
    const profiles::Profile& profile_;
    const Overrides& overrides_;
    DriverSource drivers_;
    nt::SharedVendorTable vendors_;
    Plan plan_;
};

} // namespace

Plan make_plan(Subject& subject, const profiles::Profile& profile, const DriverSource& drivers,
               const Overrides& overrides) {
    return Planner(subject, profile, drivers, overrides).run();
}

} // namespace ntferry::patch
