// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/setup_log.hpp"

#include "converter/base/text.hpp"

#include <charconv>

namespace ntferry::nt {
namespace {

constexpr std::size_t files_limit = 8192; // an installation logs some 1500

std::string unquoted(std::string_view text) {
    text = text::trim(text);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        text = text.substr(1, text.size() - 2);
    return std::string(text);
}

} // namespace

const SetupLogFile* SetupLog::find(const std::string& path) const {
    const auto found = files.find(text::to_lower(path));
    return found == files.end() ? nullptr : &found->second;
}

SetupLog parse_setup_log(ByteView file) {
    SetupLog log;
    log.present = true;
    const std::string content = text::from_cp437(file);
    std::string section;
    for (std::string_view line : text::split(content, '\n')) {
        line = text::trim(line);
        if (line.empty())
            continue;
        if (line.front() == '[') {
            section = text::to_lower(line);
            continue;
        }
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos)
            continue;
        const std::string key = text::to_lower(unquoted(line.substr(0, equals)));
        const std::string_view value = text::trim(line.substr(equals + 1));
        if (section == "[paths]") {
            if (key == "targetdirectory")
                log.target_directory = unquoted(value);
            else if (key == "targetdevice")
                log.target_device = unquoted(value);
            else if (key == "systempartition")
                log.system_partition = unquoted(value);
        } else if (text::istarts_with(section, "[files.") && log.files.size() < files_limit) {
            const auto parts = text::split(value, ',');
            SetupLogFile entry{unquoted(parts[0]), 0};
            if (parts.size() > 1) {
                const std::string hex = unquoted(parts[1]);
                std::from_chars(hex.data(), hex.data() + hex.size(), entry.checksum, 16);
            }
            log.files.emplace(key, std::move(entry));
        }
    }
    return log;
}

} // namespace ntferry::nt
