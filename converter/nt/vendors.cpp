// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/vendors.hpp"

#include "converter/base/text.hpp"
#include "profiles/xml_file.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

namespace ntferry::nt {
namespace {

namespace fs = std::filesystem;

struct ClassName {
    VendorClass kind;
    const char* word; ///< in XML
    const char* name; ///< for people
};
constexpr std::array<ClassName, 14> classes{{
    {VendorClass::stock_storage, "stock-storage", "disk driver"},
    {VendorClass::oem_storage, "oem-storage", "OEM disk driver"},
    {VendorClass::stock_video, "stock-video", "video driver"},
    {VendorClass::agent, "agent", "hardware agent"},
    {VendorClass::ups, "ups", "UPS"},
    {VendorClass::filter, "filter", "filter"},
    {VendorClass::remote_control, "remote-control", "remote control"},
    {VendorClass::dongle, "dongle", "dongle"},
    {VendorClass::network_team, "network-team", "network team"},
    {VendorClass::database, "database", "database"},
    {VendorClass::mail, "mail", "mail"},
    {VendorClass::web, "web", "web"},
    {VendorClass::directory, "directory", "network service"},
    {VendorClass::cluster, "cluster", "cluster"},
}};
constexpr std::array<std::string_view, 4> actions{"keep", "report", "manual", "disable"};

/// How exactly a pattern names a service; an exact name is above every pattern.
std::size_t exactness(std::string_view pattern) {
    const auto wild = static_cast<std::size_t>(
        std::count_if(pattern.begin(), pattern.end(), [](char c) { return c == '*' || c == '?'; }));
    return wild == 0 ? SIZE_MAX : pattern.size() - wild;
}

bool holds_rules(const fs::path& folder) {
    std::error_code ignored;
    return fs::is_regular_file(folder / "stock.xml", ignored);
}

/// As profiles are found: installed beside the program, else in the source tree above a build folder.
fs::path shipped_folder() {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        const fs::path installed = program.parent_path().parent_path() / "share/ntferry/vendors";
        if (holds_rules(installed))
            return installed;
        fs::path above = program.parent_path();
        for (int level = 0; level < 6 && above.has_relative_path(); ++level, above = above.parent_path())
            if (holds_rules(above / "converter/nt/data/vendors"))
                return above / "converter/nt/data/vendors";
    }
    const fs::path system = "/usr/share/ntferry/vendors";
    if (holds_rules(system))
        return system;
    throw Error("vendor rules", "share/ntferry/vendors/stock.xml was not found beside the program",
                "install NTFerry as a whole");
}

} // namespace

const char* vendor_class_name(VendorClass kind) {
    for (const ClassName& one : classes)
        if (one.kind == kind)
            return one.name;
    return "";
}

std::optional<VendorAction> vendor_action(std::string_view word) {
    const auto at = std::find(actions.begin(), actions.end(), word);
    if (at == actions.end())
        return std::nullopt;
    return static_cast<VendorAction>(at - actions.begin());
}

void VendorTable::add(const std::string& xml, const std::string& name_for_messages) {
    const auto file = profiles::XmlFile::parse(xml, name_for_messages);
    layers_.emplace_back();
    add_to_last(file);
}

void VendorTable::add_to_last(const profiles::XmlFile& file) {
    constexpr std::size_t longest = 256;
    const pugi::xml_node root = file.root("vendor-rules");
    file.check_attributes(root, {"vendor"});
    file.check_children(root, {"folder", "service"});
    const std::string vendor = file.required(root, "vendor");
    std::vector<std::string> words;
    for (const ClassName& one : classes)
        words.emplace_back(one.word);
    std::vector<VendorEntry> entries;
    std::vector<VendorFolder> folders;
    for (const pugi::xml_node& node : root.children()) {
        file.check_children(node, {});
        if (std::string_view(node.name()) == "folder") {
            file.check_attributes(node, {"path"});
            const std::string part = text::to_lower(file.required(node, "path"));
            if (part.size() < 3 || part.size() > longest)
                throw file.error(node, "path is too short or too long",
                                 "allowed: 3 to 256 characters of a path, as \\compaq\\");
            folders.push_back({part, vendor});
            continue;
        }
        file.check_attributes(node, {"name", "class", "product", "note", "action"});
        VendorEntry entry;
        entry.pattern = file.required(node, "name");
        if (entry.pattern.empty() || entry.pattern.size() > longest)
            throw file.error(node, "name is empty or too long",
                             "allowed: 1 to 256 characters, * and ? for others");
        file.required(node, "class");
        entry.kind = classes.at(file.choice(node, "class", 0, words)).kind;
        entry.product = file.required(node, "product");
        entry.note = node.attribute("note").value();
        if (node.attribute("action"))
            entry.action =
                static_cast<VendorAction>(file.choice(node, "action", 0, {actions.begin(), actions.end()}));
        entry.vendor = vendor;
        entry.origin = fs::path(file.name()).filename().string();
        entries.push_back(std::move(entry));
    }
    std::vector<VendorEntry>& layer = layers_.back();
    layer.insert(layer.end(), std::make_move_iterator(entries.begin()),
                 std::make_move_iterator(entries.end()));
    folders_.insert(folders_.end(), folders.begin(), folders.end());
}

void VendorTable::add_folder(const std::string& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    fs::directory_iterator list(folder, error);
    if (error)
        throw SystemError(folder, "read vendor rules", error.value());
    for (const fs::directory_entry& entry : list)
        if (entry.path().extension() == ".xml")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    layers_.emplace_back();
    for (const fs::path& path : files)
        add_to_last(profiles::XmlFile::read(path.string()));
}

const VendorEntry* VendorTable::find(std::string_view service_name) const {
    for (const std::vector<VendorEntry>& layer : layers_) {
        const VendorEntry* best = nullptr;
        for (const VendorEntry& entry : layer)
            if (text::wildcard_match(entry.pattern, service_name) &&
                (best == nullptr || exactness(entry.pattern) > exactness(best->pattern)))
                best = &entry;
        if (best != nullptr)
            return best;
    }
    return nullptr;
}

const VendorFolder* VendorTable::find_folder(std::string_view image_path) const {
    const std::string lower = text::to_lower(image_path);
    for (const VendorFolder& folder : folders_)
        if (lower.find(folder.part) != std::string::npos)
            return &folder;
    return nullptr;
}

std::size_t VendorTable::size() const {
    std::size_t count = 0;
    for (const auto& layer : layers_)
        count += layer.size();
    return count;
}

SharedVendorTable load_vendor_table(const std::vector<std::string>& own_folders) {
    auto table = std::make_shared<VendorTable>();
    for (const std::string& folder : own_folders)
        table->add_folder(folder);
    if (const char* list = std::getenv("NTFERRY_VENDORS"))
        for (const std::string_view folder : text::split(list, ':'))
            if (!folder.empty())
                table->add_folder(std::string(folder));
    std::error_code ignored;
    if (fs::is_directory("/etc/ntferry/vendors", ignored))
        table->add_folder("/etc/ntferry/vendors");
    table->add_folder(shipped_folder().string());
    return table;
}

} // namespace ntferry::nt
