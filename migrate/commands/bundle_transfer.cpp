// ntferry bundle send, ntferry bundle receive: the two ends of a move
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/transfer.hpp"

#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

#include <unistd.h>

namespace ntferry::cli {
namespace {

/// Standard output is the wire: results go to standard error.
void report(const Invocation& invocation, const launch::TransferCounts& counts) {
    if (invocation.json)
        print_json(invocation.err, boost::json::object{{"files", counts.files},
                                                       {"bytes", counts.bytes},
                                                       {"sent_bytes", counts.sent}});
    else if (!invocation.quiet)
        fmt::print(invocation.err, "{} files, {}; {} went over the wire\n", counts.files,
                   describe_size(counts.bytes), describe_size(counts.sent));
}

int run_send(Invocation& invocation) {
    std::optional<launch::MovedTo> moved;
    if (invocation.has("moved-to"))
        moved = launch::MovedTo{invocation.get<std::string>("moved-to"), {}, {}};
    launch::Wire wire(STDIN_FILENO, STDOUT_FILENO, "standard input");
    report(invocation, launch::send_bundle(required(invocation, "bundle"), moved, wire, invocation.progress,
                                           invocation.stop));
    return 0;
}

int run_receive(Invocation& invocation) {
    launch::Wire wire(STDIN_FILENO, STDOUT_FILENO, "standard input");
    report(invocation, launch::receive_bundle(required(invocation, "folder"), wire, invocation.progress));
    return 0;
}

} // namespace

Command bundle_send_command() {
    return {
        .name = "bundle send",
        .summary = "sends a bundle over standard output, as 'launch --back' has it done",
        .synopsis = "BUNDLE [--moved-to HOST] [options]",
        .description =
            "Speaks with 'ntferry bundle receive' at the other end: only pieces of 4 MiB go over the "
            "wire whose SHA-256 differs there, without their zeros. The machine must not run. With "
            "--moved-to the bundle is marked as moved once the other side has it whole, and can not "
            "be started here any more.",
        .add_options =
            [](po::options_description& options) {
                options.add_options()("moved-to", po::value<std::string>()->value_name("HOST"),
                                      "mark the bundle as moved there");
            },
        .positional = {{"bundle", 1}},
        .examples = {{"ntferry bundle send server1/ <fifo | ssh host ntferry bundle receive server1 >fifo",
                      "by hand, with a fifo made by mkfifo"}},
        .run = run_send};
}

Command bundle_receive_command() {
    return {
        .name = "bundle receive",
        .summary = "receives a bundle over standard input, as 'launch --host' has it done",
        .synopsis = "DIR [options]",
        .description =
            "DIR is new, empty, was left by an interrupted move, or holds the bundle as it was before "
            "it was moved away. Until the bundle is whole and every piece was read back and compared, "
            "it is marked as incomplete and cannot be started.",
        .add_options = {},
        .positional = {{"folder", 1}},
        .examples = {{"ssh host ntferry bundle receive server1", "the other end of 'ntferry bundle send'"}},
        .run = run_receive};
}

} // namespace ntferry::cli
