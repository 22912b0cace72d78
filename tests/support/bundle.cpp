// Bundles for tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/bundle.hpp"

#include "converter/block/copy.hpp"
#include "converter/block/open.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/run.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace ntferry::test {
namespace {

namespace fs = std::filesystem;

void must(const std::string& command) {
    const RunResult result = run_shell(command);
    if (result.exit_code != 0)
        throw std::runtime_error(command + ": " + result.err);
}

} // namespace

std::string make_bundle(const std::string& variant, const std::string& folder, bool agent) {
    const fs::path disks = fs::path(folder) / "disks";
    fs::create_directories(disks);
    const std::size_t count = lookalike_facts(variant).at("disks").as_array().size();
    for (unsigned index = 0; index < count; ++index) {
        const std::string path = (disks / ("disk" + std::to_string(index) + ".vhd")).string();
        const auto source =
            block::open_disk(agent ? lookalike_linux_disk(variant, index) : lookalike_disk(variant, index));
        const auto target = block::vhd::create_dynamic(path, source->size());
        SilentProgress progress;
        block::copy_disk(*source, *target, progress);
        fs::permissions(path, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
    }
    return folder;
}

void write_raw(const std::string& vhd, const std::string& image) {
    const auto disk = block::open_disk(vhd);
    std::ofstream out(image, std::ios::binary);
    Bytes buffer(std::size_t{1} << 20U);
    for (const block::Extent& extent : disk->extents(0, disk->size())) {
        if (extent.kind != block::ExtentKind::data)
            continue;
        for (std::uint64_t done = 0; done < extent.length; done += buffer.size()) {
            const auto length = std::min<std::uint64_t>(buffer.size(), extent.length - done);
            disk->read(extent.offset + done, MutableByteView(buffer).first(length));
            out.seekp(static_cast<std::streamoff>(extent.offset + done));
            out.write(reinterpret_cast<const char*>(buffer.data()), static_cast<std::streamsize>(length));
        }
    }
    out.close();
    fs::resize_file(image, disk->size());
}

void extract_file(const std::string& image, std::uint64_t start, std::uint64_t length, bool ntfs,
                  const std::string& path, const std::string& target) {
    if (!ntfs) {
        must("mcopy -n -o -i '" + image + "@@" + std::to_string(start) + "' '::" + path + "' '" + target +
             "'");
        return;
    }
    const std::string volume = target + ".volume";
    must("dd if='" + image + "' of='" + volume + "' bs=1M iflag=skip_bytes,count_bytes skip=" +
         std::to_string(start) + " count=" + std::to_string(length) + " conv=sparse status=none");
    must("ntfscat -f '" + volume + "' '" + path + "' > '" + target + "'");
    fs::remove(volume);
}

} // namespace ntferry::test
