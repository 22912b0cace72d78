// The cache of driver files.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/driver_cache.hpp"

#include "converter/base/text.hpp"
#include "converter/patch/action.hpp"
#include "converter/patch/drivers/expand.hpp"
#include "converter/patch/durable.hpp"
#include "converter/patch/value_xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

namespace ntferry::patch {
namespace {

namespace fs = std::filesystem;

struct CachedFile {
    std::string name; ///< lower case, unpacked
    std::string sha256;
    std::uint64_t size = 0;
    std::optional<unsigned> service_pack;
    bool terminal_server = false;
    std::string origin;
};

std::string index_path(const std::string& folder) {
    return (fs::path(folder) / "index.xml").string();
}

std::string content_path(const std::string& folder, const std::string& sha256) {
    return (fs::path(folder) / "files" / sha256).string();
}

bool is_digest(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::vector<CachedFile> read_index(const std::string& folder) {
    std::vector<CachedFile> files;
    const std::string path = index_path(folder);
    std::error_code error;
    if (!fs::exists(path, error))
        return files;
    const XmlSource source(durable::read_text(path), path);
    for (const pugi::xml_node node : source.root().children("file")) {
        CachedFile file;
        file.name = source.required(node, "name");
        file.sha256 = source.required(node, "sha256");
        file.size = source.required_number(node, "size");
        if (node.attribute("service-pack"))
            file.service_pack = static_cast<unsigned>(source.required_number(node, "service-pack"));
        file.terminal_server = node.attribute("terminal-server").as_bool();
        file.origin = node.attribute("origin").value();
        if (!is_digest(file.sha256)) // becomes part of a path
            source.fail(node, "sha256 is not a SHA-256");
        files.push_back(std::move(file));
    }
    return files;
}

void write_index(const std::string& folder, const std::vector<CachedFile>& files) {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("driver-cache");
    for (const CachedFile& file : files) {
        pugi::xml_node node = root.append_child("file");
        node.append_attribute("name") = file.name.c_str();
        node.append_attribute("sha256") = file.sha256.c_str();
        node.append_attribute("size") = static_cast<unsigned long long>(file.size);
        if (file.service_pack)
            node.append_attribute("service-pack") = *file.service_pack;
        node.append_attribute("terminal-server") = file.terminal_server;
        node.append_attribute("origin") = file.origin.c_str();
    }
    std::ostringstream out;
    document.save(out, "  ");
    durable::write(index_path(folder), out.str());
}

/// The name that a file has unpacked, or nothing for what no migration needs. The last letter of a packed
/// name is lost, but drivers, programs and libraries have only one.
std::optional<std::string> wanted_name(const std::string& path) {
    std::string name = text::to_lower(text::file_name(path));
    if (name == "ntldr" || name == "ntdetect.com")
        return name;
    for (const auto& [packed, plain] :
         {std::pair{".sy_", ".sys"}, std::pair{".dl_", ".dll"}, std::pair{".ex_", ".exe"}})
        if (name.ends_with(packed))
            name.replace(name.size() - 4, 4, plain);
    const bool system_file = name.starts_with("hal") || name == "ntoskrnl.exe" || name == "ntkrnlmp.exe" ||
                             name == "vga.dll" || name == "framebuf.dll" || name == "vga256.dll" ||
                             name == "vga64k.dll";
    if (name.ends_with(".sys") || (system_file && (name.ends_with(".dll") || name.ends_with(".exe"))))
        return name;
    return std::nullopt;
}

class CacheMedium final : public Medium {
  public:
    explicit CacheMedium(const std::string& folder) : folder_(folder), cached_(read_index(folder)) {
        info_.name = folder;
        info_.kind = MediumKind::cache;
        for (std::size_t i = 0; i < cached_.size(); ++i)
            files_.push_back({fmt::format("{}/{}", i, cached_[i].name), cached_[i].size});
    }

    const MediumInfo& info() const override { return info_; }
    const std::vector<MediumFile>& files() const override { return files_; }

    Bytes read(const std::string& path) const override {
        const CachedFile& file = entry(path);
        const std::string stored = content_path(folder_, file.sha256);
        const std::string text = durable::read_text(stored);
        Bytes content(text.begin(), text.end());
        if (sha256_hex(content) != file.sha256)
            throw Error(stored, "has changed since it was put into the cache",
                        "remove the folder and fill it again");
        return content;
    }

    std::optional<unsigned> service_pack_of(const std::string& path) const override {
        return entry(path).service_pack;
    }
    bool terminal_server_of(const std::string& path) const override { return entry(path).terminal_server; }

  private:
    const CachedFile& entry(const std::string& path) const { return cached_.at(std::stoul(path)); }

    std::string folder_;
    std::vector<CachedFile> cached_;
    std::vector<MediumFile> files_;
    MediumInfo info_;
};

} // namespace

std::size_t fill_cache(const std::string& folder, const Medium& medium, Progress& progress) {
    std::error_code error;
    fs::create_directories(fs::path(folder) / "files", error);
    if (error)
        throw SystemError(folder, "cannot make the folder", error.value());
    std::vector<CachedFile> files = read_index(folder);
    std::set<std::string> known;
    for (const CachedFile& file : files)
        known.insert(file.origin);
    progress.phase("fill driver cache", medium.files().size());
    std::size_t added = 0;
    std::uint64_t done = 0;
    for (const MediumFile& stored : medium.files()) {
        progress.update({.done = ++done, .total = medium.files().size()});
        const auto name = wanted_name(stored.path);
        const std::string origin = fmt::format("{}: {}", medium.info().name, stored.path);
        if (!name || known.contains(origin))
            continue;
        try {
            const Bytes content = expand(medium.read(stored.path), *name, origin);
            CachedFile file{*name,
                            sha256_hex(content),
                            content.size(),
                            medium.service_pack_of(stored.path),
                            medium.terminal_server_of(stored.path),
                            origin};
            if (!fs::exists(content_path(folder, file.sha256), error))
                durable::write(content_path(folder, file.sha256),
                               {reinterpret_cast<const char*>(content.data()), content.size()});
            files.push_back(std::move(file));
            ++added;
        } catch (const SystemError&) {
            throw;
        } catch (const Error& problem) {
            progress.note(problem.what());
        }
    }
    if (added != 0)
        write_index(folder, files);
    progress.done();
    return added;
}

MediumPtr open_cache(const std::string& folder) {
    return std::make_shared<CacheMedium>(folder);
}

} // namespace ntferry::patch
