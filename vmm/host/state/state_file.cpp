// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/state/state_file.hpp"

#include "converter/base/error.hpp"
#include "converter/base/shared_library.hpp"
#include "converter/block/file.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

constexpr SharedLibrary libcrypto{"libcrypto.so.3", "libssl3"};
NTFERRY_LATE(libcrypto, EVP_Digest);
NTFERRY_LATE(libcrypto, EVP_DigestFinal_ex);
NTFERRY_LATE(libcrypto, EVP_DigestInit_ex);
NTFERRY_LATE(libcrypto, EVP_DigestUpdate);
NTFERRY_LATE(libcrypto, EVP_MD_CTX_free);
NTFERRY_LATE(libcrypto, EVP_MD_CTX_new);
NTFERRY_LATE(libcrypto, EVP_blake2b512);

constexpr std::string_view MAGIC = "NTFSTATE";
constexpr std::uint32_t FORMAT = 1;
constexpr std::size_t HEADER = 16;
constexpr std::size_t DIGEST = 64;
constexpr std::size_t BUFFER = 1U << 20U;

Bytes header() {
    Bytes bytes(HEADER);
    std::copy(MAGIC.begin(), MAGIC.end(), bytes.begin());
    store_le<std::uint32_t>(bytes, 8, FORMAT);
    return bytes;
}

} // namespace

struct StateFileWriter::Digest {
    Digest() : context(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        if (!context || EVP_DigestInit_ex(context.get(), EVP_blake2b512(), nullptr) != 1)
            throw Error("saved state", "the checksum cannot be computed");
    }
    void add(ByteView data) { EVP_DigestUpdate(context.get(), data.data(), data.size()); }
    std::array<std::uint8_t, DIGEST> end() {
        std::array<std::uint8_t, DIGEST> value{};
        EVP_DigestFinal_ex(context.get(), value.data(), nullptr);
        return value;
    }
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context;
};

void StateFileWriter::load_library() {
    libcrypto.load();
}

StateFileWriter::StateFileWriter(std::string path) : path_(std::move(path)), part_(path_ + ".part") {
    descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor_ < 0)
        throw SystemError(part_, "create", errno, "the machine writes only to its state folder");
    begin();
}

StateFileWriter::StateFileWriter(std::string name, int descriptor)
    : path_(std::move(name)), descriptor_(descriptor) {
    begin();
}

void StateFileWriter::begin() {
    digest_ = std::make_unique<Digest>();
    write(header());
}

StateFileWriter::~StateFileWriter() {
    if (descriptor_ < 0)
        return;
    ::close(descriptor_);
    if (!part_.empty())
        ::unlink(part_.c_str());
}

void StateFileWriter::put(ByteView data) {
    while (!data.empty()) {
        const ssize_t count = ::write(descriptor_, data.data(), data.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            throw SystemError(path_, "write the state", errno);
        data = data.subspan(static_cast<std::size_t>(count));
    }
}

void StateFileWriter::send_out() {
    put(buffer_);
    buffer_.clear();
}

void StateFileWriter::write(ByteView data) {
    digest_->add(data);
    if (data.size() >= BUFFER) {
        send_out();
        put(data);
        return;
    }
    buffer_.insert(buffer_.end(), data.begin(), data.end());
    if (buffer_.size() >= BUFFER)
        send_out();
}

void StateFileWriter::finish() {
    const auto digest = digest_->end();
    buffer_.insert(buffer_.end(), digest.begin(), digest.end());
    send_out();
    if (::fsync(descriptor_) != 0)
        throw SystemError(path_, "make the state durable", errno);
    if (!part_.empty() && ::rename(part_.c_str(), path_.c_str()) != 0)
        throw SystemError(path_, "give the state its name", errno);
    ::close(std::exchange(descriptor_, -1));
    if (!part_.empty())
        block::sync_directory_of(path_);
}

StateFile::StateFile(const std::string& path) : path_(path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        throw SystemError(path, "open the saved state", errno);
    struct stat info {};
    void* memory = MAP_FAILED;
    int error = 0;
    if (::fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        memory = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, file, 0);
        error = errno;
    }
    ::close(file);
    if (memory == MAP_FAILED)
        throw Error(path, error != 0 ? std::strerror(error) : "is no saved machine");
    mapped_ = {static_cast<const std::uint8_t*>(memory), static_cast<std::size_t>(info.st_size)};
    try {
        verify();
    } catch (...) {
        ::munmap(memory, mapped_.size());
        throw;
    }
}

void StateFile::verify() const {
    if (mapped_.size() < HEADER + DIGEST || std::memcmp(mapped_.data(), MAGIC.data(), MAGIC.size()) != 0)
        throw Error(path_, "is no saved machine");
    if (const auto format = load_le<std::uint32_t>(mapped_, 8); format != FORMAT)
        throw Error(path_,
                    fmt::format("has format {} of saved states; this program reads {}", format, FORMAT),
                    "resume it with the version of NTFerry that saved it", ErrorKind::unsupported);
    std::array<std::uint8_t, DIGEST> digest{};
    const std::size_t length = mapped_.size() - DIGEST;
    EVP_Digest(mapped_.data(), length, digest.data(), nullptr, EVP_blake2b512(), nullptr);
    if (std::memcmp(digest.data(), mapped_.data() + length, DIGEST) != 0)
        throw Error(path_, "is damaged: its checksum is another",
                    "start the machine without it: the disks are as they were when it was saved");
}

StateFile::~StateFile() {
    ::munmap(const_cast<std::uint8_t*>(mapped_.data()), mapped_.size()); // NOLINT: mapped by us
}

ByteView StateFile::content() const {
    return mapped_.subspan(HEADER, mapped_.size() - HEADER - DIGEST);
}

} // namespace ntferry::vmm
