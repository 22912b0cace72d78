// ntferry eject
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/file.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/running_machine.hpp"

#include <filesystem>

namespace ntferry::cli {
namespace {

int run_eject(Invocation& invocation) {
    launch::ControlClient client = connect(invocation);
    const std::string drive = invocation.get<std::string>("drive");
    boost::json::value medium; // null: the drive is empty
    if (invocation.has("insert")) {
        // The machine cannot see our files from behind its walls, so it gets them open.
        const std::string path = std::filesystem::absolute(invocation.get<std::string>("insert")).string();
        const block::PosixFile image(path, block::Access::read_only);
        const std::string name = client.hand_over(image.descriptor(), path);
        try {
            client.run("blockdev-change-medium", {{"id", drive}, {"filename", name}});
        } catch (const Error&) {
            client.take_back(name);
            throw;
        }
        client.take_back(name);
        medium = path;
    } else {
        client.run("eject", {{"id", drive}, {"force", invocation.has("force")}});
    }
    print_result(invocation, boost::json::object{{"drive", drive}, {"medium", medium}}, {});
    return 0;
}

} // namespace

Command eject_command() {
    return {.name = "eject",
            .summary = "takes a CD out of a machine's drive or puts one in",
            .synopsis = "NAME [options]",
            .description = "Without --insert the drive is empty afterwards.",
            .add_options =
                [](po::options_description& options) {
                    add_machine_options(options);
                    options.add_options()(
                        "drive", po::value<std::string>()->default_value("ide1-cd0")->value_name("NAME"),
                        "which drive")("insert", po::value<std::string>()->value_name("IMAGE"),
                                       "put this image in")("force", "even if the guest has locked the tray");
                },
            .positional = {{"machine", 1}},
            .examples = {{"ntferry eject payroll --insert sp6a.iso", "changes the CD"}},
            .run = run_eject};
}

} // namespace ntferry::cli
