// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/stream.hpp"

#include "converter/block/raw.hpp"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ntferry::block {
namespace {

constexpr std::size_t chunk_size = 1U << 20U;
constexpr std::size_t hole_size = 64U << 10U;

int unnamed_file() {
    const char* folder = std::getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): before any thread writes it
    const std::string path = folder != nullptr ? folder : "/var/tmp";
    const int fd = ::open(path.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); // NOLINT
    if (fd < 0)
        throw SystemError(path, "cannot make a file for the stream", errno,
                          "set TMPDIR to a folder with room");
    return fd;
}

/// Fills the buffer as far as the stream goes.
std::size_t read_chunk(int descriptor, MutableByteView buffer, const std::string& name) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const ssize_t got = ::read(descriptor, buffer.data() + filled, buffer.size() - filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw SystemError(name, "cannot read the stream", errno);
        if (got == 0)
            break;
        filled += static_cast<std::size_t>(got);
    }
    return filled;
}

} // namespace

BlockDevicePtr open_stream(int descriptor, const std::string& name) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0)
        throw SystemError(name, "cannot stat", errno);
    if (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)) {
        const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3); // NOLINT
        if (copy < 0)
            throw SystemError(name, "cannot duplicate the descriptor", errno);
        return std::make_unique<RawDevice>(std::make_unique<PosixFile>(name, copy), Access::read_only);
    }
    auto file = std::make_unique<PosixFile>(name, unnamed_file());
    Bytes buffer(chunk_size);
    std::uint64_t size = 0;
    for (;;) {
        const std::size_t filled = read_chunk(descriptor, buffer, name);
        for (std::size_t at = 0; at < filled; at += hole_size) {
            const ByteView part = ByteView(buffer).subspan(at, std::min(hole_size, filled - at));
            if (!all_zero(part))
                file->write(size + at, part);
        }
        size += filled;
        if (filled < buffer.size())
            break;
    }
    file->resize(size);
    return std::make_unique<RawDevice>(std::move(file), Access::read_only);
}

BlockDevicePtr open_standard_input() {
    if (isatty(STDIN_FILENO) == 1)
        throw Error("-", "standard input is a terminal, not a disk", "pipe a disk into it", ErrorKind::usage);
    return open_stream(STDIN_FILENO, "standard input");
}

} // namespace ntferry::block
