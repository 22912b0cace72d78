// What the parts of the check share.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/check/walk.hpp"

#include "converter/nt/file_access.hpp"

#include <fmt/format.h>

namespace ntferry::check {

void Walk::good(const std::string& id, const std::string& what) {
    verdict_.links.push_back({id, State::good, what, {}, {}});
}

void Walk::notice(const std::string& id, const std::string& what, const std::string& symptom,
                  const std::string& remedy) {
    verdict_.links.push_back({id, State::notice, what, symptom, remedy});
}

void Walk::broken(const std::string& id, const std::string& what, const std::string& symptom,
                  const std::string& remedy) {
    verdict_.links.push_back({id, State::broken, what, symptom, remedy});
}

void Walk::defect(bool fatal, const std::string& id, const std::string& what, const std::string& symptom,
                  const std::string& remedy) {
    if (fatal)
        broken(id, what, symptom, remedy);
    else
        notice(id, what, symptom, remedy);
}

std::optional<Bytes> Walk::read(const std::string& path) {
    return nt::read_if_there(subject_.files(), path);
}

std::string Walk::out_of_reach(const patch::VolumeRef& ref, const std::string& path) {
    for (const volume::FileExtent& extent : subject_.volumes().files(ref).file_extents(path)) {
        const std::uint64_t end = (ref.start + extent.volume_offset + extent.length + 511) / 512;
        if (end > geometry_.limit())
            return fmt::format("{} reaches sector {}, INT 13h ends at {}", path, end, geometry_.limit());
    }
    return {};
}

patch::ModuleSet& Walk::modules() {
    if (!modules_)
        modules_.emplace([this](const std::string& name) -> std::optional<Bytes> {
            if (name == "ntoskrnl.exe")
                return read(subject_.system32(kernel_file));
            if (name == "hal.dll")
                return read(subject_.system32(hal_file));
            if (auto driver = read(subject_.system32("drivers\\" + name)))
                return driver;
            return read(subject_.system32(name));
        });
    return *modules_;
}

} // namespace ntferry::check
