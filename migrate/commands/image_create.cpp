// ntferry image create
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/raw.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

using namespace block;

BlockDevicePtr create(const Invocation& invocation, const std::string& path) {
    vhd::CreateOptions options;
    if (invocation.has("exact-size"))
        options.size_rule = vhd::SizeRule::exact;
    if (invocation.has("block-size"))
        options.block_size = static_cast<std::uint32_t>(std::min<std::uint64_t>(
            parse_size(invocation.get<std::string>("block-size")), ~std::uint32_t{0}));
    if (invocation.has("parent")) {
        if (invocation.has("size") || invocation.has("type"))
            throw Error("--parent", "size and type come from the parent", "leave out --size and --type",
                        ErrorKind::usage);
        return vhd::create_differencing(path, invocation.get<std::string>("parent"), options);
    }
    if (!invocation.has("size"))
        throw Error("--size", "is missing", "give the size of the disk, for example --size 8G",
                    ErrorKind::usage);
    const std::uint64_t size = parse_size(invocation.get<std::string>("size"));
    const std::string type = invocation.has("type") ? invocation.get<std::string>("type") : "dynamic";
    if (type == "dynamic")
        return vhd::create_dynamic(path, size, options);
    if (type == "fixed")
        return vhd::create_fixed(path, size, options);
    if (type == "raw")
        return create_raw(path, size);
    throw Error("--type", "'" + type + "' is not known", "use dynamic, fixed or raw", ErrorKind::usage);
}

int run(Invocation& invocation) {
    const std::string path = required(invocation, "image");
    const BlockDevicePtr disk = create(invocation, path);
    disk->flush();
    if (invocation.json)
        print_json(invocation.out, boost::json::object{{"image", path}, {"disk_size", disk->size()}});
    else
        fmt::print(invocation.out, "{}: {}\n", path, describe_size(disk->size()));
    return 0;
}

} // namespace

Command image_create_command() {
    return {.name = "image create",
            .summary = "makes an empty disk, or a differencing disk on a parent",
            .synopsis = "IMAGE.vhd --size SIZE | --parent PARENT.vhd [options]",
            .description =
                "The size is rounded up to a CHS geometry, so that Virtual PC, Hyper-V and QEMU see the same "
                "disk; --exact-size keeps it as given.",
            .add_options =
                [](po::options_description& options) {
                    options.add_options()("size", po::value<std::string>()->value_name("SIZE"),
                                          "size of the disk: 8G, 512M") //
                        ("type", po::value<std::string>()->value_name("TYPE"),
                         "dynamic (default), fixed or raw") //
                        ("parent", po::value<std::string>()->value_name("IMAGE"),
                         "make a differencing image that starts as this one") //
                        ("block-size", po::value<std::string>()->value_name("SIZE"),
                         "of a dynamic disk, default 2M") //
                        ("exact-size", "do not round the size to a geometry");
                },
            .positional = {{"image", 1}},
            .examples = {{"ntferry image create new.vhd --size 8G", "a dynamic disk of 8 GiB"},
                         {"ntferry image create undo.vhd --parent disk0.vhd",
                          "writes go to undo.vhd, disk0.vhd stays"}},
            .run = run};
}

} // namespace ntferry::cli
