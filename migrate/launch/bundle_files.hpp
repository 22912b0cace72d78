// The files of a bundle, and their pieces with digests.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/capture/sha256.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::launch {

constexpr std::uint64_t piece_size = 4U << 20U;

struct BundleFile {
    std::string path; ///< relative, with '/'
    std::uint64_t size = 0;
    unsigned mode = 0;        ///< permission bits
    std::int64_t seconds = 0; ///< mtime
    std::int64_t nanoseconds = 0;
};

/// All regular files that belong to the bundle, by path: not the marks and locks of this host, not throw-away
/// things. @throws Error
std::vector<BundleFile> bundle_files(const std::string& bundle);

/// Whether a path that another host names may be written: relative, no "..", no empty part, no mark of this
/// host.
bool is_safe_path(const std::string& path);

/// An open file, in pieces.
class PiecedFile {
  public:
    enum class Mode : std::uint8_t { read, write };
    /// Mode write creates it. Symbolic links are not followed. @throws Error
    PiecedFile(std::string path, Mode mode);
    ~PiecedFile();
    PiecedFile(const PiecedFile&) = delete;
    PiecedFile& operator=(const PiecedFile&) = delete;

    std::uint64_t size() const;
    void resize(std::uint64_t size);
    std::uint64_t pieces() const { return (size() + piece_size - 1) / piece_size; }
    std::uint64_t length_of(std::uint64_t piece) const;
    /// Holes cost no reading.
    capture::Digest digest(std::uint64_t piece) const;
    /// All of them.
    std::vector<capture::Digest> digests() const;
    Bytes read(std::uint64_t piece) const;
    /// Zeros in whole pages become holes.
    void write(std::uint64_t piece, ByteView data);
    void zero(std::uint64_t piece);
    /// Everything durable, then permissions and time.
    void finish(const BundleFile& as);

  private:
    bool is_hole(std::uint64_t offset, std::uint64_t length) const;
    std::string path_;
    int fd_ = -1;
};

/// One digest over all.
capture::Digest digest_of(const std::vector<capture::Digest>& digests);

} // namespace ntferry::launch
