// Captures a disk into a VHD: only what matters, around what cannot be read, so that it can be interrupted,
// resumed, repeated and proved.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "converter/block/device.hpp"
#include "converter/block/rescue_map.hpp"
#include "converter/capture/losses.hpp"
#include "converter/capture/manifest.hpp"
#include "converter/capture/used_map.hpp"

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

namespace ntferry::capture {

enum class CaptureMode : std::uint8_t {
    fresh,  ///< the image must not exist
    resume, ///< goes on with image and map
    update, ///< compares the whole source with the manifest and writes what changed
};

struct CaptureOptions {
    CaptureMode mode = CaptureMode::fresh;
    bool raw = false;                    ///< every sector, free space and page file too
    bool trust_dirty = false;            ///< skip free space also on volumes that were not shut down cleanly
    bool digests = true;                 ///< compute the manifest
    unsigned retries = 2;                ///< extra passes over sectors that stay bad
    std::string map_path;                ///< default: image path + ".map"
    std::chrono::seconds save_every{30}; ///< how much work a power cut may cost
};

struct CaptureResult {
    std::uint64_t source_size = 0;
    std::uint64_t image_size = 0;
    std::uint64_t read_bytes = 0;    ///< from the source
    std::uint64_t written_bytes = 0; ///< data in the image, zeros left out
    std::uint64_t free_bytes = 0;    ///< left out
    std::uint64_t page_file_bytes = 0;
    std::uint64_t changed_chunks = 0; ///< update: chunks that were written
    std::vector<MappedVolume> volumes;
    std::vector<Loss> losses;
    std::string manifest_path; ///< empty without digests
    bool complete() const { return losses.empty(); }
};

/// Captures source, which is only read, into the VHD image_path.
///
/// The map (ddrescue's format) and the image are made durable every save_every and at the end, in that order:
/// what the map calls finished is in the image, whatever happens.
/// @throws Error; Interrupted when stop is requested. Image and map stay for CaptureMode::resume
CaptureResult capture(block::BlockDevice& source, const std::string& image_path,
                      const CaptureOptions& options, Progress& progress, std::stop_token stop = {});

} // namespace ntferry::capture
