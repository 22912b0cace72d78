// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/stock_drivers.hpp"

#include "converter/base/text.hpp"

#include <algorithm>
#include <array>

namespace ntferry::nt {
namespace {

// From the CD's txtsetup.sif, the service pack lists (KB Q172965, Q235373) and the optional network
// components.
constexpr auto names = std::to_array<std::string_view>({
    "4mmdat",   "abiosdsk", "afd",       "aha154x",  "aha174x",  "aic78xx",  "always",   "ami0nt",
    "amdpcn",   "amsint",   "appletalk", "arrow",    "asyncmac", "atapi",    "atdisk",   "ati",
    "beep",     "bh",       "buslogic",  "busmouse", "cdaudio",  "cdfs",     "cdrom",    "changer",
    "cirrus",   "cpqarray", "cpqfws2e",  "dac960nt", "dc21x4",   "dce376nt", "delldsa",  "dell_dgx",
    "dfs",      "dgx",      "disk",      "diskperf", "dlc",      "dptscsi",  "dtc329x",  "e100b",
    "el59x",    "el90x",    "elnk3",     "et4000",   "fastfat",  "fd16_700", "fd7000ex", "fd8xx",
    "flashpnt", "floppy",   "fs_rec",    "ftdisk",   "gpc",      "halftone", "hpscan",   "i8042prt",
    "inport",   "irda",     "jazzg300",  "jazzg364", "jzvxl484", "kbdclass", "ksecdd",   "mga",
    "mga_mil",  "mitsumi",  "mkecr5xx",  "modem",    "mouclass", "msfs",     "mup",      "nbf",
    "ncr53c9x", "ncr77c22", "ncrc700",   "ncrc710",  "ndis",     "ndistapi", "ndiswan",  "ne2000",
    "netbios",  "netbt",    "netdetect", "netflx3",  "nm",       "npfs",     "ntfs",     "null",
    "nwlnkipx", "nwlnknb",  "nwlnkspx",  "nwrdr",    "oliscsi",  "parallel", "parport",  "parvdm",
    "pcidump",  "pcmcia",   "pnpisa",    "pptpm",    "psidisp",  "ql10wnt",  "qv",       "rasacd",
    "rasarp",   "raspptpe", "raspptpf",  "rdr",      "s3",       "scsiprnt", "scsiscan", "serial",
    "sermouse", "sfloppy",  "sfmsrv",    "simbad",   "slcd32",   "sparrow",  "spock",    "srv",
    "streams",  "symc810",  "t128",      "t13b",     "tape",     "tcpip",    "tdi",      "tdasync",
    "tdipx",    "tdnetb",   "tdpipe",    "tdtcp",    "tga",      "tmv1",     "ultra124", "ultra14f",
    "ultra24f", "v7vram",   "vga",       "vgasave",  "vgastart", "wd33c93",  "wd90c24a", "wdvga",
    "weitekp9", "winstrm",  "xga",
});

} // namespace

bool is_stock_driver(std::string_view service_name) noexcept {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view one) { return text::iequals(one, service_name); });
}

} // namespace ntferry::nt
