// ntferry export
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/export/export.hpp"

#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/launch/bundle_lock.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

void add_options(po::options_description& options) {
    options.add_options()("to", po::value<std::string>()->value_name("TARGET"),
                          "qemu, libvirt, proxmox, hyperv or vmware")               //
        ("output,o", po::value<std::string>()->value_name("DIR"), "folder to make") //
        ("format", po::value<std::string>()->value_name("FORMAT"),
         "of the disks: qcow2, raw, vhd, vhd-fixed, vmdk, vmdk-stream (makes an OVF)");
}

int run(Invocation& invocation) {
    exports::ExportOptions options;
    options.bundle = required(invocation, "bundle");
    for (const char* needed : {"to", "output"})
        if (!invocation.has(needed))
            throw Error(std::string("--") + needed, "is missing", "see 'ntferry export --help'",
                        ErrorKind::usage);
    options.target = invocation.get<std::string>("to");
    options.folder = invocation.get<std::string>("output");
    if (invocation.has("format"))
        options.format = invocation.get<std::string>("format");
    options.ignore_problems = invocation.yes;
    const auto lock = launch::require_rest(options.bundle, false);
    const exports::ExportResult result =
        exports::export_bundle(options, invocation.progress, invocation.stop);
    if (invocation.json) {
        print_json(invocation.out, exports::to_json(result));
        return 0;
    }
    if (invocation.quiet)
        return 0;
    for (const exports::ExportedDisk& disk : result.disks) {
        fmt::print(invocation.out, "{}: {}\n", disk.file, describe_size(disk.size));
        for (const std::string& change : disk.changes)
            fmt::print(invocation.out, "  {}\n", change);
    }
    for (const std::string& note : result.notes)
        fmt::print(invocation.out, "note: {}\n", note);
    fmt::print(invocation.out, "{}: {}\n", result.folder, fmt::join(result.files, ", "));
    return 0;
}

} // namespace

Command export_command() {
    return {
        .name = "export",
        .summary = "makes a bundle a machine of another hypervisor",
        .synopsis = "BUNDLE --to TARGET -o DIR [--format FORMAT] [options]",
        .description =
            "Writes the disks as the bundle's machine sees them now, without chains, in the target's format, "
            "and the target's own definition beside them:\n\n"
            "qemu: 'start', a script. libvirt: domain.xml (and network.xml). proxmox: machine.conf, and "
            "'import' that calls qm. hyperv: create.ps1. vmware: NAME.vmx; with --format vmdk-stream "
            "NAME.ovf "
            "for ESXi.\n\n"
            "Boot code of Windows NT 4.0 knows only CHS. QEMU is told the geometry that the disk was written "
            "with; for the others partition table and boot sectors of the copy are rewritten for the "
            "geometry "
            "that their BIOS has, and each change is named. Where NTLDR could not reach a file then, nothing "
            "is "
            "exported (exit code 3; --yes does it nevertheless).\n\n"
            "The bundle is only read. DIR is there whole or not at all. Stop the machine before.",
        .add_options = add_options,
        .positional = {{"bundle", 1}},
        .examples = {{"ntferry export server1/ --to libvirt -o /var/lib/libvirt/images/server1",
                      "then: virsh define /var/lib/libvirt/images/server1/domain.xml"},
                     {"ntferry export server1/ --to hyperv -o server1-hyperv --format vhd-fixed",
                      "fixed VHDs and a PowerShell script"}},
        .run = run};
}

} // namespace ntferry::cli
