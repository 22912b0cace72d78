# The restart pages of an NTFS $LogFile that was in use when the power went.
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layout: restart page header, restart area and client record of the log file service, version 1.1 as NT 4.0 writes
(documented in ntfs-3g's logfile.h). The client is in use and the area's flags do not say clean; the rest is 0xFF."""
import struct

PAGE = 4096
NO_CLIENT = 0xFFFF


def _restart_page(log_size, lsn):
    page = bytearray(PAGE)
    usa_offset, usa_count, area = 0x1E, PAGE // 512 + 1, 0x30
    struct.pack_into("<4sHHQIIHHH", page, 0, b"RSTR", usa_offset, usa_count, 0, PAGE, PAGE, area, 1, 1)
    client_array, record_size = 0x30, 0xA0
    struct.pack_into("<QHHHHIHHQIHHII", page, area, lsn, 1, NO_CLIENT, 0, 0, 67 - log_size.bit_length(), client_array + record_size, client_array,
                     log_size, 0, 0x30, 0x40, 1, 0)
    struct.pack_into("<QQHHHHII", page, area + client_array, lsn, lsn, NO_CLIENT, NO_CLIENT, 0, 0, 0, 8)
    page[area + client_array + 32:area + client_array + 40] = "NTFS".encode("utf-16-le")
    # update sequence array: the last word of each sector is kept in the array
    struct.pack_into("<H", page, usa_offset, 1)
    for i in range(1, usa_count):
        end = 512 * i - 2
        page[usa_offset + 2 * i:usa_offset + 2 * i + 2] = page[end:end + 2]
        struct.pack_into("<H", page, end, 1)
    return bytes(page)


def unclean(log_size):
    """The first two pages; the caller's $LogFile keeps what follows."""
    return _restart_page(log_size, 0x100200) + _restart_page(log_size, 0x100210)
