// What a medium is, by what lies on it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/medium.hpp"

#include "converter/base/text.hpp"
#include "converter/patch/drivers/expand.hpp"

#include <algorithm>
#include <regex>

namespace ntferry::patch {
namespace {

/// Text of an INF: ANSI or UTF-16; only ASCII matters here.
std::string ascii_text(ByteView bytes) {
    std::string text;
    text.reserve(bytes.size());
    for (const std::uint8_t byte : bytes)
        if (byte != 0)
            text += static_cast<char>(byte);
    return text;
}

std::optional<unsigned> service_pack_in(const std::string& text) {
    // Names of the pack in [Strings]: "... Service Pack 6 ...", or SERVICE_PACK_NUMBER = "6".
    static const std::regex words("(?:Service Pack |SERVICE_PACK_NUMBER\\s*=\\s*\"?(?:SP)?)([1-9])",
                                  std::regex::icase);
    std::smatch match;
    if (std::regex_search(text, match, words))
        return static_cast<unsigned>(match[1].str()[0] - '0');
    return std::nullopt;
}

} // namespace

std::string_view medium_kind_name(MediumKind kind) noexcept {
    switch (kind) {
    case MediumKind::installed:
        return "captured disk";
    case MediumKind::service_pack:
        return "service pack";
    case MediumKind::setup_cd:
        return "setup CD";
    case MediumKind::cache:
        return "driver cache";
    case MediumKind::other:
        break;
    }
    return "folder";
}

std::optional<unsigned> Medium::service_pack_of(const std::string&) const {
    return info().service_pack;
}

bool Medium::terminal_server_of(const std::string&) const {
    return info().terminal_server;
}

MediumInfo recognise_medium(std::string name, const Medium& medium) {
    MediumInfo info;
    info.name = std::move(name);
    const MediumFile* update_inf = nullptr;
    bool setup_files = false;
    for (const MediumFile& file : medium.files()) {
        const std::string base = text::to_lower(text::file_name(file.path));
        if (base == "update.inf" && (update_inf == nullptr || file.path.size() < update_inf->path.size()))
            update_inf = &file;
        // TXTSETUP.SIF is on every setup CD of NT 3.x to 5.x; the tag file only on the CD, not in a copy of
        // I386.
        if (base == "txtsetup.sif" || base == "cdrom_s.40" || base == "cdrom_w.40" || base == "cdrom_ts.40")
            setup_files = true;
        // Only Terminal Server Edition has these [K].
        if (base == "termdd.sys" || base == "termdd.sy_" || base == "cdrom_ts.40")
            info.terminal_server = true;
    }
    if (setup_files) {
        info.kind = MediumKind::setup_cd;
        info.service_pack = 0;
    }
    if (update_inf != nullptr && update_inf->size < (std::uint64_t{4} << 20U)) {
        const std::string text = ascii_text(
            expand(medium.read(update_inf->path), "update.inf", info.name + ": " + update_inf->path));
        if (const auto level = service_pack_in(text); level && !setup_files) {
            info.kind = MediumKind::service_pack;
            info.service_pack = level;
        }
        if (text.find("Terminal Server") != std::string::npos)
            info.terminal_server = true;
    }
    return info;
}

} // namespace ntferry::patch
