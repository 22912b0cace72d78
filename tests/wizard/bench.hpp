// A wizard without terminal, disks and threads: a pretended host, examinations made of values, keys by name.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/draw.hpp"
#include "migrate/wizard/route.hpp"
#include "migrate/wizard/wizard.hpp"

#include <map>
#include <string>
#include <vector>

namespace ntferry::wizard::test {

class FakeHost final : public Host {
  public:
    std::vector<HostDisk> all_disks = {{"/dev/sda", "Samsung SSD 870 EVO 500GB", 500107862016, 3, false,
                                        "has a partition, sda1, that is mounted on /"},
                                       {"/dev/sdb", "COMPAQ BD018734A4", 18209320960, 2, false, ""}};
    std::map<std::string, std::vector<HostFile>> folders = {
        {"/home/anna", {{"media", true, 0}, {"server.img", false, 4294967296}}},
        {"/home/anna/media", {{"nt4.iso", false, 612345678}, {"readme.txt", false, 12}}},
        {"/", {{"home", true, 0}}}};
    std::map<std::string, TargetState> targets;
    std::optional<std::uint64_t> room = std::uint64_t{1} << 40U;

    std::vector<HostDisk> disks() const override { return all_disks; }
    std::vector<HostFile> list(const std::string& folder) const override {
        const auto at = folders.find(folder);
        if (at == folders.end())
            throw SystemError(folder, "open", 13);
        return at->second;
    }
    std::string start_folder() const override { return "/home/anna"; }
    bool is_folder(const std::string& path) const override { return folders.count(path) != 0; }
    bool exists(const std::string& path) const override { return path.find("missing") == std::string::npos; }
    TargetState target(const std::string& bundle) const override {
        const auto at = targets.find(bundle);
        return at == targets.end() ? TargetState::free : at->second;
    }
    std::optional<std::uint64_t> free_bytes(const std::string&) const override { return room; }
};

/// What an examination of a small NT server says, with or without a driver CD.
inline Examined examined_server(bool with_media) {
    Examined examined;
    bundle::ConversionResult& result = examined.result;
    nt::DiskFacts disk;
    disk.source = "/dev/sdb";
    disk.bytes = 18209320960;
    result.inspection.disks.push_back(disk);
    nt::VolumeFacts volume;
    volume.letter = 'C';
    volume.sectors = 8000000;
    volume.files.emplace();
    volume.files->total_bytes = volume.sectors * 512;
    volume.files->free_bytes = volume.files->total_bytes / 2;
    volume.files->label = "SYSTEM";
    result.inspection.volumes.push_back(volume);
    nt::Installation system;
    system.product.name = "FILESRV1";
    system.product.title = "Windows NT Server 4.0";
    system.product.version = "4.0";
    system.product.csd = "Service Pack 6";
    system.product.service_pack = 6;
    system.product.role = nt::Role::standalone_server;
    nt::NetworkAdapter card;
    card.title = "Intel EtherExpress PRO/100B PCI LAN Adapter";
    card.ip.addresses = {"10.1.1.20"};
    system.network.adapters.push_back(card);
    result.inspection.installations.push_back(system);
    result.assessment.profile = "nt4";
    result.assessment.verdict = assess::Verdict::needs_decision;
    for (int i = 0; i < 4; ++i)
        result.assessment.findings.push_back({"storage.scsi", static_cast<assess::Severity>(i),
                                              "The boot disk hangs on a SCSI adapter", "Services\\aic78xx",
                                              "The machine has IDE; without its driver NT stops with 7B.",
                                              "NTFerry turns on ATAPI.SYS"});
    if (with_media) {
        examined.media.push_back({"/home/anna/media/nt4.iso", "a Windows NT CD"});
    } else {
        patch::MissingFile file;
        file.name = "amdpcn.sys";
        file.why = "driver of the network card";
        file.where = "an NT 4.0 CD (\\I386\\AMDPCN.SY_); no service pack has it";
        result.plan.missing.push_back(file);
    }
    return examined;
}

inline Converted converted_server(bool good = true) {
    Converted converted;
    converted.result = examined_server(true).result;
    converted.result.machine.emplace();
    converted.result.conclusion = good ? "converted; the trial boot rests at a text screen"
                                       : "converted, but the trial boot failed: STOP 0x0000007B";
    converted.result.exit_code = good ? 0 : 1;
    verify::TrialResult trial;
    trial.verdict.outcome = good ? verify::Outcome::stable_screen : verify::Outcome::stop_screen;
    trial.verdict.title = good ? "rests at a text screen" : "STOP 0x0000007B INACCESSIBLE_BOOT_DEVICE";
    trial.verdict.cause = good ? "" : "no driver for the boot disk";
    trial.verdict.cure = good ? "" : "give the driver CD and convert again";
    trial.screenshot = "logs/trial.png";
    converted.result.trial.emplace();
    converted.result.trial->trials.push_back(trial);
    converted.screen.lines = {"NTLDR stand-in reached, geometry CHS 255/63 ok"};
    converted.screen_png = "/home/anna/filesrv1/logs/trial.png";
    converted.report = "/home/anna/filesrv1/report.html";
    return converted;
}

class Bench {
  public:
    FakeHost host;
    Wizard wizard;

    explicit Bench(std::optional<Answers> draft = {}) : wizard(context(host, std::move(draft))) {}

    void press(KeyCode code) { wizard.key({code, 0}); }
    void type(const std::string& text) {
        for (const char c : text)
            wizard.key({KeyCode::character, static_cast<char32_t>(c)});
    }
    /// Empties a field and types.
    void fill(const std::string& text) {
        press(KeyCode::end);
        while (!wizard.view().field->value.empty())
            press(KeyCode::backspace);
        type(text);
        press(KeyCode::enter);
    }
    /// Takes the first item whose label begins so. False when there is none.
    bool choose(const std::string& label) {
        const View view = wizard.view();
        for (std::size_t i = 0; i < view.items.size(); ++i)
            if (view.items[i].label.starts_with(label)) {
                press(KeyCode::home);
                for (std::size_t k = 0; k < i; ++k)
                    press(KeyCode::down);
                press(KeyCode::enter);
                return true;
            }
        return false;
    }
    PageId page() const { return wizard.page(); }
    std::string title() const { return wizard.view().title; }
    /// Everything the page says, as one line.
    std::string words() const {
        const View view = wizard.view();
        std::string all = view.title + ' ' + view.warning + ' ' + view.next;
        for (const Text& text : view.text)
            all += ' ' + text.text;
        return all;
    }
    void answer_examination(bool with_media) {
        wizard.take_effect();
        wizard.examined(examined_server(with_media));
    }
    /// From the welcome page to the summary.
    void to_summary() {
        choose("Start");
        choose("A disk connected");
        choose("/dev/sdb");
        choose("These are all");
        answer_examination(false);
        press(KeyCode::enter);
        press(KeyCode::enter);
        choose("Add a CD");
        choose("media/");
        choose("nt4.iso");
        answer_examination(true);
        choose("Go on");
        choose("Not connected");
        choose("256 MB");
        press(KeyCode::enter);
        choose("Yes");
    }

  private:
    static Context context(const Host& host, std::optional<Answers> draft) {
        Context context{host, {}, {}, std::move(draft), "/home/anna/.local/state/ntferry/wizard.json", {}};
        context.known.commands = {"convert", "verify", "launch", "export", "undo"};
        return context;
    }
};

} // namespace ntferry::wizard::test
