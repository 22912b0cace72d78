// ntferry image convert, ntferry image flatten
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/copy.hpp"
#include "converter/block/raw.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

using namespace block;

BlockDevicePtr create_output(const Invocation& invocation, const std::string& path, BlockDevice& source) {
    vhd::CreateOptions options;
    // A VHD keeps its size; what comes from elsewhere is rounded unless the user wants otherwise.
    if (invocation.has("exact-size") || dynamic_cast<vhd::Image*>(&source) != nullptr)
        options.size_rule = vhd::SizeRule::exact;
    const std::string type = invocation.has("type") ? invocation.get<std::string>("type") : "dynamic";
    if (type == "dynamic")
        return vhd::create_dynamic(path, source.size(), options);
    if (type == "fixed")
        return vhd::create_fixed(path, source.size(), options);
    if (type == "raw")
        return create_raw(path, source.size());
    throw Error("--type", "'" + type + "' is not known", "use dynamic, fixed or raw", ErrorKind::usage);
}

int run(Invocation& invocation) {
    const std::string from = required(invocation, "source");
    const std::string path = required(invocation, "output");
    const BlockDevicePtr source = open_disk(from);
    const BlockDevicePtr output = create_output(invocation, path, *source);
    RemoveUnlessDone cleanup(path);
    copy_disk(*source, *output, invocation.progress, invocation.stop);
    cleanup.keep();
    if (invocation.json)
        print_json(invocation.out, boost::json::object{{"image", path}, {"disk_size", output->size()}});
    return 0;
}

void add_options(po::options_description& options) {
    options.add_options()("type", po::value<std::string>()->value_name("TYPE"),
                          "dynamic (default), fixed or raw") //
        ("exact-size", "do not round the size to a geometry");
}

} // namespace

Command image_convert_command() {
    return {.name = "image convert",
            .summary = "copies any disk or image into a VHD or raw image",
            .synopsis = "SOURCE OUTPUT [options]",
            .description =
                "SOURCE is anything that NTFerry reads: raw, VHD, VHDX, split images, nbd:// and ssh:// "
                "addresses, a ddrescue image with its map. Zeros take no space in the output. A source that "
                "fails to read is for 'ntferry capture'. An output that could not be finished is removed.",
            .add_options = add_options,
            .positional = {{"source", 1}, {"output", 1}},
            .examples = {{"ntferry image convert old.vhdx new.vhd", "a dynamic VHD of a VHDX"}},
            .run = run};
}

Command image_flatten_command() {
    return {
        .name = "image flatten",
        .summary = "joins a differencing image and its parents into one image",
        .synopsis = "CHILD.vhd OUTPUT [options]",
        .description =
            "The output holds what CHILD reads as and needs no parent. The parents stay as they are.",
        .add_options = add_options,
        .positional = {{"source", 1}, {"output", 1}},
        .examples = {{"ntferry image flatten disk0.patched.vhd out.vhd", "for a hypervisor without chains"}},
        .run = run};
}

} // namespace ntferry::cli
