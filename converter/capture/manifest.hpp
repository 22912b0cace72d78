// Manifest: SHA-256 of every 4 MiB of a captured disk, as JSON beside the image.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/capture/sha256.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::capture {

constexpr std::uint64_t manifest_chunk = 4U << 20U;

/// What a capture left out: nothing, free space and page file, the same also on dirty volumes.
constexpr const char* captured_raw = "raw";
constexpr const char* captured_used = "used";
constexpr const char* captured_trusting_dirty = "used, dirty volumes too";

/// A part that could not be read; zeros in the image.
struct ManifestLoss {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string what;
};

struct Manifest {
    std::string source;          ///< how the source was called
    std::string captured;        ///< one of the names above
    std::string time;            ///< UTC, ISO 8601
    std::uint64_t disk_size = 0; ///< of the source, bytes; the image may be longer, in zeros
    std::uint64_t free_bytes = 0;
    std::uint64_t page_file_bytes = 0;
    std::vector<Digest> chunks; ///< chunk i covers [i, i + 1) * 4 MiB; the last one may be shorter
    std::vector<ManifestLoss> losses;

    static std::uint64_t chunks_of(std::uint64_t disk_size) {
        return disk_size / manifest_chunk + (disk_size % manifest_chunk != 0 ? 1 : 0);
    }
    std::uint64_t chunk_length(std::size_t index) const;
    /// The whole disk: SHA-256 of all chunks' digests (32 bytes each) in order. A tree, so that it can be
    /// computed in parallel, for a part that changed, and without hashing the zeros of an empty disk.
    Digest disk_digest() const;

    /// @throws Error naming what is wrong: syntax, a missing member, a count or digest that does not fit
    static Manifest parse(std::string_view json, const std::string& name);
    static Manifest load(const std::string& path);
    /// Replaces the file at once, durably.
    void save(const std::string& path) const;
    std::string to_json() const;
    /// The same in pieces: the text for a large disk need not be in memory at once.
    void write_json(const std::function<void(std::string_view)>& out) const;
};

/// "disk0.vhd.manifest.json".
std::string manifest_path_for(const std::string& image_path);

/// The digest of `length` zeros; cheap for the usual lengths.
Digest zero_digest(std::uint64_t length);

} // namespace ntferry::capture
