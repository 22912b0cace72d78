// DISK\Information: parsed, written, parsed again.
// LINK: ntferry_volume
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ft/drive_letters.hpp"

using namespace ntferry;
using namespace ntferry::volume::ft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const DiskInformation information = parse_disk_information({data, size});
        find_sets(information);
        const Bytes written = serialise(information);
        if (serialise(parse_disk_information(written)) != written)
            __builtin_trap();
        LetterInput input;
        input.information = information;
        input.cdroms = 2;
        derive_letters(input);
    } catch (const Error&) {
    }
    return 0;
}
