// The kinds of media: folder, ISO image, captured disk.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/patch/drivers/medium.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>

namespace ntferry::patch {
namespace {

namespace fs = std::filesystem;

/// A medium with more files than any NT CD has is not one: keeps a wrong path ("/") from being walked for
/// ever.
constexpr std::size_t most_files = 200'000;
constexpr std::uint64_t largest_file = std::uint64_t{64} << 20U;

[[noreturn]] void too_many(const std::string& where) {
    throw Error(where, fmt::format("holds more than {} files; this is not an NT medium", most_files),
                "name the folder that holds I386 or the extracted service pack", ErrorKind::usage);
}

class FolderMedium final : public Medium {
  public:
    explicit FolderMedium(const std::string& root) : root_(root) {
        std::error_code error;
        fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, error);
        if (error)
            throw SystemError(root, "cannot list the folder", error.value());
        for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
            if (error)
                throw SystemError(root, "cannot list the folder", error.value());
            if (!at->is_regular_file(error))
                continue;
            const std::uint64_t size = at->file_size(error);
            if (error)
                continue; // vanished meanwhile
            files_.push_back({at->path().lexically_relative(root_).string(), size});
            if (files_.size() > most_files)
                too_many(root);
        }
        std::sort(files_.begin(), files_.end(),
                  [](const MediumFile& a, const MediumFile& b) { return a.path < b.path; });
        info_ = recognise_medium(root, *this);
    }

    const MediumInfo& info() const override { return info_; }
    const std::vector<MediumFile>& files() const override { return files_; }

    Bytes read(const std::string& path) const override {
        const fs::path full = root_ / path;
        std::ifstream in(full, std::ios::binary | std::ios::ate);
        if (!in)
            throw SystemError(full.string(), "cannot open", errno);
        const auto size = static_cast<std::uint64_t>(in.tellg());
        if (size > largest_file)
            throw Error(full.string(), "is larger than a driver or system file can be");
        Bytes content(size);
        in.seekg(0);
        in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(size));
        if (static_cast<std::uint64_t>(in.gcount()) != size)
            throw SystemError(full.string(), "cannot read", errno);
        return content;
    }

  private:
    fs::path root_;
    std::vector<MediumFile> files_;
    MediumInfo info_;
};

class IsoReader {
  public:
    explicit IsoReader(const std::string& path)
        : path_(path), archive_(archive_read_new(), archive_read_free) {
        if (!archive_)
            throw Error(path, "out of memory");
        archive_read_support_format_iso9660(archive_.get());
        if (archive_read_open_filename(archive_.get(), path.c_str(), 65536) != ARCHIVE_OK)
            fail("cannot be read as an ISO 9660 image");
    }

    /// The next file, or nullptr at the end.
    archive_entry* next() {
        archive_entry* entry = nullptr;
        const int result = archive_read_next_header(archive_.get(), &entry);
        if (result == ARCHIVE_EOF)
            return nullptr;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            fail("cannot be read as an ISO 9660 image");
        return entry;
    }

    Bytes content(std::uint64_t size) {
        Bytes bytes(size);
        std::size_t done = 0;
        while (done < size) {
            const la_ssize_t got = archive_read_data(archive_.get(), bytes.data() + done, size - done);
            if (got < 0)
                fail("a file of the image cannot be read");
            if (got == 0)
                throw Error(path_, "the image ends inside a file", "copy the CD again");
            done += static_cast<std::size_t>(got);
        }
        return bytes;
    }

  private:
    [[noreturn]] void fail(std::string_view what) {
        const char* reason = archive_error_string(archive_.get());
        throw Error(path_, fmt::format("{} ({})", what, reason != nullptr ? reason : "no reason given"),
                    "give the folder or the ISO image of a setup CD or service pack");
    }

    std::string path_;
    std::unique_ptr<archive, decltype(&archive_read_free)> archive_;
};

class IsoMedium final : public Medium {
  public:
    explicit IsoMedium(const std::string& path) : path_(path) {
        IsoReader reader(path);
        while (archive_entry* entry = reader.next()) {
            if (archive_entry_filetype(entry) != AE_IFREG)
                continue;
            const char* name = archive_entry_pathname(entry);
            const la_int64_t size = archive_entry_size(entry);
            if (name == nullptr || size < 0)
                continue;
            files_.push_back({name, static_cast<std::uint64_t>(size)});
            if (files_.size() > most_files)
                too_many(path);
        }
        info_ = recognise_medium(path, *this);
    }

    const MediumInfo& info() const override { return info_; }
    const std::vector<MediumFile>& files() const override { return files_; }

    Bytes read(const std::string& path) const override {
        // The headers of a whole CD are a few hundred KiB: finding a file again costs less than keeping
        // state.
        IsoReader reader(path_);
        while (archive_entry* entry = reader.next()) {
            const char* name = archive_entry_pathname(entry);
            if (name == nullptr || path != name)
                continue;
            const auto size = static_cast<std::uint64_t>(archive_entry_size(entry));
            if (size > largest_file)
                throw Error(path_ + ": " + path, "is larger than a driver or system file can be");
            return reader.content(size);
        }
        throw Error(path_ + ": " + path, "is not on the image any more");
    }

  private:
    std::string path_;
    std::vector<MediumFile> files_;
    MediumInfo info_;
};

class InstalledMedium final : public Medium {
  public:
    InstalledMedium(volume::FileSystem& files, std::string_view system_root,
                    std::optional<unsigned> service_pack, bool terminal_server)
        : source_(files), current_(service_pack) {
        info_.name = "captured disk";
        info_.kind = MediumKind::installed;
        info_.terminal_server = terminal_server;
        const std::string root(system_root);
        add(root + "/system32/drivers", true);
        add(root + "/system32", true);
        add("/", true); // ntldr
        add(root + "/system32/drvlib.nic", false);
        add("/i386", false);
        add(root + "/i386", false);
        add("/i386/drvlib.nic", false);
        for (const volume::FileInfo& entry : list(root))
            if (entry.is_directory() && entry.name.starts_with("$Nt"))
                add(root + "/" + entry.name, false);
    }

    const MediumInfo& info() const override { return info_; }
    const std::vector<MediumFile>& files() const override { return files_; }
    Bytes read(const std::string& path) const override { return source_.read_file(path, largest_file); }

    /// Files in use are of the installed service pack; others (\I386, saved ones) may be of any.
    std::optional<unsigned> service_pack_of(const std::string& path) const override {
        const bool in_use = current_files_.contains(path);
        return in_use ? current_ : std::nullopt;
    }

  private:
    std::vector<volume::FileInfo> list(const std::string& directory) const {
        const auto found = source_.lookup(directory);
        if (directory != "/" && (!found || !found->is_directory()))
            return {};
        return source_.list(directory);
    }

    void add(const std::string& directory, bool in_use) {
        for (const volume::FileInfo& entry : list(directory)) {
            if (entry.is_directory())
                continue;
            const std::string path = (directory == "/" ? "" : directory) + "/" + entry.name;
            files_.push_back({path, entry.size});
            if (in_use)
                current_files_.insert(path);
            if (files_.size() > most_files)
                return;
        }
    }

    volume::FileSystem& source_;
    std::optional<unsigned> current_;
    MediumInfo info_;
    std::vector<MediumFile> files_;
    std::set<std::string> current_files_;
};

} // namespace

MediumPtr open_medium(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (error || !fs::exists(status))
        throw Error(path, "no such folder or image",
                    "give the folder or the ISO image of a setup CD or service pack", ErrorKind::usage);
    if (fs::is_directory(status))
        return std::make_shared<FolderMedium>(path);
    return std::make_shared<IsoMedium>(path);
}

MediumPtr installed_medium(volume::FileSystem& files, std::string_view system_root,
                           std::optional<unsigned> service_pack, bool terminal_server) {
    return std::make_shared<InstalledMedium>(files, system_root, service_pack, terminal_server);
}

} // namespace ntferry::patch
