// ntferry screenshot
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/running_machine.hpp"
#include "migrate/verify/ppm.hpp"
#include "migrate/verify/screen_reader.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

int run_screenshot(Invocation& invocation) {
    launch::ControlClient client = connect(invocation);
    verify::ScreenReader screen(client);
    if (invocation.has("text")) {
        verify::Sample sample;
        screen.read_into(sample);
        if (!sample.text_mode)
            throw Error("screenshot", "the screen shows no text mode",
                        "take a picture: ntferry screenshot NAME FILE.png");
        if (invocation.json)
            print_json(
                invocation.out,
                boost::json::object{{"columns", sample.text.columns},
                                    {"text", fmt::format("{}\n", fmt::join(sample.text.lines, "\n"))}});
        else
            for (const std::string& line : sample.text.lines)
                fmt::print(invocation.out, "{}\n", line);
        return 0;
    }
    const std::string path = argument_after_name(invocation, "file");
    if (path.empty())
        throw Error("screenshot", "no file was named", "ntferry screenshot NAME FILE.png, or --text",
                    ErrorKind::usage);
    verify::write_file(path, screen.picture(path.ends_with(".ppm") ? "ppm" : "png"));
    print_result(invocation, boost::json::object{{"file", path}}, {});
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
