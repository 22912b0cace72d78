// ntferry screenshot
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/running_machine.hpp"

#include <fmt/ostream.h>
#include <openssl/evp.h>

#include <fstream>

namespace ntferry::cli {
namespace {

std::string decode_base64(std::string_view text) {
    std::string data(text.size() / 4 * 3 + 1, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(data.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0)
        throw Error("screenshot", "the machine sent no picture");
    // EVP_DecodeBlock counts padding as zeros.
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    data.resize(static_cast<std::size_t>(size) - padding);
    return data;
}

int run_screenshot(Invocation& invocation) {
    launch::ControlClient client = connect(invocation);
    if (invocation.has("text")) {
        const boost::json::value answer = client.run("ntferry-screen-text");
        if (invocation.json)
            print_json(invocation.out, answer);
        else
            invocation.out << answer.as_object().at("text").as_string().c_str() << std::flush;
        return 0;
    }
    const std::string path = argument_after_name(invocation, "file");
    if (path.empty())
        throw Error("screenshot", "no file was named", "ntferry screenshot NAME FILE.png, or --text",
                    ErrorKind::usage);
    const boost::json::value answer =
        client.run("screendump", {{"format", path.ends_with(".ppm") ? "ppm" : "png"}});
    const std::string picture = decode_base64(answer.as_object().at("data").as_string());
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(picture.data(), static_cast<std::streamsize>(picture.size()));
    if (!file.flush())
        throw SystemError(path, "write", errno);
    return 0;
}

} // namespace

Command screenshot_command() {
    return {.name = "screenshot",
            .summary = "takes a picture of a machine's screen",
            .synopsis = "NAME FILE.png [options]",
            .description = "Writes PNG, or PPM when the file's name ends with .ppm. With --text, prints the "
                           "characters of a text screen as UTF-8.",
            .add_options =
                [](po::options_description& options) {
                    add_machine_options(options);
                    options.add_options()("text", "print the text screen");
                },
            .positional = {{"machine", 1}, {"file", 1}},
            .examples = {{"ntferry screenshot payroll screen.png", "a picture"},
                         {"ntferry screenshot payroll --text", "a blue screen to paste into a mail"}},
            .run = run_screenshot};
}

} // namespace ntferry::cli
