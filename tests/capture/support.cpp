// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/capture/support.hpp"

#include "converter/block/open.hpp"
#include "tests/support/run.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

namespace ntferry::test {

void FailingDisk::read(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    if (++reads > gone_after)
        throw block::ReadError(name(), offset, out.size(), ENODEV);
    if (offset + out.size() > ends_at)
        throw Error(name(), "ends early", "the file is truncated or shrank");
    const auto at = bad.lower_bound(offset / 512);
    if (at != bad.end() && *at * 512 < offset + out.size())
        throw block::ReadError(name(), offset, out.size(), EIO);
    bytes_read += out.size();
    for (std::uint64_t piece = offset >> 16U; piece <= (offset + out.size() - 1) >> 16U; ++piece)
        touched.insert(piece);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
}

Bytes noise(std::size_t size, unsigned seed) {
    std::mt19937_64 random(seed);
    Bytes bytes(size);
    for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
        std::uint64_t word = random();
        word |= (word - 0x0101010101010101U) & ~word & 0x8080808080808080U; // 80h where there was a zero byte
        std::memcpy(bytes.data() + at, &word, std::min(sizeof word, size - at));
    }
    return bytes;
}

Bytes read_all(block::BlockDevice& disk) {
    Bytes bytes(disk.size());
    disk.read(0, bytes);
    return bytes;
}

Bytes image_content(const std::string& path, std::size_t size) {
    Bytes bytes = read_all(*block::open_disk(path));
    bytes.resize(size);
    return bytes;
}

std::string make_volume_disk(const std::string& folder, const std::string& make) {
    const bool ntfs = make == "ntfs";
    for (const char* program : {"mkntfs", "ntfscp", "mkfs.fat", "mcopy"})
        if (!have_program(program))
            return {};
    const std::string disk = folder + "/" + make + ".img";
    const std::string mib = make == "fat32"       ? "80"
                            : make == "fat16-64k" ? "300"
                            : make == "fat12"     ? "6"
                                                  : "24";
    std::string script =
        "set -e; cd " + folder + "; dd if=/dev/zero of=volume bs=1M count=0 seek=" + mib + " 2>/dev/null\n";
    if (ntfs)
        script += "mkntfs -q -F -Q -c 4096 -p 63 -H 255 -S 63 volume\n";
    else
        script += "mkfs.fat -F " + make.substr(3, 2) + (make == "fat16-64k" ? " -s 128" : "") +
                  " -h 63 volume >/dev/null\n";
    // A page file, then a file behind it, so that the page file is not the last thing on the volume.
    script += "head -c 2000000 /dev/urandom >page; head -c 700000 /dev/urandom >data\n";
    if (ntfs)
        script += "ntfscp -q -f volume page pagefile.sys; ntfscp -q -f volume data data.bin\n";
    else
        script += "mcopy -i volume page ::/pagefile.sys; mcopy -i volume data ::/data.bin\n";
    script += "dd if=/dev/zero of=" + disk + " bs=512 count=63 2>/dev/null; cat volume >>" + disk +
              "; echo 'label: dos\nstart=63, type=" + (ntfs ? "7" : "6") + "' | sfdisk -q --force " + disk;
    return run_shell(script).exit_code == 0 ? disk : std::string();
}

} // namespace ntferry::test
