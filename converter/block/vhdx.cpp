// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhdx.hpp"

#include "converter/base/shared_library.hpp"

#include <fmt/format.h>
#include <libvhdi.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <mutex>

namespace ntferry::block {
namespace {

constexpr SharedLibrary libvhdi{"libvhdi.so.1", "libvhdi1"};
NTFERRY_LATE(libvhdi, libvhdi_error_free);
NTFERRY_LATE(libvhdi, libvhdi_error_sprint);
NTFERRY_LATE(libvhdi, libvhdi_file_close);
NTFERRY_LATE(libvhdi, libvhdi_file_free);
NTFERRY_LATE(libvhdi, libvhdi_file_get_disk_type);
NTFERRY_LATE(libvhdi, libvhdi_file_get_media_size);
NTFERRY_LATE(libvhdi, libvhdi_file_get_utf8_parent_filename);
NTFERRY_LATE(libvhdi, libvhdi_file_get_utf8_parent_filename_size);
NTFERRY_LATE(libvhdi, libvhdi_file_initialize);
NTFERRY_LATE(libvhdi, libvhdi_file_open);
NTFERRY_LATE(libvhdi, libvhdi_file_read_buffer_at_offset);
NTFERRY_LATE(libvhdi, libvhdi_file_set_parent_file);

namespace fs = std::filesystem;

constexpr int most_parents = 64;

/// What libvhdi says, in one line.
[[noreturn]] void fail(const std::string& path, std::string_view action, libvhdi_error_t* error) {
    char text[512] = "unknown error";
    if (error != nullptr) {
        libvhdi_error_sprint(error, text, sizeof text);
        libvhdi_error_free(&error);
    }
    std::replace(text, text + std::strlen(text), '\n', ' ');
    throw Error(path, fmt::format("{}: {}", action, text));
}

class VhdxFile {
  public:
    explicit VhdxFile(const std::string& path) : path_(path) {
        libvhdi_error_t* error = nullptr;
        if (libvhdi_file_initialize(&file_, &error) != 1)
            fail(path_, "cannot start libvhdi", error);
        if (libvhdi_file_open(file_, path_.c_str(), LIBVHDI_OPEN_READ, &error) != 1) {
            libvhdi_file_free(&file_, nullptr);
            fail(path_, "cannot open as VHDX", error);
        }
    }
    VhdxFile(const VhdxFile&) = delete;
    VhdxFile& operator=(const VhdxFile&) = delete;
    ~VhdxFile() {
        libvhdi_file_close(file_, nullptr);
        libvhdi_file_free(&file_, nullptr);
    }
    libvhdi_file_t* get() const { return file_; }

    bool differencing() const {
        std::uint32_t type = 0;
        libvhdi_error_t* error = nullptr;
        if (libvhdi_file_get_disk_type(file_, &type, &error) != 1)
            fail(path_, "cannot read the disk type", error);
        return type == LIBVHDI_DISK_TYPE_DIFFERENTIAL;
    }
    std::string parent_name() const {
        std::size_t size = 0;
        if (libvhdi_file_get_utf8_parent_filename_size(file_, &size, nullptr) != 1 || size == 0 ||
            size > 65536)
            return {};
        std::string name(size, '\0');
        if (libvhdi_file_get_utf8_parent_filename(file_, reinterpret_cast<std::uint8_t*>(name.data()), size,
                                                  nullptr) != 1)
            return {};
        name.resize(std::strlen(name.c_str()));
        std::replace(name.begin(), name.end(), '\\', '/');
        return fs::path(name).filename().string();
    }

  private:
    std::string path_;
    libvhdi_file_t* file_ = nullptr;
};

class VhdxDevice final : public BlockDevice {
  public:
    explicit VhdxDevice(const std::string& path) : path_(path) {
        files_.push_back(std::make_unique<VhdxFile>(path));
        std::string child = path;
        while (files_.back()->differencing()) {
            if (files_.size() > most_parents)
                throw Error(path, "has too many parents, or they are a cycle");
            const std::string name = files_.back()->parent_name();
            const std::string parent = (fs::path(child).parent_path() / name).string();
            if (name.empty() || !fs::exists(parent))
                throw Error(child, fmt::format("its parent '{}' is missing", name),
                            "put the parent beside it");
            files_.push_back(std::make_unique<VhdxFile>(parent));
            child = parent;
        }
        libvhdi_error_t* error = nullptr;
        for (std::size_t i = files_.size() - 1; i > 0; --i)
            if (libvhdi_file_set_parent_file(files_[i - 1]->get(), files_[i]->get(), &error) != 1)
                fail(path, "its parent does not fit", error);
        if (libvhdi_file_get_media_size(files_[0]->get(), &size_, &error) != 1)
            fail(path, "cannot read the disk size", error);
    }
    ~VhdxDevice() override {
        while (!files_.empty()) // children first
            files_.erase(files_.begin());
    }
    std::string name() const override { return path_; }
    std::uint64_t size() const override { return size_; }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        const std::lock_guard lock(mutex_); // a libvhdi file has one position and one cache
        while (!out.empty()) {
            libvhdi_error_t* error = nullptr;
            const ssize_t got = libvhdi_file_read_buffer_at_offset(
                files_[0]->get(), out.data(), std::min<std::size_t>(out.size(), 16U << 20U),
                static_cast<off64_t>(offset), &error);
            if (got <= 0)
                fail(path_, fmt::format("cannot read {} bytes at offset {}", out.size(), offset), error);
            out = out.subspan(static_cast<std::size_t>(got));
            offset += static_cast<std::uint64_t>(got);
        }
    }

  private:
    std::string path_;
    std::vector<std::unique_ptr<VhdxFile>> files_; ///< the child first
    std::uint64_t size_ = 0;
    std::mutex mutex_;
};

} // namespace

bool looks_like_vhdx(const File& file) {
    Bytes start(std::min<std::uint64_t>(file.size(), 8));
    file.read(0, start);
    return start.size() == 8 && std::memcmp(start.data(), "vhdxfile", 8) == 0;
}

BlockDevicePtr open_vhdx(const std::string& path) {
    return std::make_unique<VhdxDevice>(path);
}

} // namespace ntferry::block
