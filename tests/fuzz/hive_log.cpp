// A primary, a log and an alternate from hostile bytes: recovery never crashes and never lies about success.
// LINK: ntferry_registry
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/hive.hpp"
#include "converter/registry/recovery.hpp"

#include <cstdlib>

using namespace ntferry;
using namespace ntferry::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Two lengths in pages of 512 bytes, then the three files.
    if (size < 2)
        return 0;
    const ByteView input(data + 2, size - 2);
    const std::size_t primary = std::min<std::size_t>(std::size_t{data[0]} * 512, input.size());
    const std::size_t log = std::min<std::size_t>(std::size_t{data[1]} * 512, input.size() - primary);
    Bytes image(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(primary));
    Bytes log_image(input.begin() + static_cast<std::ptrdiff_t>(primary),
                    input.begin() + static_cast<std::ptrdiff_t>(primary + log));
    // Checksums are made right, or no input would ever get past them.
    for (Bytes* file : {&image, &log_image})
        if (file->size() >= 512)
            store_le<std::uint32_t>(*file, 508, base_block_checksum(*file));
    try {
        const RecoveredHive recovered =
            recover_hive({image, ByteView(log_image), input.subspan(primary + log)}, "fuzz");
        const BaseBlock base = parse_base_block(recovered.image, "fuzz");
        if (!base.checksum_good() || !base.sequences_equal() || !check_bins(recovered.image, base).empty())
            std::abort();
    } catch (const Error&) {
    }
    return 0;
}
