// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/trial_disks.hpp"

#include "converter/block/copy.hpp"
#include "converter/block/raw.hpp"
#include "converter/block/vhd/vhd.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace ntferry::verify {
namespace {

namespace fs = std::filesystem;

std::string below(const std::string& bundle, const std::string& path) {
    return path.empty() || path.front() == '/' ? path : (fs::path(bundle) / path).string();
}

} // namespace

TrialDisks::TrialDisks(std::string folder) : folder_(std::move(folder)) {
    std::error_code error;
    fs::remove_all(folder_, error);
    fs::create_directories(folder_, error);
    if (error)
        throw SystemError(folder_, "create", error.value());
}

TrialDisks::~TrialDisks() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void TrialDisks::make_overlays(profiles::MachineDescription& machine, const std::string& bundle) {
    for (profiles::DiskSpec& disk : machine.disks) {
        const std::string overlay = fmt::format("{}/disk{}.vhd", folder_, disk.position);
        block::vhd::create_differencing(overlay, below(bundle, disk.path))->flush();
        disk.path = overlay;
    }
}

void TrialDisks::make_copies(profiles::MachineDescription& machine, const std::string& bundle,
                             Progress& progress, const std::stop_token& stop) {
    for (profiles::DiskSpec& disk : machine.disks) {
        const std::string copy = fmt::format("{}/disk{}.img", folder_, disk.position);
        const block::BlockDevicePtr from = block::open_disk(below(bundle, disk.path));
        const block::BlockDevicePtr to = block::create_raw(copy, from->size());
        block::copy_disk(*from, *to, progress, stop);
        disk.path = copy;
    }
}

} // namespace ntferry::verify
