// boot.ini from hostile bytes: parsing never fails, an editor that changes nothing gives the bytes back.
// LINK: ntferry_nt
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/boot_ini.hpp"

#include <cstdlib>

using namespace ntferry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView file(data, size);
    const nt::BootIni ini = nt::parse_boot_ini(file);
    (void)ini.default_entry();
    if (size > 65536)
        return 0;
    nt::BootIniEditor editor(file);
    const Bytes same = editor.bytes();
    if (!std::equal(same.begin(), same.end(), file.begin(), file.end()))
        std::abort();
    editor.set_timeout(5);
    editor.set_default("multi(0)disk(0)rdisk(0)partition(1)\\WINNT");
    editor.insert_first("multi(0)disk(0)rdisk(0)partition(1)\\WINNT", "x", "/sos");
    const nt::BootIni edited = nt::parse_boot_ini(editor.bytes());
    if (size < 60000 && ini.entries.size() < 64 && edited.entries.size() != ini.entries.size() + 1)
        std::abort();
    return 0;
}
