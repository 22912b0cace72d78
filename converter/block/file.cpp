// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ntferry::block {
namespace {

/// Linux moves at most 0x7ffff000 bytes a call.
constexpr std::size_t longest_transfer = std::size_t{1} << 30U;

off_t as_off(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()))
        throw Error({}, fmt::format("offset {} is too large", value));
    return static_cast<off_t>(value);
}

void append(std::vector<Extent>& extents, std::uint64_t offset, std::uint64_t length, ExtentKind kind) {
    if (length == 0)
        return;
    if (!extents.empty() && extents.back().kind == kind)
        extents.back().length += length;
    else
        extents.push_back({offset, length, kind});
}

} // namespace

std::vector<Extent> File::extents(std::uint64_t offset, std::uint64_t length) const {
    if (length == 0)
        return {};
    return {Extent{offset, length, ExtentKind::data}};
}

PosixFile::PosixFile(std::string path, Access access, CreateMode mode) : path_(std::move(path)) {
    int flags = O_CLOEXEC | (access == Access::read_write ? O_RDWR : O_RDONLY);
    if (mode == CreateMode::create_new)
        flags |= O_CREAT | O_EXCL;
    else if (mode == CreateMode::replace)
        flags |= O_CREAT;                     // emptied below, once nobody else is seen writing it
    fd_ = ::open(path_.c_str(), flags, 0644); // NOLINT(cppcoreguidelines-pro-type-vararg)
    if (fd_ < 0)
        throw SystemError(path_, mode == CreateMode::open_existing ? "cannot open" : "cannot create", errno,
                          errno == EEXIST ? "choose another name or remove it first" : "");
    try {
        look_at_it();
        if (access == Access::read_write && !block_device_ && flock(fd_, LOCK_EX | LOCK_NB) != 0 &&
            errno == EWOULDBLOCK)
            throw Error(path_, "is being written by another process", "wait for it or stop it");
        if (mode == CreateMode::replace && !block_device_)
            resize(0);
    } catch (...) {
        ::close(fd_);
        throw;
    }
}

PosixFile::PosixFile(std::string name, int descriptor) : path_(std::move(name)), fd_(descriptor) {
    try {
        look_at_it();
    } catch (...) {
        ::close(fd_);
        throw;
    }
}

PosixFile::~PosixFile() {
    ::close(fd_);
}

void PosixFile::look_at_it() {
    struct stat status {};
    if (fstat(fd_, &status) != 0)
        throw SystemError(path_, "cannot stat", errno);
    if (S_ISBLK(status.st_mode)) {
        block_device_ = true;
        if (ioctl(fd_, BLKGETSIZE64, &device_size_) != 0) // NOLINT(cppcoreguidelines-pro-type-vararg)
            throw SystemError(path_, "cannot ask its size", errno);
    } else if (!S_ISREG(status.st_mode)) {
        throw Error(path_, S_ISDIR(status.st_mode) ? "is a directory" : "is not a file or block device");
    }
}

std::uint64_t PosixFile::size() const {
    if (block_device_)
        return device_size_;
    struct stat status {};
    if (fstat(fd_, &status) != 0)
        throw SystemError(path_, "cannot stat", errno);
    return static_cast<std::uint64_t>(status.st_size);
}

void PosixFile::read(std::uint64_t offset, MutableByteView out) const {
    while (!out.empty()) {
        const ssize_t got = ::pread(fd_, out.data(), std::min(out.size(), longest_transfer), as_off(offset));
        if (got < 0) {
            if (errno == EINTR)
                continue;
            throw ReadError(path_, offset, out.size(), errno);
        }
        if (got == 0)
            throw Error(path_, fmt::format("ends at offset {}, {} more bytes are needed", offset, out.size()),
                        "the file is truncated or shrank");
        out = out.subspan(static_cast<std::size_t>(got));
        offset += static_cast<std::uint64_t>(got);
    }
}

void PosixFile::write(std::uint64_t offset, ByteView data) {
    while (!data.empty()) {
        const ssize_t put =
            ::pwrite(fd_, data.data(), std::min(data.size(), longest_transfer), as_off(offset));
        if (put < 0) {
            if (errno == EINTR)
                continue;
            throw SystemError(path_, fmt::format("cannot write {} bytes at offset {}", data.size(), offset),
                              errno, errno == ENOSPC || errno == EDQUOT ? "make room on the target" : "");
        }
        data = data.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
}

void PosixFile::resize(std::uint64_t size) {
    if (::ftruncate(fd_, as_off(size)) != 0)
        throw SystemError(path_, fmt::format("cannot set its size to {}", size), errno);
}

void PosixFile::sync() {
    if (::fdatasync(fd_) != 0)
        throw SystemError(path_, "cannot make what was written durable", errno);
}

void PosixFile::start_writeback(std::uint64_t offset, std::uint64_t length) {
    // A hint: where it fails, sync() does the work and reports.
    (void)::sync_file_range(fd_, as_off(offset), as_off(length), SYNC_FILE_RANGE_WRITE);
}

bool PosixFile::punch(std::uint64_t offset, std::uint64_t length) {
    return length == 0 ||
           fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, as_off(offset), as_off(length)) == 0;
}

std::vector<Extent> PosixFile::extents(std::uint64_t offset, std::uint64_t length) const {
    if (block_device_ || length == 0)
        return File::extents(offset, length);
    std::vector<Extent> found;
    const std::uint64_t asked_end = checked_add(offset, length);
    // Behind the end of a file that shrank is nothing, not zeros: reading it has to fail.
    const std::uint64_t end = std::clamp(size(), offset, asked_end);
    for (std::uint64_t at = offset; at < end;) {
        const off_t data = ::lseek(fd_, as_off(at), SEEK_DATA);
        if (data < 0 && errno == ENXIO) { // no data up to the end of the file
            append(found, at, end - at, ExtentKind::hole);
            break;
        }
        if (data < 0) {
            append(found, at, end - at, ExtentKind::data);
            break;
        }
        const std::uint64_t data_at = std::min(end, static_cast<std::uint64_t>(data));
        append(found, at, data_at - at, ExtentKind::hole);
        if (data_at == end)
            break;
        const off_t hole = ::lseek(fd_, data, SEEK_HOLE);
        const std::uint64_t hole_at = hole < 0 ? end : std::min(end, static_cast<std::uint64_t>(hole));
        append(found, data_at, hole_at - data_at, ExtentKind::data);
        at = std::max(hole_at, data_at + 1); // a file changed under us must not hold us here
    }
    append(found, end, asked_end - end, ExtentKind::data);
    return found;
}

void sync_directory_of(const std::string& path) {
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    const std::string folder = parent.empty() ? std::string(1, '.') : parent.string();
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); // NOLINT
    if (fd < 0)
        throw SystemError(folder, "cannot open the folder", errno);
    const int result = ::fsync(fd);
    const int error = errno;
    ::close(fd);
    if (result != 0 && error != EINVAL)
        throw SystemError(folder, "cannot make the folder durable", error);
}

} // namespace ntferry::block
