// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/words.hpp"

#include "converter/base/text.hpp"
#include "migrate/report/inspection_document.hpp"
#include "migrate/wizard/canvas.hpp"
#include "migrate/wizard/questions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <set>

namespace ntferry::wizard {
namespace {

constexpr std::size_t name_width = 18;

std::string sentence(std::string text) {
    if (text.empty())
        return text;
    // Names of files stay as they are.
    if (text.substr(0, text.find(' ')).find('.') == std::string::npos)
        text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    if (text.back() != '.' && text.back() != '!' && text.back() != '?')
        text += '.';
    return text;
}

std::string volume_words(const nt::VolumeFacts& volume) {
    std::string words = report::size_text(volume.sectors * 512);
    if (!volume.files)
        return words + ", could not be read";
    words += volume.files->kind == volume::FileSystemKind::ntfs ? ", NTFS" : ", FAT";
    words += fmt::format(", {} in use",
                         report::size_text(volume.files->total_bytes -
                                           std::min(volume.files->total_bytes, volume.files->free_bytes)));
    if (!volume.files->label.empty())
        words += ", \"" + text::printable(volume.files->label, 32) + "\"";
    return words;
}

void add_system(std::vector<Text>& words, const nt::Installation& system) {
    const nt::Product& product = system.product;
    words.push_back(fact("Name", product.name.empty() ? "not known" : product.name));
    words.push_back(fact("System", product.full_title(), Tone::good));
    if (product.role != nt::Role::unknown)
        words.push_back(fact("Its job", nt::role_name(product.role)));
    if (!product.domain.empty())
        words.push_back(fact("Domain or group", product.domain));
    if (!product.language.empty())
        words.push_back(fact("Language", product.language.substr(0, product.language.find(" ("))));
    for (const nt::NetworkAdapter& card : system.network.adapters) {
        if (card.disabled || card.dial_up)
            continue;
        std::string value = card.title.empty() ? card.key : card.title;
        if (value.starts_with('[') && value.find("] ") != std::string::npos)
            value.erase(0, value.find("] ") + 2); // "[1] ", which NT puts in front of several cards
        for (const std::string& address : card.ip.addresses)
            if (address != "0.0.0.0")
                value += ", address " + address;
        if (card.ip.dhcp)
            value += ", address given by the network";
        words.push_back(fact("Network card", value));
    }
}

struct Group {
    assess::Severity severity;
    const char* title;
    Tone tone;
};

constexpr Group groups[] = {
    {assess::Severity::blocker, "What stands in the way:", Tone::bad},
    {assess::Severity::decision, "What you should know before you go on:", Tone::warning},
    {assess::Severity::warning, "What to keep an eye on afterwards:", Tone::plain},
    {assess::Severity::change, "What NTFerry changes for you, on the copy only:", Tone::plain},
    {assess::Severity::info, "Good to know:", Tone::plain},
};

void add_group(std::vector<Text>& words, const assess::Assessment& assessment, const Group& group) {
    bool any = false;
    std::set<std::string> said; // three agents of one maker are one line
    for (const assess::Finding& finding : assessment.findings) {
        if (finding.severity != group.severity || !said.insert(finding.title + finding.remedy).second)
            continue;
        if (!any)
            words.push_back({group.title, group.tone, 0});
        any = true;
        words.push_back(bullet(sentence(finding.title)));
        const bool explain = group.severity == assess::Severity::blocker ||
                             group.severity == assess::Severity::decision ||
                             group.severity == assess::Severity::warning;
        if (explain && !finding.why.empty())
            words.push_back({"    " + sentence(finding.why), Tone::plain, 4});
        if (explain && !finding.remedy.empty())
            words.push_back({"    What helps: " + sentence(finding.remedy), Tone::plain, 4});
    }
    if (any)
        words.push_back({});
}

} // namespace

Text fact(const std::string& name, const std::string& value, Tone tone) {
    const std::string label = name.empty() ? std::string() : name + ":";
    return {label + std::string(label.size() < name_width ? name_width - label.size() : 1, ' ') +
                text::printable(value, 400),
            tone, name_width};
}

Text bullet(const std::string& text, Tone tone) {
    return {"  - " + text, tone, 4};
}

std::vector<Text> found_words(const nt::Inspection& inspection) {
    std::vector<Text> words;
    if (inspection.installations.empty())
        words.push_back({"No Windows NT was found here.", Tone::bad, 0});
    else
        add_system(words, inspection.installations.front());
    if (inspection.installations.size() > 1)
        words.push_back(fact("Also there", fmt::format("{} more installation(s) of Windows",
                                                       inspection.installations.size() - 1)));
    for (std::size_t i = 0; i < inspection.disks.size(); ++i) {
        const nt::DiskFacts& disk = inspection.disks[i];
        words.push_back(fact(fmt::format("Disk {}", i + 1), report::size_text(disk.bytes)));
        if (!disk.problem.empty())
            words.push_back(fact("", disk.problem, Tone::warning));
        for (const nt::VolumeFacts& volume : inspection.volumes)
            if (volume.disk == i && !volume.ft_volume)
                words.push_back(fact(volume.letter == 0 ? std::string("  (no letter)")
                                                        : fmt::format("  Drive {}", volume.letter),
                                     volume_words(volume), volume.files ? Tone::plain : Tone::warning));
    }
    for (const std::string& problem : inspection.problems)
        words.push_back(fact("Could not be read", problem, Tone::warning));
    return words;
}

std::vector<Text> assessment_words(const assess::Assessment& assessment) {
    std::vector<Text> words;
    switch (assessment.verdict) {
    case assess::Verdict::ready:
    case assess::Verdict::ready_with_changes:
        words.push_back({"Yes. This server can be moved.", Tone::good, 0});
        break;
    case assess::Verdict::needs_decision:
        words.push_back(
            {"Probably. Please read what follows first: it wants your attention.", Tone::warning, 0});
        break;
    case assess::Verdict::cannot:
        words.push_back({"No. This cannot be moved as it is.", Tone::bad, 0});
        break;
    }
    words.push_back({});
    for (const Group& group : groups)
        add_group(words, assessment, group);
    return words;
}

std::vector<Text> media_words(const Examined& examined) {
    std::vector<Text> words;
    const patch::Plan& plan = examined.result.plan;
    std::set<std::string> named;
    bool essential = false;
    for (const patch::MissingFile& file : plan.missing) {
        if (!named.insert(text::to_lower(file.name)).second)
            continue;
        essential = essential || file.essential;
        words.push_back(fact(file.essential ? "Still missing" : "Would be good",
                             fmt::format("{}: {}", file.name, file.where.empty() ? file.why : file.where),
                             file.essential ? Tone::bad : Tone::warning));
        if (!file.rejected.empty())
            words.push_back(fact("", "found, but it does not fit: " + file.rejected.front(), Tone::warning));
    }
    for (const patch::Decision* decision : plan.open_decisions()) {
        const bool told = std::any_of(named.begin(), named.end(), [&](const std::string& file) {
            return text::icontains(decision->question, file);
        });
        if (told)
            continue;
        const Question question = question_of(*decision);
        words.push_back(fact("Open question", question.question, Tone::warning));
        if (question.media_may_help && !question.why.empty())
            words.push_back(fact("", question.why));
    }
    if (named.empty() && plan.open_decisions().empty())
        words.push_back({"Nothing is missing: every file that is needed was found.", Tone::good, 0});
    else if (!essential && plan.open_decisions().empty())
        words.push_back({"The machine can start without the files above.", Tone::good, 0});
    // What is still missing stands first; a medium takes one line, however long its path.
    for (const MediumFacts& medium : examined.media)
        words.push_back(fact(
            "Added",
            fmt::format("{} ({})", shortened(medium.path, 54 - std::min<std::size_t>(medium.what.size(), 40)),
                        medium.what)));
    return words;
}

std::vector<Text> failure_words(const Failure& failure, const std::string& what_was_tried) {
    std::vector<Text> words;
    words.push_back({what_was_tried, Tone::bad, 0});
    words.push_back({});
    if (!failure.where.empty())
        words.push_back(fact("Where", failure.where));
    words.push_back(fact("What happened", sentence(failure.problem)));
    std::string helps = sentence(failure.remedy);
    if (failure.error_number == ENOSPC)
        helps =
            "There is no room left. Make room on that disk and try again, or go back and choose a folder on "
            "a larger disk.";
    else if (failure.error_number == EACCES || failure.error_number == EPERM)
        helps = "You are not allowed to do this. Leave the wizard and start it with: sudo ntferry wizard";
    else if (failure.error_number == ENOENT)
        helps =
            "It is not there any more. Is the disk still connected, or was the file moved or renamed? Put "
            "it back and try again.";
    else if (failure.error_number == EIO)
        helps = "The disk does not answer well. Check its cables and power and try again.";
    else if (helps.find("--") != std::string::npos)
        helps.clear(); // options of commands mean nothing here
    if (!helps.empty())
        words.push_back(fact("What helps", helps));
    return words;
}

std::vector<Text> trial_words(const Converted& converted) {
    std::vector<Text> words;
    if (!converted.result.trial)
        return words;
    const verify::Verdict& verdict = converted.result.trial->last().verdict;
    words.push_back(
        {(verdict.good() ? "The machine started: it " : "The machine did not start as it should: ") +
             verdict.title + ".",
         verdict.good() ? Tone::good : Tone::bad, 0});
    if (!verdict.cause.empty())
        words.push_back(fact("Why", sentence(verdict.cause)));
    if (!verdict.cure.empty())
        words.push_back(fact("What helps", sentence(verdict.cure)));
    if (!converted.screen_png.empty())
        words.push_back(fact("Picture", converted.screen_png));
    return words;
}

std::uint64_t space_needed(const nt::Inspection& inspection) {
    std::uint64_t bytes = 0;
    for (const nt::VolumeFacts& volume : inspection.volumes) {
        if (volume.ft_volume)
            continue;
        const std::uint64_t size = volume.sectors * 512;
        bytes += volume.files ? std::min(size, volume.files->total_bytes - std::min(volume.files->total_bytes,
                                                                                    volume.files->free_bytes))
                              : size;
    }
    return bytes + bytes / 16;
}

std::string folder_name(const nt::Inspection& inspection) {
    std::string name;
    if (!inspection.installations.empty())
        for (const char c : inspection.installations.front().product.name)
            if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_')
                name += text::to_lower(c);
    return name.empty() ? "server" : name;
}

std::uint64_t suggested_memory(const nt::Inspection& inspection, const profiles::Limits& limits,
                               bool& from_server) {
    from_server = false;
    if (const nt::BootEntry* entry = inspection.boot.boot_ini.default_entry())
        if (const nt::BootSwitch* limit = entry->find("MAXMEM")) {
            const std::uint64_t bytes = std::strtoull(limit->value.c_str(), nullptr, 10) << 20U;
            if (bytes >= limits.memory_minimum && bytes <= limits.memory_maximum) {
                from_server = true;
                return bytes;
            }
        }
    return limits.memory_default;
}

std::string network_words(const std::string& network) {
    if (network == "isolated")
        return "not connected to any network";
    if (network == "nat")
        return "can reach the network, cannot be reached from it";
    if (network.starts_with("bridge:"))
        return "on the network, through \"" + network.substr(7) + "\" of this machine";
    return "not chosen yet";
}

} // namespace ntferry::wizard
