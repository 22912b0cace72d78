// A PE file from hostile bytes: headers, checksum, imports, exports, version.
// LINK: ntferry_nt
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/pe/version.hpp"

using namespace ntferry;
using namespace ntferry::nt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView file(data, size);
    try {
        const pe::Headers headers = pe::parse_headers(file, "fuzz");
        (void)pe::checksum_good(file, headers);
        const auto attempt = [](auto&& read) {
            try {
                (void)read();
            } catch (const Error&) {
            }
        };
        attempt([&] { return pe::read_imports(file, headers); });
        attempt([&] { return pe::read_exports(file, headers); });
        attempt([&] { return pe::read_version(file, headers); });
    } catch (const Error&) {
    }
    return 0;
}
