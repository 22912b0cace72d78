// layers.json of a state folder: whatever it says, only layers in that folder and their bases are named.
// LINK: ntferry_vmm_host
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/state/disk_layers.hpp"
#include "converter/base/error.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

/// Removed with the process.
struct Folder {
    Folder() {
        std::string name =
            std::filesystem::exists("/dev/shm") ? "/dev/shm/layers-XXXXXX" : "/tmp/layers-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr)
            std::abort();
        path = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string path;
};

void must(bool holds) {
    if (!holds)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using ntferry::vmm::DiskLayers;
    static const Folder folder;
    {
        std::ofstream file(folder.path + "/layers.json", std::ios::binary | std::ios::trunc);
        file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    }
    try {
        DiskLayers layers(folder.path, {{0, "/bases/disk0.vhd"}, {1, "/bases/disk1.vhd"}});
        for (const unsigned position : {0U, 1U}) {
            const std::filesystem::path top = layers.top(position);
            must(top.parent_path() == folder.path || top.parent_path() == "/bases");
        }
        // What can be read can be written, and reads the same.
        layers.save();
        const DiskLayers again(folder.path, {{0, "/bases/disk0.vhd"}, {1, "/bases/disk1.vhd"}});
        must(again.snapshots() == layers.snapshots() && again.current() == layers.current() &&
             again.has_undo() == layers.has_undo() && again.top(0) == layers.top(0) &&
             again.top(1) == layers.top(1));
        const std::vector<ntferry::vmm::Snapshot> snapshots = layers.snapshots();
        for (const ntferry::vmm::Snapshot& one : snapshots)
            layers.forget(one.name);
        must(layers.snapshots().empty());
    } catch (const ntferry::Error&) {
        // Refused.
    }
    return 0;
}
