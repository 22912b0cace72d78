// Small file operations that survive a power cut.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/durable.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ntferry::patch::durable {
namespace {

constexpr std::size_t largest_text = std::size_t{64} << 20U;
constexpr std::size_t page = 4096;

class Descriptor {
  public:
    Descriptor(const std::string& path, int flags)
        : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
        if (fd_ < 0)
            throw SystemError(path, "cannot open", errno);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { ::close(fd_); }

    void sync() const {
        if (::fsync(fd_) != 0)
            throw SystemError(path_, "cannot make it durable", errno);
    }
    std::size_t read(MutableByteView out) const {
        ssize_t got = 0;
        do
            got = ::read(fd_, out.data(), out.size());
        while (got < 0 && errno == EINTR);
        if (got < 0)
            throw SystemError(path_, "cannot read", errno);
        return static_cast<std::size_t>(got);
    }
    void write(std::string_view content) const {
        while (!content.empty()) {
            const ssize_t put = ::write(fd_, content.data(), content.size());
            if (put < 0 && errno == EINTR)
                continue;
            if (put < 0)
                throw SystemError(path_, "cannot write", errno);
            content.remove_prefix(static_cast<std::size_t>(put));
        }
    }

    std::uint64_t size() const {
        struct stat info {};
        if (::fstat(fd_, &info) != 0)
            throw SystemError(path_, "cannot read", errno);
        return static_cast<std::uint64_t>(info.st_size);
    }
    /// Fills the buffer or ends at the end of the file.
    std::size_t read_at(std::uint64_t offset, MutableByteView out) const {
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t got =
                ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw SystemError(path_, "cannot read", errno);
            if (got == 0)
                break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }
    /// Where data begin at or after an offset; the size when only a hole follows.
    std::uint64_t next_data(std::uint64_t offset, std::uint64_t size) const {
        const off_t at = ::lseek(fd_, static_cast<off_t>(offset), SEEK_DATA);
        if (at >= 0)
            return static_cast<std::uint64_t>(at);
        return errno == ENXIO ? size : offset; // a file system that knows no holes
    }

  private:
    std::string path_;
    int fd_;
};

/// SHA-256 by OpenSSL.
class Hash {
  public:
    Hash() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
        check(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
    }
    void update(ByteView bytes) { check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }
    std::string finish() {
        std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
        unsigned length = 0;
        check(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1);
        return to_hex(ByteView(digest.data(), length));
    }

  private:
    static void check(bool good) {
        if (!good)
            throw Error("SHA-256", "OpenSSL cannot compute it");
    }
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

void sync_folder(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path();
    Descriptor(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY).sync();
}

} // namespace

void write(const std::string& path, std::string_view content) {
    const std::string fresh = path + ".new";
    {
        const Descriptor file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
        file.write(content);
        file.sync();
    }
    replace(fresh, path);
}

void replace(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0)
        throw SystemError(to, "cannot put it into place", errno);
    sync_folder(to);
}

bool remove(const std::string& path) {
    if (::unlink(path.c_str()) != 0) {
        if (errno == ENOENT)
            return false;
        throw SystemError(path, "cannot remove", errno);
    }
    sync_folder(path);
    return true;
}

std::string read_text(const std::string& path) {
    const Descriptor file(path, O_RDONLY);
    std::string text;
    Bytes buffer(std::size_t{64} << 10U);
    while (const std::size_t got = file.read(buffer)) {
        text.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got));
        if (text.size() > largest_text)
            throw Error(path, "is larger than 64 MiB");
    }
    return text;
}

std::pair<std::uint64_t, std::string> hash_file(const std::string& path) {
    const Descriptor file(path, O_RDONLY);
    Hash hash;
    Bytes buffer(std::size_t{1} << 20U);
    std::uint64_t size = 0;
    while (const std::size_t got = file.read(buffer)) {
        size += got;
        hash.update(ByteView(buffer).first(got));
    }
    return {size, hash.finish()};
}

std::pair<std::uint64_t, std::string> hash_pages(const std::string& path) {
    const Descriptor file(path, O_RDONLY);
    const std::uint64_t size = file.size();
    Hash hash;
    Bytes buffer(std::size_t{256} << 10U);
    std::uint64_t at = file.next_data(0, size);
    while (at < size) {
        at = at / page * page; // where data begin in the middle of one
        const std::size_t got = file.read_at(at, buffer);
        if (got == 0)
            throw Error(path, "became shorter while it was read");
        for (std::size_t done = 0; done < got; done += page) {
            const ByteView bytes = ByteView(buffer).subspan(done, std::min(page, got - done));
            if (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0)
                continue;
            std::array<std::uint8_t, 8> offset{};
            store_le(MutableByteView(offset), 0, at + done);
            hash.update(offset);
            hash.update(bytes);
        }
        at = file.next_data(at + got, size);
    }
    return {size, hash.finish()};
}

} // namespace ntferry::patch::durable
