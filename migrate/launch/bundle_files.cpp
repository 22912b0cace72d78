// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/bundle_files.hpp"

#include "converter/base/error.hpp"
#include "converter/block/copy.hpp"
#include "converter/capture/manifest.hpp"
#include "migrate/launch/settings.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ntferry::launch {
namespace {

namespace fs = std::filesystem;

bool is_mark(const std::string& path) {
    return path == moved_file || path == incoming_file || path == run_lock_file;
}

} // namespace

std::vector<BundleFile> bundle_files(const std::string& bundle) {
    std::vector<BundleFile> files;
    const fs::path root(bundle);
    for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator(); ++at) {
        const std::string path = at->path().lexically_relative(root).generic_string();
        if (path == "state/trial") {
            at.disable_recursion_pending();
            continue;
        }
        if (!at->is_regular_file() || at->is_symlink() || is_mark(path))
            continue;
        struct stat facts {};
        if (::lstat(at->path().c_str(), &facts) != 0)
            throw SystemError(at->path().string(), "look at", errno);
        files.push_back({path, static_cast<std::uint64_t>(facts.st_size), facts.st_mode & 0777U,
                         facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec});
    }
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return files;
}

bool is_safe_path(const std::string& path) {
    if (path.empty() || path.size() > 4096 || path.find('\0') != std::string::npos || is_mark(path))
        return false;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string part = path.substr(begin, end - begin);
        if (part.empty() || part == "." || part == "..")
            return false;
        if (end == path.size())
            return true;
        begin = end + 1;
    }
}

PiecedFile::PiecedFile(std::string path, Mode mode) : path_(std::move(path)) {
    if (mode == Mode::write)
        // Captures are read-only files; their owner may write them while they are made.
        static_cast<void>(!::fchmodat(AT_FDCWD, path_.c_str(), 0600, 0));
    fd_ = ::open(path_.c_str(), (mode == Mode::write ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW,
                 0600);
    if (fd_ < 0)
        throw SystemError(path_, "open", errno);
}

PiecedFile::~PiecedFile() {
    ::close(fd_);
}

std::uint64_t PiecedFile::size() const {
    struct stat facts {};
    if (::fstat(fd_, &facts) != 0)
        throw SystemError(path_, "look at", errno);
    return static_cast<std::uint64_t>(facts.st_size);
}

void PiecedFile::resize(std::uint64_t size) {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0)
        throw SystemError(path_, "resize", errno);
}

std::uint64_t PiecedFile::length_of(std::uint64_t piece) const {
    return std::min(piece_size, size() - piece * piece_size);
}

bool PiecedFile::is_hole(std::uint64_t offset, std::uint64_t length) const {
    const off_t data = ::lseek(fd_, static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0)
        return errno == ENXIO; // nothing but a hole up to the end
    return static_cast<std::uint64_t>(data) >= offset + length;
}

Bytes PiecedFile::read(std::uint64_t piece) const {
    Bytes bytes(length_of(piece));
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t count = ::pread(fd_, bytes.data() + done, bytes.size() - done,
                                      static_cast<off_t>(piece * piece_size + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            throw SystemError(path_, "read", errno);
        if (count == 0)
            throw Error(path_, "became shorter while it was read", "stop what writes to it");
        done += static_cast<std::size_t>(count);
    }
    return bytes;
}

capture::Digest PiecedFile::digest(std::uint64_t piece) const {
    const std::uint64_t length = length_of(piece);
    return is_hole(piece * piece_size, length) ? capture::zero_digest(length) : capture::sha256(read(piece));
}

std::vector<capture::Digest> PiecedFile::digests() const {
    std::vector<capture::Digest> all;
    const std::uint64_t count = pieces();
    all.reserve(count);
    for (std::uint64_t piece = 0; piece < count; ++piece)
        all.push_back(digest(piece));
    return all;
}

void PiecedFile::write(std::uint64_t piece, ByteView data) {
    zero(piece);
    block::for_each_nonzero(data, [&](std::size_t offset, std::size_t length) {
        for (std::size_t done = 0; done < length;) {
            const ssize_t count = ::pwrite(fd_, data.data() + offset + done, length - done,
                                           static_cast<off_t>(piece * piece_size + offset + done));
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                throw SystemError(path_, "write", errno);
            done += static_cast<std::size_t>(count);
        }
    });
}

void PiecedFile::zero(std::uint64_t piece) {
    const std::uint64_t offset = piece * piece_size;
    const std::uint64_t length = length_of(piece);
    if (is_hole(offset, length) || ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                               static_cast<off_t>(offset), static_cast<off_t>(length)) == 0)
        return;
    const Bytes zeros(length); // a file system without holes
    if (::pwrite(fd_, zeros.data(), zeros.size(), static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(zeros.size()))
        throw SystemError(path_, "write", errno);
}

void PiecedFile::finish(const BundleFile& as) {
    if (::fsync(fd_) != 0)
        throw SystemError(path_, "write", errno);
    const timespec times[2] = {{as.seconds, as.nanoseconds}, {as.seconds, as.nanoseconds}};
    if (::fchmod(fd_, as.mode) != 0 || ::futimens(fd_, times) != 0)
        throw SystemError(path_, "set permissions", errno);
}

capture::Digest digest_of(const std::vector<capture::Digest>& digests) {
    capture::Sha256 sum;
    for (const capture::Digest& digest : digests)
        sum.update(digest);
    return sum.finish();
}

} // namespace ntferry::launch
