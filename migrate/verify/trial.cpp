// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/trial.hpp"

#include "migrate/bundle/geometry.hpp"
#include "migrate/verify/engine.hpp"
#include "migrate/verify/run_folder.hpp"
#include "migrate/verify/trial_disks.hpp"
#include "vmm/kvm/kvm_system.hpp"

#include "converter/block/open.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <thread>

namespace ntferry::verify {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds look_every{500};

/// No way out of the machine, nothing of the host's in it.
void isolate(profiles::MachineDescription& machine, const std::string& serial_log) {
    for (profiles::NicSpec& nic : machine.nics) {
        nic.backend = "isolated";
        nic.options.clear();
    }
    machine.serials = {{0, "file:" + serial_log}};
    machine.parallel.clear();
    machine.floppy.clear();
    machine.undo = profiles::UndoMode::keep;
}

std::string absolute(const std::string& bundle, const std::string& path) {
    return path.empty() || path.front() == '/' ? path : (fs::absolute(bundle) / path).string();
}

/// Engine for this host, and why, where that was not the user's choice.
EngineKind choose(EngineKind wanted, std::string& why) {
    const vmm::kvm::HostReport host = vmm::kvm::probe_host();
    if (wanted == EngineKind::kvm && host.kind != vmm::kvm::HostKind::full)
        throw Error("--engine kvm", host.sentence, "use --engine qemu", ErrorKind::unsupported);
    if (wanted != EngineKind::automatic)
        return wanted;
    if (host.kind == vmm::kvm::HostKind::full)
        return EngineKind::kvm;
    why = host.sentence + "; QEMU translates the machine instead, which is slower.";
    return EngineKind::qemu;
}

Verdict watch(Engine& engine, const TrialOptions& options, Progress& progress, const std::stop_token& stop) {
    Watcher watcher(options.watch);
    progress.note(fmt::format("trial boot: up to {} s", options.limit.count()));
    for (;;) {
        if (stop.stop_requested())
            throw Interrupted("trial boot", "the bundle is as it was; 'ntferry verify' tries again");
        const Sample sample = engine.look();
        if (const auto verdict = watcher.look(sample))
            return *verdict;
        if (sample.at >= options.limit)
            return watcher.at_end();
        std::this_thread::sleep_for(look_every);
    }
}

} // namespace

EngineKind engine_kind(const std::string& name) {
    if (name == "auto")
        return EngineKind::automatic;
    if (name == "kvm")
        return EngineKind::kvm;
    if (name == "qemu")
        return EngineKind::qemu;
    throw Error("--engine", fmt::format("'{}'", name), "allowed: auto, kvm, qemu", ErrorKind::usage);
}

TrialResult run_trial(const std::string& bundle, const profiles::MachineDescription& description,
                      const TrialOptions& options, Progress& progress, const std::stop_token& stop) {
    TrialResult result;
    const EngineKind kind = choose(options.engine, result.why_engine);
    const fs::path root = fs::absolute(bundle);
    fs::create_directories(root / "logs");
    result.serial_log = "logs/trial-com1.log";
    std::error_code ignored;
    fs::remove(root / result.serial_log, ignored);
    fs::remove(root / "logs/trial.png", ignored);

    EngineSetup setup;
    setup.machine = description;
    setup.profile = profiles::find_profile(description.profile);
    for (const auto& [name, value] : description.overrides)
        profiles::apply_override(setup.profile, name, value);
    isolate(setup.machine, (root / result.serial_log).string());
    setup.machine.cdrom = absolute(bundle, setup.machine.cdrom);
    for (profiles::DiskSpec& disk : setup.machine.disks)
        if (!disk.geometry)
            disk.geometry =
                bundle::geometry_candidates(*block::open_disk(absolute(bundle, disk.path))).front();
    const RunFolder run_folder;
    setup.run_folder = run_folder.path();
    setup.log = (root / "logs/trial.log").string();

    TrialDisks disks((root / "state/trial").string());
    if (kind == EngineKind::kvm)
        disks.make_overlays(setup.machine, root.string());
    else
        disks.make_copies(setup.machine, root.string(), progress, stop);

    const std::unique_ptr<Engine> engine = kind == EngineKind::kvm ? start_vmm(setup) : start_qemu(setup);
    result.engine = engine->name();
    result.verdict = watch(*engine, options, progress, stop);
    try {
        engine->screenshot((root / "logs/trial.png").string());
        result.screenshot = "logs/trial.png";
    } catch (const Error& error) {
        progress.note(fmt::format("no screenshot: {}", error.what()));
    }
    return result;
}

boost::json::object to_json(const TrialResult& result) {
    const Verdict& verdict = result.verdict;
    boost::json::object object{
        {"good", verdict.good()},
        {"outcome", outcome_name(verdict.outcome)},
        {"id", verdict.id},
        {"title", verdict.title},
        {"cause", verdict.cause},
        {"cure", verdict.cure},
        {"automatic_cure", cure_name(verdict.automatic)},
        {"tried", result.tried},
        {"seconds", static_cast<double>(verdict.at.count()) / 1000},
        {"engine", result.engine},
        {"screenshot", result.screenshot},
        {"serial_log", result.serial_log},
        {"screen", boost::json::array(verdict.screen.begin(), verdict.screen.end())},
    };
    if (verdict.stop)
        object["stop"] = {{"code", fmt::format("0x{:08X}", verdict.stop->code)},
                          {"parameters", boost::json::array(verdict.stop->parameters.begin(),
                                                            verdict.stop->parameters.end())},
                          {"name", verdict.stop->name},
                          {"driver", verdict.stop->driver}};
    return object;
}

std::string trial_text(const TrialResult& result) {
    const Verdict& verdict = result.verdict;
    std::string text = fmt::format("Trial boot ({}, {:.0f} s): {}: {}\n", result.engine,
                                   static_cast<double>(verdict.at.count()) / 1000,
                                   outcome_name(verdict.outcome), verdict.title);
    if (!result.tried.empty())
        text += fmt::format("  tried: {}\n", result.tried);
    if (!verdict.cause.empty())
        text += fmt::format("  cause: {}\n", verdict.cause);
    if (!verdict.cure.empty())
        text += fmt::format("  cure: {}\n", verdict.cure);
    if (!result.why_engine.empty())
        text += fmt::format("  engine: {}\n", result.why_engine);
    if (!result.screenshot.empty())
        text += fmt::format("  screenshot: {}\n", result.screenshot);
    return text;
}

} // namespace ntferry::verify
