// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/screen_reader.hpp"

#include "migrate/verify/ppm.hpp"

#include <openssl/evp.h>

#include <sstream>

namespace ntferry::verify {
namespace {

constexpr std::uint64_t text_memory = 0xB8000;
constexpr std::size_t text_bytes = std::size_t{80} * 50 * 2;
constexpr std::size_t largest_picture = std::size_t{64} << 20U;

Bytes decode_base64(std::string_view text) {
    Bytes data(text.size() / 4 * 3 + 1);
    const int size = EVP_DecodeBlock(data.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    if (size < 0)
        throw Error("screen", "the machine sent no picture");
    // EVP_DecodeBlock counts padding as zeros.
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    data.resize(static_cast<std::size_t>(size) - padding);
    return data;
}

std::string member(const boost::json::value& answer, const char* name) {
    const auto* value = answer.is_object() ? answer.as_object().if_contains(name) : nullptr;
    return value != nullptr && value->is_string() ? std::string(value->as_string().c_str()) : std::string();
}

/// UTF-8 lines as ScreenText has them: no trailing blanks, no empty last lines.
ScreenText screen_text(const std::string& text, unsigned columns) {
    ScreenText screen;
    screen.columns = columns;
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
        line.erase(line.find_last_not_of(' ') + 1);
        screen.lines.push_back(line);
    }
    while (!screen.lines.empty() && screen.lines.back().empty())
        screen.lines.pop_back();
    return screen;
}

} // namespace

ScreenReader::ScreenReader(launch::ControlClient& client)
    : client_(client), qemu_(member(client.run("query-version"), "package") != "ntferry") {}

Bytes ScreenReader::picture(const std::string& format) {
    if (!qemu_)
        return decode_base64(member(client_.run("screendump", {{"format", format}}), "data"));
    const std::string file = folder_.path() + "/screen." + format;
    client_.run("screendump", {{"filename", file}, {"format", format}});
    return read_file(file, largest_picture);
}

void ScreenReader::read_into(Sample& sample) {
    if (qemu_)
        read_qemu(sample);
    else
        read_ours(sample);
}

void ScreenReader::read_ours(Sample& sample) {
    boost::json::value answer;
    try {
        answer = client_.run("ntferry-screen-text");
    } catch (const Error& error) {
        if (error.problem().find("no text mode") == std::string::npos)
            throw;
        sample.text_mode = false;
        sample.text = {};
        sample.picture = parse_ppm(picture("ppm"), "screen");
        return;
    }
    const auto* columns = answer.is_object() ? answer.as_object().if_contains("columns") : nullptr;
    sample.text_mode = true;
    sample.picture = {};
    sample.text = screen_text(member(answer, "text"), columns != nullptr && columns->is_int64()
                                                          ? static_cast<unsigned>(columns->as_int64())
                                                          : 80U);
}

void ScreenReader::read_qemu(Sample& sample) {
    Picture seen = parse_ppm(picture("ppm"), "screen");
    // VGA's text modes have 400 (or 350) lines of 720 or 640 pixels; no graphics mode of NT's has.
    sample.text_mode = seen.height == 400 || seen.height == 350;
    if (!sample.text_mode) {
        sample.picture = std::move(seen);
        sample.text = {};
        return;
    }
    // Only in text mode: reading planar memory of a graphics mode would change the latches under the guest.
    const std::string memory = folder_.path() + "/text";
    client_.run("pmemsave", {{"val", text_memory}, {"size", text_bytes}, {"filename", memory}});
    sample.picture = {};
    sample.text = decode_text_memory(read_file(memory, text_bytes), 80);
}

} // namespace ntferry::verify
