// ntferry image check
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/checker.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

namespace json = boost::json;
using namespace block;

/// Parents are proved by opening the chain; what is wrong with one of them is an error of the child.
void add_chain_defect(const std::string& path, vhd::CheckResult& result) {
    if (!result.usable())
        return;
    try {
        vhd::chain(path);
    } catch (const Error& error) {
        result.defects.push_back({vhd::Severity::error, 0, error.problem(), false});
    }
}

json::object to_json(const std::string& path, const vhd::CheckResult& result,
                     const std::vector<std::string>& repaired) {
    json::array defects;
    for (const vhd::Defect& defect : result.defects)
        defects.push_back(json::object{{"severity", vhd::to_string(defect.severity)},
                                       {"offset", defect.offset},
                                       {"what", defect.what},
                                       {"repairable", defect.repairable}});
    return {{"image", path},
            {"usable", result.usable()},
            {"defects", defects},
            {"omitted", result.omitted},
            {"blocks_used", result.blocks_used},
            {"blocks", result.blocks_total},
            {"repaired", json::array(repaired.begin(), repaired.end())}};
}

void print_plain(std::ostream& out, const std::string& path, const vhd::CheckResult& result,
                 const std::vector<std::string>& repaired) {
    for (const std::string& line : repaired)
        fmt::print(out, "{}: repaired: {}\n", path, line);
    for (const vhd::Defect& defect : result.defects)
        fmt::print(out, "{}: {}: offset {}: {}{}\n", path, vhd::to_string(defect.severity), defect.offset,
                   defect.what, defect.repairable ? " (--repair mends it)" : "");
    if (result.omitted > 0)
        fmt::print(out, "{}: and {} more defects\n", path, result.omitted);
    fmt::print(out, "{}: {}, {} of {} blocks used\n", path, result.usable() ? "good" : "damaged",
               result.blocks_used, result.blocks_total);
}

int run(Invocation& invocation) {
    json::array all;
    bool usable = true;
    for (const std::string& path : required_list(invocation, "image")) {
        std::vector<std::string> repaired;
        if (invocation.has("repair")) {
            PosixFile file(path, Access::read_write);
            repaired = vhd::repair(file);
        }
        vhd::CheckResult result = vhd::check(PosixFile(path, Access::read_only));
        add_chain_defect(path, result);
        usable = usable && result.usable();
        if (invocation.json)
            all.push_back(to_json(path, result, repaired));
        else
            print_plain(invocation.out, path, result, repaired);
    }
    if (invocation.json)
        print_json(invocation.out, all);
    return usable ? 0 : 1;
}

} // namespace

Command image_check_command() {
    return {
        .name = "image check",
        .summary = "names every defect of a VHD, mends what is safe",
        .synopsis = "IMAGE.vhd... [options]",
        .description =
            "Checks footers, checksums, headers, parent locators and the block allocation table of VHD "
            "images, and "
            "that the parents of a differencing image are there and are the right ones. Every defect is "
            "named with "
            "its offset in the file. The exit code is 0 when the image can be used, 1 when it is damaged.",
        .add_options =
            [](po::options_description& options) {
                options.add_options()("repair", "mend what needs no guessing: lost footers, an unused tail");
            },
        .positional = {{"image", -1}},
        .examples = {{"ntferry image check --repair disk0.vhd", "restores a footer that a crash has cost"}},
        .run = run};
}

} // namespace ntferry::cli
