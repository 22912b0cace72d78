// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/state/disk_layers.hpp"

#include "converter/base/error.hpp"
#include "converter/base/progress.hpp"
#include "converter/block/file.hpp"
#include "converter/block/vhd/vhd.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace ntferry::vmm {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* FILE_NAME = "layers.json";
constexpr std::int64_t FORMAT = 1;
constexpr std::size_t MOST_SNAPSHOTS = 256;
constexpr std::size_t LONGEST_NAME = 64;
constexpr std::size_t LONGEST_FILE = 1U << 20U; ///< bytes of layers.json

std::string text_of(const json::value& value) {
    return std::string(value.as_string());
}

json::object texts(const std::map<std::string, std::string>& values) {
    json::object object;
    for (const auto& [name, value] : values)
        object[name] = value;
    return object;
}

} // namespace

DiskLayers::DiskLayers(std::string folder, std::map<unsigned, std::string> bases)
    : folder_(std::move(folder)) {
    for (auto& [position, base] : bases)
        disks_[position].base = fs::absolute(base).lexically_normal().string();
    load();
}

void DiskLayers::load() {
    const std::string file = folder_ + "/" + FILE_NAME;
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return;
    std::string text;
    constexpr std::size_t piece = 4096;
    while (in && text.size() <= LONGEST_FILE) {
        const std::size_t before = text.size();
        text.resize(before + piece);
        in.read(text.data() + before, piece);
        text.resize(before + static_cast<std::size_t>(in.gcount()));
    }
    try {
        if (text.size() > LONGEST_FILE)
            throw Error({}, "it is too long");
        read(text);
    } catch (const std::exception& error) { // Boost.JSON's own, and what is missing
        throw Error(file, fmt::format("cannot be understood: {}", error.what()),
                    "it says which images belong together; restore it from a backup");
    }
}

void DiskLayers::read(const std::string& text) {
    const json::object all = json::parse(text).as_object();
    if (all.at("format").as_int64() != FORMAT)
        throw Error({}, "written by another version");
    next_ = all.at("next").to_number<unsigned>();
    current_ = text_of(all.at("current"));
    undo_ = all.at("undo").as_bool();
    for (const json::value& item : all.at("snapshots").as_array()) {
        const json::object& one = item.as_object();
        snapshots_.push_back({text_of(one.at("name")), text_of(one.at("parent")), one.at("time").as_int64()});
        check_name(snapshots_.back().name);
    }
    const auto image_name = [](const std::string& name) {
        // "" is the base; a layer is a file in this folder and nowhere else.
        if (name.find('/') != std::string::npos || name.starts_with('.'))
            throw Error({}, fmt::format("\"{}\" is no name of a layer", name));
        return name;
    };
    for (const auto& member : all.at("disks").as_object()) {
        const auto at = disks_.find(static_cast<unsigned>(std::stoul(std::string(member.key()))));
        if (at == disks_.end())
            throw Error({}, fmt::format("the machine has no disk at position {}", std::string(member.key())));
        const json::object& disk = member.value().as_object();
        at->second.top = image_name(text_of(disk.at("top")));
        for (const auto& layer : disk.at("parents").as_object())
            at->second.parents[image_name(std::string(layer.key()))] = image_name(text_of(layer.value()));
        for (const auto& image : disk.at("frozen").as_object())
            at->second.frozen[std::string(image.key())] = image_name(text_of(image.value()));
        judge(at->second);
    }
}

/// Every image that is referred to is a layer or the base, and every layer leads down to the base.
void DiskLayers::judge(const Disk& disk) const {
    const auto leads_to_base = [&](std::string image) {
        for (std::size_t steps = 0; !image.empty(); ++steps) {
            const auto at = disk.parents.find(image);
            if (at == disk.parents.end() || steps > disk.parents.size())
                throw Error({}, fmt::format("layer \"{}\" lies on nothing", image));
            image = at->second;
        }
    };
    leads_to_base(disk.top);
    for (const auto& [image, parent] : disk.parents)
        leads_to_base(image);
    for (const Snapshot& one : snapshots_)
        leads_to_base(disk.frozen.at(one.name));
}

void DiskLayers::save() {
    json::array list;
    for (const Snapshot& one : snapshots_)
        list.push_back(json::object{{"name", one.name}, {"parent", one.parent}, {"time", one.time}});
    json::object disks;
    for (const auto& [position, disk] : disks_)
        disks[std::to_string(position)] =
            json::object{{"top", disk.top}, {"parents", texts(disk.parents)}, {"frozen", texts(disk.frozen)}};
    const std::string text = json::serialize(json::object{{"format", FORMAT},
                                                          {"next", next_},
                                                          {"current", current_},
                                                          {"undo", undo_},
                                                          {"snapshots", std::move(list)},
                                                          {"disks", std::move(disks)}}) +
                             "\n";
    const std::string file = folder_ + "/" + FILE_NAME;
    {
        block::PosixFile part(file + ".part", block::Access::read_write, block::CreateMode::replace);
        part.write(0, ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
        part.sync();
    }
    fs::rename(file + ".part", file);
    block::sync_directory_of(file);
    for (const std::string& path : left_over_)
        ::unlink(path.c_str());
    left_over_.clear();
    made_.clear();
}

void DiskLayers::check_name(const std::string& name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.' || c == ' ';
    };
    if (name.empty() || name.size() > LONGEST_NAME || !std::all_of(name.begin(), name.end(), fits))
        throw Error("snapshot", fmt::format("\"{}\" is no name", name),
                    "letters, digits, blanks, - _ . (64 at most)", ErrorKind::usage);
}

std::string DiskLayers::path(const Disk& disk, const std::string& image) const {
    return image.empty() ? disk.base : folder_ + "/" + image;
}

std::string DiskLayers::top(unsigned position) const {
    const Disk& disk = disks_.at(position);
    return path(disk, disk.top);
}

bool DiskLayers::has_layers() const {
    return std::any_of(disks_.begin(), disks_.end(),
                       [](const auto& item) { return !item.second.top.empty(); });
}

std::vector<std::string> DiskLayers::bases() const {
    std::vector<std::string> bases;
    for (const auto& [position, disk] : disks_)
        bases.push_back(disk.base);
    return bases;
}

const Snapshot& DiskLayers::find(const std::string& name) const {
    const auto at = std::find_if(snapshots_.begin(), snapshots_.end(),
                                 [&](const Snapshot& one) { return one.name == name; });
    if (at == snapshots_.end())
        throw Error(name, "there is no such snapshot", "ntferry snapshot list NAME shows them",
                    ErrorKind::usage);
    return *at;
}

/// The name in the folder of a file that a client has named.
std::string DiskLayers::layer_name(const std::string& file) const {
    const fs::path path = file;
    const std::string image = path.filename().string();
    std::error_code ignored;
    if (path.has_parent_path() && path.parent_path() != folder_ &&
        !fs::equivalent(path.parent_path(), folder_, ignored))
        throw Error(file, "is not in the state folder", fmt::format("layers lie in {}", folder_),
                    ErrorKind::usage);
    if (path.extension() != ".vhd")
        throw Error(file, "a layer is a VHD", "NAME.vhd", ErrorKind::usage);
    check_name(image);
    if (image.starts_with('.') || fs::exists(folder_ + "/" + image))
        throw Error(file, "is there already", "choose another name", ErrorKind::usage);
    return image;
}

void DiskLayers::add_layer(unsigned position, Disk& disk, const std::string& parent, std::string image) {
    if (image.empty())
        image = fmt::format("disk{}-{}.vhd", position, next_++);
    const std::string file = path(disk, image);
    try {
        block::vhd::create_differencing(file, path(disk, parent));
    } catch (const Error& error) {
        throw Error(path(disk, parent), fmt::format("no layer can be put on it: {}", error.what()),
                    "snapshots and undo disks need a VHD: ntferry image convert");
    }
    made_.push_back(file);
    disk.parents[image] = parent;
    disk.top = image;
}

void DiskLayers::take_back() {
    for (const std::string& file : made_)
        ::unlink(file.c_str());
    made_.clear();
}

void DiskLayers::freeze(const std::string& name, const std::map<unsigned, std::string>& files) {
    check_name(name);
    if (undo_)
        throw Error(name, "the machine runs on undo disks", "end it with --undo commit or discard first");
    if (snapshots_.size() >= MOST_SNAPSHOTS)
        throw Error(name, "there are too many snapshots", "delete some");
    if (disks_.empty())
        throw Error(name, "the machine has no disk that can be written");
    for (const Snapshot& one : snapshots_)
        if (one.name == name)
            throw Error(name, "there is a snapshot of this name", "choose another one", ErrorKind::usage);
    try {
        for (auto& [position, disk] : disks_) {
            disk.frozen[name] = disk.top;
            const auto file = files.find(position);
            add_layer(position, disk, disk.top,
                      file == files.end() ? std::string() : layer_name(file->second));
        }
    } catch (...) {
        take_back();
        throw;
    }
    snapshots_.push_back({name, current_, std::time(nullptr)});
    current_ = name;
}

bool DiskLayers::is_frozen(const Disk& disk, const std::string& image) const {
    return std::any_of(disk.frozen.begin(), disk.frozen.end(),
                       [&](const auto& item) { return item.second == image; });
}

void DiskLayers::drop_top(Disk& disk) {
    if (disk.top.empty() || is_frozen(disk, disk.top))
        return;
    const std::string image = disk.top;
    left_over_.push_back(path(disk, image));
    disk.top = disk.parents.at(image);
    disk.parents.erase(image);
}

void DiskLayers::go_back(const std::string& name) {
    if (undo_)
        throw Error(name, "the machine runs on undo disks", "end it with --undo discard");
    find(name);
    try {
        for (auto& [position, disk] : disks_) {
            drop_top(disk);
            add_layer(position, disk, disk.frozen.at(name));
        }
    } catch (...) {
        take_back();
        throw;
    }
    current_ = name;
}

void DiskLayers::forget(const std::string& name) {
    const Snapshot gone = find(name);
    for (auto& [position, disk] : disks_)
        disk.frozen.erase(name);
    std::erase_if(snapshots_, [&](const Snapshot& one) { return one.name == name; });
    for (Snapshot& one : snapshots_)
        if (one.parent == name)
            one.parent = gone.parent;
    if (current_ == name)
        current_ = gone.parent;
}

void DiskLayers::begin_undo() {
    if (undo_)
        return;
    try {
        for (auto& [position, disk] : disks_)
            add_layer(position, disk, disk.top);
    } catch (...) {
        take_back();
        throw;
    }
    undo_ = true;
    save();
}

void DiskLayers::commit_undo() {
    if (!undo_)
        return;
    for (auto& [position, disk] : disks_)
        merge(disk, disk.top);
    undo_ = false;
    save();
}

void DiskLayers::discard_undo() {
    if (!undo_)
        return;
    for (auto& [position, disk] : disks_)
        drop_top(disk);
    undo_ = false;
    save();
}

/// The child's content goes into its parent, which takes its place.
void DiskLayers::merge(Disk& disk, std::string child) {
    const std::string parent = disk.parents.at(child);
    SilentProgress silent;
    block::vhd::commit(path(disk, child), silent);
    for (auto& [image, below] : disk.parents)
        if (below == child) {
            block::vhd::rebase(path(disk, image), path(disk, parent));
            below = parent;
        }
    for (auto& [name, image] : disk.frozen)
        if (image == child)
            image = parent;
    if (disk.top == child)
        disk.top = parent;
    disk.parents.erase(child);
    left_over_.push_back(path(disk, child));
}

/// Merges or drops one layer that nothing needs by name; false when there is none.
bool DiskLayers::merge_one(Disk& disk) {
    std::map<std::string, std::vector<std::string>> children;
    for (const auto& [image, parent] : disk.parents)
        children[parent].push_back(image);
    std::vector<std::string> images = {""};
    for (const auto& [image, parent] : disk.parents)
        images.push_back(image);
    for (const std::string& image : images) {
        if (image == disk.top || is_frozen(disk, image))
            continue;
        const std::vector<std::string>& above = children[image];
        if (above.size() == 1 && !(undo_ && above[0] == disk.top)) {
            merge(disk, above[0]);
            return true;
        }
        if (above.empty() && !image.empty()) {
            left_over_.push_back(path(disk, image));
            disk.parents.erase(image);
            return true;
        }
    }
    return false;
}

void DiskLayers::merge_unneeded() {
    for (auto& [position, disk] : disks_)
        while (merge_one(disk))
            save();
}

} // namespace ntferry::vmm
