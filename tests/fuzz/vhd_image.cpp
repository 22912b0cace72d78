// A VHD file of any bytes: check it, open it, read it, write it when that is allowed.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_block
#include "converter/block/vhd/checker.hpp"
#include "converter/block/vhd/parent_locator.hpp"
#include "converter/block/vhd/vhd.hpp"

#include <algorithm>

using namespace ntferry;
using namespace ntferry::block;

namespace {

class BytesFile final : public File {
  public:
    explicit BytesFile(Bytes content) : content_(std::move(content)) {}
    const std::string& name() const override { return name_; }
    std::uint64_t size() const override { return content_.size(); }
    void read(std::uint64_t offset, MutableByteView out) const override {
        const ByteView part = slice(ByteView(content_), offset, out.size());
        std::copy(part.begin(), part.end(), out.begin());
    }
    void write(std::uint64_t offset, ByteView data) override {
        if (offset + data.size() > (16U << 20U))
            throw Error(name_, "full");
        content_.resize(std::max<std::size_t>(content_.size(), offset + data.size()));
        std::copy(data.begin(), data.end(), content_.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    void resize(std::uint64_t size) override { content_.resize(std::min<std::uint64_t>(size, 16U << 20U)); }
    void sync() override {}
    bool punch(std::uint64_t, std::uint64_t) override { return false; }

  private:
    std::string name_ = "fuzz.vhd";
    Bytes content_;
};

class Zeros final : public BlockDevice {
  public:
    std::string name() const override { return "parent"; }
    std::uint64_t size() const override { return 1U << 20U; }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        std::fill(out.begin(), out.end(), std::uint8_t{0});
    }
};

/// Structures of random bytes never have a valid checksum: give them one, so that what is behind gets tested.
void seal(MutableByteView bytes, std::size_t offset, std::size_t length, std::size_t checksum_at) {
    if (offset + length > bytes.size())
        return;
    const MutableByteView part = bytes.subspan(offset, length);
    store_be<std::uint32_t>(part, checksum_at, vhd::checksum(part, checksum_at));
}

void use(Bytes content, Access access) {
    try {
        const auto disk = vhd::open_image(std::make_unique<BytesFile>(std::move(content)), access,
                                          std::make_shared<Zeros>());
        Bytes buffer(std::min<std::uint64_t>(disk->size(), 65536));
        disk->read(0, buffer);
        disk->read(disk->size() - buffer.size(), buffer);
        disk->extents(0, std::min<std::uint64_t>(disk->size(), 1U << 22U));
        if (access == Access::read_write) {
            std::fill(buffer.begin(), buffer.end(), std::uint8_t{1});
            disk->write(disk->size() - buffer.size(), buffer);
            disk->flush();
        }
    } catch (const Error&) { // NOLINT(bugprone-empty-catch): refusing is right
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > (1U << 20U))
        return 0;
    Bytes content(data + 1, data + size);
    if ((data[0] & 1U) != 0) {
        seal(content, 0, 512, 64);
        seal(content, 512, 1024, 36);
        if (content.size() >= 512)
            seal(content, content.size() - 512, 512, 64);
    }
    try {
        BytesFile file(content);
        vhd::check(file);
        const vhd::Layout layout = vhd::read_layout(file);
        if (layout.header)
            vhd::parent_candidates("/a/b.vhd", vhd::stored_parent_names(file, *layout.header));
    } catch (const Error&) { // NOLINT(bugprone-empty-catch): refusing is right
    }
    BytesFile mended(content);
    try {
        vhd::repair(mended);
    } catch (const Error&) { // NOLINT(bugprone-empty-catch)
    }
    use(content, Access::read_only);
    use(std::move(content), Access::read_write);
    return 0;
}
