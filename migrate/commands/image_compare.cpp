// ntferry image compare
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/copy.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

using namespace block;

int run(Invocation& invocation) {
    const std::string left = required(invocation, "left");
    const std::string right = required(invocation, "right");
    const BlockDevicePtr a = open_disk(left);
    const BlockDevicePtr b = open_disk(right);
    const auto difference = first_difference(*a, *b, invocation.progress, invocation.stop);
    if (invocation.json) {
        boost::json::object result{{"identical", !difference}, {"sizes", {a->size(), b->size()}}};
        if (difference)
            result["offset"] = *difference;
        print_json(invocation.out, result);
    } else if (difference) {
        fmt::print(invocation.out, "{} and {} differ from offset {} (sector {}) on\n", left, right,
                   *difference, *difference / 512);
    } else {
        fmt::print(invocation.out, "{} and {} are identical{}\n", left, right,
                   a->size() == b->size() ? "" : "; the longer one ends in zeros");
    }
    return difference ? 1 : 0;
}

} // namespace

Command image_compare_command() {
    return {
        .name = "image compare",
        .summary = "compares two disks byte for byte",
        .synopsis = "A B [options]",
        .description =
            "The formats may differ. Where one disk is longer, its tail has to be zeros. The exit code is 0 "
            "for identical disks, 1 otherwise; the first difference is named.",
        .add_options = {},
        .positional = {{"left", 1}, {"right", 1}},
        .examples = {{"ntferry image compare /dev/sdb disk0.vhd",
                      "whether the image still is what the disk holds"}},
        .run = run};
}

} // namespace ntferry::cli
