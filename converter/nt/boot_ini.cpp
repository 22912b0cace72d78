// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/boot_ini.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ntferry::nt {
namespace {

// NTLDR reads at most some tens of lines; these bound what a hostile file can cost.
constexpr std::size_t file_limit = 64U << 10U;
constexpr std::size_t entries_limit = 64;

constexpr std::string_view loader_section = "[boot loader]";
constexpr std::string_view systems_section = "[operating systems]";

std::vector<BootLine> split_lines(ByteView file) {
    std::vector<BootLine> lines;
    std::size_t start = 0;
    const auto add = [&](std::size_t end, std::size_t next) {
        BootLine line;
        line.raw.assign(file.begin() + static_cast<std::ptrdiff_t>(start),
                        file.begin() + static_cast<std::ptrdiff_t>(end));
        line.end.assign(file.begin() + static_cast<std::ptrdiff_t>(end),
                        file.begin() + static_cast<std::ptrdiff_t>(next));
        const std::string decoded = text::from_cp437(line.raw);
        line.text = std::string(text::trim(decoded));
        lines.push_back(std::move(line));
        start = next;
    };
    for (std::size_t at = 0; at < file.size();) {
        if (file[at] == '\n')
            add(at, at + 1);
        else if (file[at] == '\r')
            add(at, at + 1 < file.size() && file[at + 1] == '\n' ? at + 2 : at + 1);
        at = std::max(at + 1, start);
    }
    if (start < file.size())
        add(file.size(), file.size());
    return lines;
}

/// "name(number)" at the start of text, which is moved behind it.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view name, int base) {
    if (!text::istarts_with(text, name) || text.size() <= name.size() || text[name.size()] != '(')
        return std::nullopt;
    const std::size_t close = text.find(')', name.size());
    if (close == std::string_view::npos)
        return std::nullopt;
    const std::string_view digits = text.substr(name.size() + 1, close - name.size() - 1);
    std::uint32_t number = 0;
    if (!digits.empty()) { // multi() means multi(0)
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
        if (error != std::errc() || end != digits.data() + digits.size())
            return std::nullopt;
    }
    text.remove_prefix(close + 1);
    return number;
}

std::vector<BootSwitch> parse_switches(std::string_view text) {
    std::vector<BootSwitch> switches;
    for (std::string_view word : text::split(text, '/')) {
        word = text::trim(word);
        if (word.empty())
            continue;
        word = word.substr(0, word.find_first_of(" \t"));
        const std::size_t split = word.find_first_of("=:");
        BootSwitch one;
        one.name = text::to_upper(word.substr(0, split));
        if (split != std::string_view::npos)
            one.value = std::string(word.substr(split + 1));
        switches.push_back(std::move(one));
    }
    return switches;
}

/// "path="title" /switches".
BootEntry parse_entry(std::string_view line, std::size_t index) {
    BootEntry entry;
    entry.line = index;
    const std::size_t equals = line.find('=');
    entry.path = std::string(text::trim(line.substr(0, equals)));
    entry.arc = parse_arc_path(entry.path);
    std::string_view rest =
        equals == std::string_view::npos ? std::string_view() : text::trim(line.substr(equals + 1));
    if (!rest.empty() && rest.front() == '"') {
        const std::size_t close = rest.find('"', 1);
        entry.title = std::string(rest.substr(1, close == std::string_view::npos ? close : close - 1));
        rest = close == std::string_view::npos ? std::string_view() : rest.substr(close + 1);
    } else {
        const std::size_t slash = rest.find('/');
        entry.title = std::string(text::trim(rest.substr(0, slash)));
        rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    }
    entry.switches = parse_switches(rest);
    return entry;
}

/// "key=value" with this key; the value.
std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !text::iequals(text::trim(line.substr(0, equals)), key))
        return std::nullopt;
    return text::trim(line.substr(equals + 1));
}

} // namespace

std::string ArcPath::text() const {
    if (kind == ArcKind::signature)
        return fmt::format("signature({:x})disk({})rdisk({})partition({}){}", adapter, disk, rdisk, partition,
                           directory);
    return fmt::format("{}({})disk({})rdisk({})partition({}){}", kind == ArcKind::multi ? "multi" : "scsi",
                       adapter, disk, rdisk, partition, directory);
}

std::optional<ArcPath> parse_arc_path(std::string_view text) {
    text = text::trim(text);
    ArcPath arc;
    std::optional<std::uint32_t> adapter = take_number(text, "multi", 10);
    if (!adapter) {
        arc.kind = ArcKind::scsi;
        adapter = take_number(text, "scsi", 10);
    }
    if (!adapter) {
        arc.kind = ArcKind::signature;
        adapter = take_number(text, "signature", 16);
    }
    if (!adapter)
        return std::nullopt;
    const auto disk = take_number(text, "disk", 10);
    const auto rdisk = disk ? take_number(text, "rdisk", 10) : std::nullopt;
    const auto partition = rdisk ? take_number(text, "partition", 10) : std::nullopt;
    if (!partition)
        return std::nullopt;
    arc.adapter = *adapter;
    arc.disk = *disk;
    arc.rdisk = *rdisk;
    arc.partition = *partition;
    arc.directory = std::string(text);
    return arc;
}

const BootSwitch* BootEntry::find(std::string_view name) const {
    const auto found = std::find_if(switches.begin(), switches.end(),
                                    [&](const BootSwitch& one) { return text::iequals(one.name, name); });
    return found == switches.end() ? nullptr : &*found;
}

const BootEntry* BootIni::default_entry() const {
    for (const BootEntry& entry : entries)
        if (!default_path.empty() && text::iequals(entry.path, default_path))
            return &entry;
    return entries.empty() ? nullptr : &entries.front();
}

BootIni parse_boot_ini(ByteView file) {
    BootIni ini;
    if (file.size() > file_limit) {
        ini.problems.push_back(
            fmt::format("boot.ini has {} bytes; only the first {} were read", file.size(), file_limit));
        file = file.first(file_limit);
    }
    ini.lines = split_lines(file);
    std::string section;
    for (std::size_t i = 0; i < ini.lines.size(); ++i) {
        const std::string_view line = ini.lines[i].text;
        if (line.empty() || line.front() == ';')
            continue;
        if (line.front() == '[') {
            section = text::to_lower(line.substr(0, line.find(']') + 1));
        } else if (section == loader_section || section == "[flexboot]" || section == "[multiboot]") {
            if (const auto value = value_of(line, "timeout")) {
                std::uint32_t seconds = 0;
                const auto [end, error] =
                    std::from_chars(value->data(), value->data() + value->size(), seconds);
                if (error == std::errc() && end == value->data() + value->size())
                    ini.timeout = seconds;
                else if (*value != "-1") // waits for ever
                    ini.problems.push_back(fmt::format("line {}: timeout '{}' is not a number", i + 1,
                                                       text::printable(*value, 40)));
            } else if (const auto path = value_of(line, "default")) {
                ini.default_path = std::string(*path);
                ini.default_arc = parse_arc_path(*path);
            }
        } else if (section == systems_section && line.find('=') != std::string_view::npos) {
            if (ini.entries.size() == entries_limit) {
                ini.problems.push_back(
                    fmt::format("more than {} entries; the rest was left out", entries_limit));
                break;
            }
            ini.entries.push_back(parse_entry(line, i));
            const BootEntry& entry = ini.entries.back();
            if (!entry.arc && entry.path.find('(') != std::string::npos)
                ini.problems.push_back(
                    fmt::format("line {}: '{}' is not an ARC path", i + 1, text::printable(entry.path, 80)));
        } else {
            ini.problems.push_back(
                fmt::format("line {}: '{}' is not understood", i + 1, text::printable(line, 80)));
        }
    }
    if (ini.entries.empty())
        ini.problems.push_back("no entry under [operating systems]");
    if (!ini.default_path.empty() && !ini.entries.empty() &&
        std::none_of(ini.entries.begin(), ini.entries.end(),
                     [&](const BootEntry& entry) { return text::iequals(entry.path, ini.default_path); }))
        ini.problems.push_back(
            fmt::format("default={} is none of the entries", text::printable(ini.default_path, 80)));
    return ini;
}

BootIniEditor::BootIniEditor(ByteView file)
    : lines_(split_lines(file.first(std::min(file.size(), file_limit)))) {
    if (file.size() > file_limit)
        throw Error("boot.ini", fmt::format("has {} bytes, too many to be one", file.size()));
}

/// Index behind the section's header; the section is made at the end when it is missing.
std::size_t BootIniEditor::section_line(std::string_view section) {
    for (std::size_t i = 0; i < lines_.size(); ++i)
        if (text::istarts_with(lines_[i].text, section))
            return i + 1;
    insert_line(lines_.size(), section);
    return lines_.size();
}

void BootIniEditor::insert_line(std::size_t at, std::string_view text) {
    // A last line without an end gets one, or the new line would continue it.
    if (at > 0 && lines_[at - 1].end.empty())
        lines_[at - 1].end = {'\r', '\n'};
    BootLine line;
    line.raw = text::to_cp437(text);
    line.end = {'\r', '\n'};
    line.text = std::string(text::trim(text));
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at), std::move(line));
}

void BootIniEditor::set_key(std::string_view section, std::string_view key, std::string_view value) {
    const std::size_t first = section_line(section);
    for (std::size_t i = first; i < lines_.size() && !lines_[i].text.starts_with('['); ++i)
        if (value_of(lines_[i].text, key)) {
            const Bytes end = lines_[i].end;
            lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(i));
            insert_line(i, fmt::format("{}={}", key, value));
            if (!end.empty())
                lines_[i].end = end;
            return;
        }
    insert_line(first, fmt::format("{}={}", key, value));
}

void BootIniEditor::set_timeout(std::uint32_t seconds) {
    set_key(loader_section, "timeout", fmt::format("{}", seconds));
}

void BootIniEditor::set_default(std::string_view path) {
    set_key(loader_section, "default", path);
}

void BootIniEditor::insert_first(std::string_view path, std::string_view title, std::string_view options) {
    insert_line(section_line(systems_section),
                fmt::format("{}=\"{}\"{}{}", path, title, options.empty() ? "" : " ", options));
}

void BootIniEditor::insert_after(std::size_t entry, std::string_view path, std::string_view title,
                                 std::string_view options) {
    const BootIni now = parse_boot_ini(bytes());
    if (entry >= now.entries.size())
        throw Error("boot.ini", fmt::format("there is no entry {}", entry));
    insert_line(now.entries[entry].line + 1,
                fmt::format("{}=\"{}\"{}{}", path, title, options.empty() ? "" : " ", options));
}

void BootIniEditor::remove(std::size_t entry) {
    const BootIni now = parse_boot_ini(bytes());
    if (entry >= now.entries.size())
        throw Error("boot.ini", fmt::format("there is no entry {}", entry));
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(now.entries[entry].line));
}

Bytes BootIniEditor::bytes() const {
    Bytes out;
    for (const BootLine& line : lines_) {
        out.insert(out.end(), line.raw.begin(), line.raw.end());
        out.insert(out.end(), line.end.begin(), line.end.end());
    }
    return out;
}

} // namespace ntferry::nt
