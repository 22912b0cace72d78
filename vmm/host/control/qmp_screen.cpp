// QMP commands that look at the screen: screendump, ntferry-screen-text.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_command.hpp"

#include "converter/base/error.hpp"
#include "vmm/host/display/frame_image.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace ntferry::vmm::qmp {
namespace {

namespace json = boost::json;

Bytes picture(QmpContext& context, const std::string& format) {
    if (format != "png" && format != "ppm")
        throw QmpError(fmt::format("Parameter 'format' does not accept value '{}'", format));
    const Frame frame = context.screen.capture();
    return format == "png" ? png_of(frame) : ppm_of(frame);
}

/// RFC 4648, section 4. By hand: a cryptographic library is much to load for it.
std::string base64(ByteView data) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve(4 * ((data.size() + 2) / 3));
    for (std::size_t at = 0; at < data.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, data.size() - at);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8U | (i < count ? data[at + i] : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= count ? alphabet[bits >> (18 - 6 * i) & 0x3FU] : '=';
    }
    return text;
}

} // namespace

void write_screen(QmpContext& context, const std::string& path, const std::string& format) {
    const Bytes file = picture(context, format);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        throw SystemError(path, "create", errno, "the machine sees only its own folders");
    std::size_t done = 0;
    while (done < file.size()) {
        const ssize_t count = ::write(fd, file.data() + done, file.size() - done);
        if (count < 0) {
            const int number = errno;
            ::close(fd);
            throw SystemError(path, "write", number);
        }
        done += static_cast<std::size_t>(count);
    }
    ::close(fd);
}

json::value screendump(QmpContext& context, const QmpArguments& arguments) {
    const std::string format = arguments.text("format", "ppm");
    // Without a name the picture comes in the answer, so that a client needs no place the machine may write.
    if (arguments.find("filename") == nullptr)
        return json::object{{"data", base64(picture(context, format))}, {"format", format}};
    write_screen(context, arguments.text("filename"), format);
    return json::object{};
}

json::value screen_text(QmpContext& context, const QmpArguments&) {
    const auto text = context.screen.text();
    if (!text)
        throw QmpError("The screen shows no text mode");
    return json::object{{"text", text->utf8()},
                        {"columns", text->columns},
                        {"rows", text->rows},
                        {"cursor-column", text->cursor_column},
                        {"cursor-row", text->cursor_row}};
}

} // namespace ntferry::vmm::qmp
