// ntferry image info
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/raw.hpp"
#include "converter/block/vhd/bat.hpp"
#include "converter/block/vhd/parent_locator.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/chrono.h>
#include <fmt/ostream.h>

#include <filesystem>

#include <sys/stat.h>

namespace ntferry::cli {
namespace {

namespace json = boost::json;
using namespace block;

bool is_vhd(const std::string& path) {
    if (!std::filesystem::is_regular_file(path))
        return false;
    return vhd::looks_like_vhd(PosixFile(path, Access::read_only));
}

json::object describe_vhd(const std::string& path) {
    const PosixFile file(path, Access::read_only);
    const vhd::Layout layout = vhd::read_layout(file);
    const vhd::Footer& footer = layout.footer;
    json::object info{
        {"format", "VHD"},
        {"type", vhd::to_string(footer.type)},
        {"disk_size", layout.disk_size()},
        {"size_field", footer.current_size},
        {"geometry", fmt::format("{}/{}/{}", footer.geometry.cylinders, footer.geometry.heads,
                                 footer.geometry.sectors_per_track)},
        {"geometry_size", footer.geometry.bytes()},
        {"creator", fmt::format("{} {}.{}", vhd::creator_name(footer.creator), footer.creator_version >> 16U,
                                footer.creator_version & 0xFFFFU)},
        {"timestamp",
         fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(vhd::from_vhd_time(footer.timestamp)))},
        {"id", vhd::to_string(footer.id)},
        {"footer_at_end", layout.end_footer_valid}};
    if (!layout.header)
        return info;
    const vhd::Bat bat = vhd::Bat::read(file, layout.header->table_offset, layout.blocks);
    std::uint32_t used = 0;
    for (std::uint32_t block = 0; block < bat.size(); ++block)
        used += bat.allocated(block) ? 1 : 0;
    info["block_size"] = layout.header->block_size;
    info["blocks_used"] = used;
    info["blocks"] = layout.blocks;
    if (footer.type != vhd::DiskType::differencing)
        return info;
    info["parent_id"] = vhd::to_string(layout.header->parent_id);
    json::array names;
    for (const vhd::ParentName& name : vhd::stored_parent_names(file, *layout.header))
        names.emplace_back(name.text);
    info["parent_names"] = names;
    try {
        const std::vector<std::string> chain = vhd::chain(path);
        info["chain"] = json::array(chain.begin(), chain.end());
    } catch (const Error& error) {
        info["parent_problem"] = error.problem();
    }
    return info;
}

json::object describe_any(const std::string& spec) {
    const BlockDevicePtr disk = open_disk(spec, {.allow_busy = true});
    return {{"format", spec.find("://") != std::string::npos ? "remote" : "raw or foreign"},
            {"disk_size", disk->size()},
            {"logical_block_size", disk->logical_block_size()},
            {"physical_block_size", disk->physical_block_size()}};
}

json::object describe(const std::string& spec) {
    json::object info{{"image", spec}};
    for (const auto& [key, value] : is_vhd(spec) ? describe_vhd(spec) : describe_any(spec))
        info[key] = value;
    struct stat status {};
    if (stat(spec.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
        info["file_size"] = static_cast<std::uint64_t>(status.st_size);
        info["allocated"] = static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    return info;
}

std::string in_words(const std::string& key, const json::value& value) {
    if (value.is_string())
        return std::string(value.as_string());
    if (key.ends_with("size") || key == "allocated" || key == "size_field")
        return describe_size(value.to_number<std::uint64_t>());
    if (value.is_array()) {
        std::string text;
        for (const json::value& item : value.as_array())
            text += (text.empty() ? "" : ", ") + std::string(item.as_string());
        return text;
    }
    return json::serialize(value);
}

int run(Invocation& invocation) {
    json::array all;
    for (const std::string& spec : required_list(invocation, "image")) {
        const json::object info = describe(spec);
        if (invocation.json) {
            all.push_back(info);
            continue;
        }
        for (const auto& [key, value] : info) {
            std::string label(key);
            std::replace(label.begin(), label.end(), '_', ' ');
            fmt::print(invocation.out, "{:<20} {}\n", label, in_words(std::string(key), value));
        }
    }
    if (invocation.json)
        print_json(invocation.out, all);
    return 0;
}

} // namespace

Command image_info_command() {
    return {
        .name = "image info",
        .summary = "says what an image is",
        .synopsis = "IMAGE... [options]",
        .description =
            "Prints format, size, geometry, creator and parents of disk images. A missing parent is named, "
            "not an error.",
        .add_options = {},
        .positional = {{"image", -1}},
        .examples = {{"ntferry image info disk0.vhd", "what disk0.vhd is"}},
        .run = run};
}

} // namespace ntferry::cli
