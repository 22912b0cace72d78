// ntferry inspect: what is on the disks of a server.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/report/inspection_document.hpp"
#include "migrate/report/sources.hpp"

#include <boost/json.hpp>

#include <ostream>

namespace ntferry::cli {
namespace {

int run(Invocation& invocation) {
    nt::DiskSet disks(report::open_sources(invocation));
    const nt::Inspection inspection = nt::inspect(disks);
    if (invocation.has("html"))
        report::write_report(invocation.get<std::string>("html"),
                             report::inspection_document(inspection, true));
    if (invocation.json)
        invocation.out << boost::json::serialize(nt::to_json(inspection)) << '\n';
    else
        invocation.out << report::render_text(report::inspection_document(inspection, invocation.has("all")),
                                              0, invocation.color);
    return 0;
}

} // namespace

Command inspect_command() {
    Command command;
    command.name = "inspect";
    command.summary = "tell what is on the disks of a server";
    command.synopsis = "SOURCE [--disk SOURCE]... [options]";
    command.description = "Opens the disks read-only and reports the Windows NT installations on them: "
                          "product, service pack and role, HAL "
                          "and kernel, control sets, drivers with versions, network configuration, services, "
                          "printers, shares, and every "
                          "volume with its letter. Registry hives that were not closed are recovered in "
                          "memory, as NT does when it starts. "
                          "Passwords and other secrets are never read.\n\n"
                          "A SOURCE is anything that 'capture' takes: an image of any kind, a block device, "
                          "an NBD or SSH address. The first "
                          "is the disk that the server starts from; --disk adds the others in the server's "
                          "order, so that mirrors, stripes "
                          "and volume sets can be put together.";
    command.add_options = [](po::options_description& options) {
        add_disk_option(options);
        options.add_options()                                                                              //
            ("all", "a row for every service, not only for those that matter for a migration")             //
            ("html", po::value<std::string>()->value_name("FILE"), "write the report as a printable page") //
            ("allow-busy", "read a block device that is mounted or in use");
    };
    command.positional = {{"source", 1}};
    command.examples = {
        {"ntferry inspect disk0.vhd", "everything about the server on the image"},
        {"ntferry inspect /dev/sdb --disk /dev/sdc --json", "two disks, as JSON for programs"}};
    command.run = run;
    return command;
}

} // namespace ntferry::cli
