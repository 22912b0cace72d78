// A disk of any bytes: partition table, NTFS and FAT tables. The input: sectors, each led by its number.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_capture
#include "converter/capture/used_map.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

using namespace ntferry;

namespace {

class SparseBytes final : public block::BlockDevice {
  public:
    SparseBytes(const std::uint8_t* data, std::size_t size) {
        for (std::size_t at = 0; at + 514 <= size; at += 514)
            sectors_[static_cast<std::uint64_t>(data[at]) << 8U | data[at + 1]].assign(data + at + 2,
                                                                                       data + at + 514);
    }
    std::string name() const override { return "fuzz"; }
    std::uint64_t size() const override { return 32U << 20U; }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        std::fill(out.begin(), out.end(), std::uint8_t{0});
        for (std::uint64_t at = offset; at < offset + out.size();) {
            const std::uint64_t length = std::min(512 - at % 512, offset + out.size() - at);
            if (const auto sector = sectors_.find(at / 512); sector != sectors_.end())
                std::copy_n(sector->second.begin() + static_cast<std::ptrdiff_t>(at % 512), length,
                            out.begin() + static_cast<std::ptrdiff_t>(at - offset));
            at += length;
        }
    }

  private:
    std::map<std::uint64_t, Bytes> sectors_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    SparseBytes disk(data, size);
    const capture::UsedMap map = capture::build_used_map(disk);
    std::uint64_t end = 0;
    for (const capture::Skip& skip : map.skips.ranges()) {
        if (skip.offset < end || skip.end() > disk.size() || skip.length == 0)
            std::abort();
        end = skip.end();
    }
    return 0;
}
