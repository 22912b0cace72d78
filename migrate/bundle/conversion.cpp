// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/bundle/conversion.hpp"

#include "converter/base/text.hpp"
#include "converter/block/open.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "converter/check/boot_chain.hpp"
#include "converter/patch/durable.hpp"
#include "converter/patch/planner.hpp"
#include "converter/patch/transaction.hpp"
#include "migrate/bundle/geometry.hpp"
#include "migrate/bundle/journal.hpp"
#include "migrate/launch/bundle_lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <sys/stat.h>

namespace ntferry::bundle {
namespace {

namespace fs = std::filesystem;

constexpr int exit_decision = static_cast<int>(ErrorKind::decision);
constexpr int exit_cannot = static_cast<int>(ErrorKind::unsupported);

std::vector<block::SharedBlockDevice> open_all(const std::vector<std::string>& paths) {
    std::vector<block::SharedBlockDevice> disks;
    for (const std::string& path : paths)
        disks.emplace_back(block::open_disk(path));
    return disks;
}

/// Read from a machine that may be at work.
bool is_remote(const std::string& source) {
    return source.starts_with("ssh://") || source.starts_with("nbd");
}

class Conversion {
  public:
    Conversion(ConversionOptions options, Progress& progress, std::stop_token stop)
        : options_(std::move(options)), progress_(progress), stop_(std::move(stop)) {}

    ConversionResult preview() {
        look();
        return std::move(result_);
    }

    ConversionResult run() {
        look();
        if (result_.exit_code != 0)
            return std::move(result_);
        Journal journal = options_.resume
                              ? Journal::resume(options_.bundle, options_.sources, options_.profile.name)
                              : Journal::begin(options_.bundle, options_.sources, options_.profile.name);
        const auto lock = launch::require_rest(options_.bundle, true);
        result_.begun = true;
        try {
            for (std::size_t i = 0; i < options_.sources.size(); ++i)
                capture_disk(journal, i);
            patch_disks(journal);
            if (!check_disks())
                return std::move(result_);
            describe(journal);
            boot(journal);
        } catch (const Interrupted& interrupted) {
            throw Interrupted(interrupted.where(),
                              "nothing is broken; the same command with --resume goes on from here");
        }
        return std::move(result_);
    }

  private:
    void stop_at(int exit_code, std::string conclusion) {
        result_.exit_code = exit_code;
        result_.conclusion = std::move(conclusion);
    }

    void begin(Step step, const char* name) const {
        if (stop_.stop_requested())
            throw Interrupted(name);
        if (options_.on_step)
            options_.on_step(step);
    }

    /// Inspect, assess, plan: only reads.
    void look() {
        begin(Step::look, "inspect");
        progress_.note("inspecting and assessing");
        nt::DiskSet disks(open_all(options_.sources));
        nt::InspectOptions inspect = assess::inspect_options(options_.profile);
        inspect.vendors = options_.overrides.vendors;
        result_.inspection = nt::inspect(disks, inspect);
        result_.assessment = assess::assess(result_.inspection, options_.profile);
        if (result_.assessment.verdict == assess::Verdict::cannot)
            return stop_at(exit_cannot,
                           "this server cannot be converted with this profile; nothing was written");
        result_.plan = options_.subject ? plan(*options_.subject) : plan(options_.sources);
        result_.plan.source = options_.bundle.empty() ? options_.sources.front() : options_.bundle;
        options_.subject.reset();
        if (!result_.plan.applicable())
            return stop_at(
                exit_decision,
                "something has to be decided or supplied first (--decide, --drivers); nothing was written");
        if (!options_.accept_findings && something_to_decide())
            return stop_at(
                exit_decision,
                "read the findings that need a decision; --yes goes on with them. Nothing was written");
        stop_at(0, "can be converted");
    }

    /// Whether the plan brings a file of that name.
    bool is_supplied(const std::string& name) const {
        return std::any_of(result_.plan.actions.begin(), result_.plan.actions.end(), [&](const auto& action) {
            const auto* file = std::get_if<patch::WriteFile>(&action.change);
            return file != nullptr && text::iequals(file->path.substr(file->path.rfind('\\') + 1), name);
        });
    }

    /// The assessment knows the server's disks only: files that --drivers brought are no question any more.
    bool something_to_decide() const {
        const assess::Assessment& assessment = result_.assessment;
        const bool other = std::any_of(
            assessment.findings.begin(), assessment.findings.end(), [](const assess::Finding& finding) {
                return finding.severity == assess::Severity::decision && finding.code != "files.needed";
            });
        return other ||
               std::any_of(assessment.needed.begin(), assessment.needed.end(), [&](const auto& file) {
                   return !file.installed && file.found.empty() && !is_supplied(file.name);
               });
    }

    patch::Plan plan(const std::vector<std::string>& disks) {
        patch::Subject subject(open_all(disks), options_.bundle.empty() ? disks.front() : options_.bundle);
        return plan(subject);
    }
    patch::Plan plan(patch::Subject& subject) const {
        return patch::make_plan(subject, options_.profile, options_.drivers, options_.overrides);
    }

    /// Whether the plan of look() is that of the captured disks as well: they hold what was looked at. A
    /// server that runs on (its disks come over the network) goes on writing, an earlier run's capture may be
    /// of another day, and what could not be read may be what the plan rests on. apply() compares all that it
    /// is to change with what the plan found, in any case.
    bool plan_is_of_captures() const {
        return !options_.resume && result_.losses.empty() &&
               std::none_of(options_.sources.begin(), options_.sources.end(), is_remote);
    }

    std::string in_bundle(const std::string& path) const {
        return (fs::path(options_.bundle) / path).string();
    }

    /// Under a hidden name until it is whole.
    void capture_disk(Journal& journal, std::size_t number) {
        const std::string step = fmt::format("capture.{}", number);
        const std::string image = in_bundle(fmt::format("disks/disk{}.vhd", number));
        if (journal.done(step))
            return;
        begin(Step::capture, "capture");
        const std::string partial = in_bundle(fmt::format("disks/.disk{}.vhd.part", number));
        capture::CaptureOptions options;
        options.map_path = in_bundle(fmt::format("logs/disk{}.map", number));
        std::error_code ignored;
        // The map comes after the image's first bytes: without it nothing is known to be captured.
        if (fs::exists(partial, ignored) && !fs::exists(options.map_path, ignored))
            patch::durable::remove(partial);
        if (fs::exists(partial, ignored))
            options.mode = capture::CaptureMode::resume;
        else if (fs::exists(image, ignored) && fs::exists(capture::manifest_path_for(image), ignored))
            return finish_capture(journal, step, image);
        const block::BlockDevicePtr source = block::open_disk(options_.sources[number]);
        const capture::CaptureResult captured = capture::capture(*source, partial, options, progress_, stop_);
        result_.losses.insert(result_.losses.end(), captured.losses.begin(), captured.losses.end());
        patch::durable::replace(captured.manifest_path, capture::manifest_path_for(image));
        patch::durable::replace(partial, image);
        finish_capture(journal, step, image);
    }

    void finish_capture(Journal& journal, const std::string& step, const std::string& image) {
        // The exact capture is read-only for ever.
        if (::chmod(image.c_str(), 0444) != 0)
            throw SystemError(image, "make read-only", errno);
        journal.mark(step);
    }

    void patch_disks(Journal& journal) {
        const patch::Workspace workspace = patch::find_workspace(options_.bundle);
        if (workspace.patched()) {
            result_.plan =
                patch::parse_plan(patch::durable::read_text(workspace.plan_xml), workspace.plan_xml);
            journal.mark("patch");
            return;
        }
        begin(Step::patch, "patch");
        progress_.note("planning and patching");
        std::vector<std::string> captured;
        for (const patch::WorkspaceDisk& disk : workspace.disks)
            captured.push_back(disk.base);
        if (!plan_is_of_captures())
            result_.plan = plan(captured);
        patch::require_applicable(result_.plan);
        patch::ApplyOptions options;
        options.allow_dirty = options_.allow_dirty;
        options.stop = stop_;
        result_.verified = patch::apply(result_.plan, workspace, options, progress_).verified;
        journal.mark("patch");
    }

    bool check_disks() {
        begin(Step::check, "check");
        progress_.note("checking the boot chain");
        const patch::Workspace workspace = patch::find_workspace(options_.bundle);
        std::vector<std::string> disks;
        for (std::size_t i = 0; i < workspace.disks.size(); ++i)
            disks.push_back(workspace.current(i));
        patch::Subject subject(open_all(disks), options_.bundle);
        check::CheckOptions options;
        const profiles::DiskGeometry geometry = geometry_candidates(*block::open_disk(disks.front())).front();
        options.geometry = check::BiosGeometry{geometry.heads, geometry.sectors};
        result_.check = check::check_boot_chain(subject, options_.profile, options);
        if (result_.check->starts())
            return true;
        const check::Link* broken = result_.check->first_broken();
        // Another system: nothing is known of its way to start, and nothing on it is wrong.
        if (broken == nullptr && !result_.check->complete && result_.plan.family == "none")
            return true;
        stop_at(1, fmt::format("patched, but it would not start: {}",
                               broken != nullptr ? broken->what
                                                 : "the boot chain could not be walked to its end"));
        return false;
    }

    /// machine.xml comes last: a folder without it is no finished bundle.
    void describe(Journal& journal) {
        begin(Step::describe, "describe");
        const patch::Workspace workspace = patch::find_workspace(options_.bundle);
        for (const patch::WorkspaceDisk& disk : workspace.disks) {
            std::error_code ignored;
            // Also a disk without changes gets its overlay, for the machine to write to.
            if (!fs::exists(disk.overlay, ignored))
                block::vhd::create_differencing(disk.overlay, disk.base)->flush();
        }
        result_.machine = describe_machine(result_.inspection, options_.profile, workspace, options_.memory,
                                           fs::path(options_.bundle).lexically_normal().filename().string());
        // The guest has the driver of the card that --setting nic=MODEL names.
        if (const auto nic = options_.overrides.settings.find("nic");
            nic != options_.overrides.settings.end())
            for (profiles::NicSpec& card : result_.machine->machine.nics)
                card.model = nic->second;
        for (profiles::NicSpec& nic : result_.machine->machine.nics) {
            nic.backend = options_.network.backend;
            nic.options = options_.network.options;
        }
        profiles::save_machine(result_.machine->machine, in_bundle("machine.xml"));
        journal.mark("machine");
        stop_at(0, conclusion(options_.boot ? "" : "not booted"));
    }

    /// What became of the server, and how it started.
    std::string conclusion(const std::string& start) const {
        const bool chain = result_.check && result_.check->starts();
        const std::size_t skipped = result_.plan.not_done.size();
        return fmt::format(
            "{}{}{}{}",
            chain ? "converted and checked" : fmt::format("carried as it is ({})", result_.plan.installation),
            result_.plan.family == "nt4" || skipped == 0 ? ""
                                                         : fmt::format(", {} things were not done", skipped),
            start.empty() ? "" : "; ", start);
    }

    void boot(Journal& journal) {
        if (!options_.boot)
            return;
        begin(Step::boot, "trial boot");
        result_.trial = verify::try_machine(options_.bundle, result_.machine->machine, options_.trial,
                                            options_.accept_findings, progress_, stop_);
        if (result_.trial->changed) {
            result_.machine->machine = result_.trial->machine;
            result_.machine->notes.push_back("trial boot: " + result_.trial->what);
            profiles::save_machine(result_.machine->machine, in_bundle("machine.xml"));
        }
        const verify::Verdict& verdict = result_.trial->last().verdict;
        if (!verdict.good())
            return stop_at(1, conclusion("but the trial boot failed: " + verdict.title));
        journal.mark("trial");
        stop_at(0, conclusion("the trial boot " + verdict.title));
    }

    ConversionOptions options_;
    Progress& progress_;
    std::stop_token stop_;
    ConversionResult result_;
};

} // namespace

NetworkChoice parse_network(const std::string& text) {
    constexpr std::string_view bridge = "bridge:";
    if (text == "isolated" || text == "nat")
        return {text, {}};
    if (text.starts_with(bridge) && text.size() > bridge.size())
        return {"bridge", {{"tap", text.substr(bridge.size())}}};
    throw Error("--network", fmt::format("'{}'", text), "allowed: isolated, nat, bridge:TAP",
                ErrorKind::usage);
}

ConversionResult preview(ConversionOptions options, Progress& progress) {
    return Conversion(std::move(options), progress, {}).preview();
}

ConversionResult convert(ConversionOptions options, Progress& progress, const std::stop_token& stop) {
    return Conversion(std::move(options), progress, stop).run();
}

} // namespace ntferry::bundle
