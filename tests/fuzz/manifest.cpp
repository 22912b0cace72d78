// A manifest of any bytes.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_capture
#include "converter/capture/manifest.hpp"

#include <cstdlib>

using ntferry::capture::Manifest;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const Manifest manifest = Manifest::parse({reinterpret_cast<const char*>(data), size}, "fuzz.json");
        if (Manifest::parse(manifest.to_json(), "again.json").chunks != manifest.chunks)
            std::abort();
    } catch (const ntferry::Error&) { // NOLINT(bugprone-empty-catch): refusing is right
    }
    return 0;
}
