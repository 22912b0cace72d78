// ntferry type
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/running_machine.hpp"

namespace ntferry::cli {
namespace {

/// "ctrl-alt-delete" as the keys of send-key.
boost::json::array keys_of(const std::string& names) {
    boost::json::array keys;
    for (std::size_t at = 0; at <= names.size();) {
        const std::size_t end = std::min(names.find('-', at), names.size());
        keys.push_back(boost::json::object{{"type", "qcode"}, {"data", names.substr(at, end - at)}});
        at = end + 1;
    }
    return keys;
}

int run_type(Invocation& invocation) {
    launch::ControlClient client = connect(invocation);
    if (invocation.has("key")) {
        const auto& all = invocation.get<std::vector<std::string>>("key");
        for (const std::string& names : all)
            client.run("send-key", {{"keys", keys_of(names)}});
        print_result(invocation, boost::json::object{{"pressed", boost::json::value_from(all)}}, {});
        return 0;
    }
    const std::string text = argument_after_name(invocation, "text");
    if (text.empty())
        throw Error("type", "nothing to type", "ntferry type NAME TEXT, or --key KEYS", ErrorKind::usage);
    client.run("ntferry-type", {{"text", invocation.has("enter") ? text + "\n" : text},
                                {"layout", invocation.get<std::string>("layout")}});
    print_result(invocation, boost::json::object{{"typed", text}, {"enter", invocation.has("enter")}}, {});
    return 0;
}

} // namespace

Command type_command() {
    return {
        .name = "type",
        .summary = "types text or presses keys on a machine's keyboard",
        .synopsis = "NAME TEXT [options]",
        .description =
            "A guest sees keys, so the layout has to be the one that is set in the guest (us, gb, de, fr). "
            "Keys have QEMU's names and are joined with \"-\" when they are pressed together.",
        .add_options =
            [](po::options_description& options) {
                add_machine_options(options);
                options.add_options()("key",
                                      po::value<std::vector<std::string>>()->composing()->value_name("KEYS"),
                                      "press keys instead, e.g. ctrl-alt-delete; may be repeated")(
                    "layout", po::value<std::string>()->default_value("us")->value_name("NAME"),
                    "keyboard layout of the guest")("enter", "press Enter afterwards");
            },
        .positional = {{"machine", 1}, {"text", 1}},
        .examples = {{"ntferry type payroll --key ctrl-alt-delete", "the log-on dialog"},
                     {"ntferry type payroll 'net stop spooler' --enter", "a command"}},
        .run = run_type};
}

} // namespace ntferry::cli
