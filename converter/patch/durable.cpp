// Small file operations that survive a power cut.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/durable.hpp"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <unistd.h>

namespace ntferry::patch::durable {
namespace {

constexpr std::size_t largest_text = std::size_t{64} << 20U;

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

  private:
    std::string path_;
    int fd_;
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
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1)
        throw Error("SHA-256", "OpenSSL cannot compute it");
    Bytes buffer(std::size_t{1} << 20U);
    std::uint64_t size = 0;
    while (const std::size_t got = file.read(buffer)) {
        size += got;
        if (EVP_DigestUpdate(context.get(), buffer.data(), got) != 1)
            throw Error("SHA-256", "OpenSSL cannot compute it");
    }
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_DigestFinal_ex(context.get(), digest.data(), &length) != 1)
        throw Error("SHA-256", "OpenSSL cannot compute it");
    return {size, to_hex(ByteView(digest.data(), length))};
}

} // namespace ntferry::patch::durable
