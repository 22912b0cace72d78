// SYSTEM and SOFTWARE hives from hostile bytes, read as an inspection reads them.
// LINK: ntferry_nt
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/inspection.hpp"

using namespace ntferry;
using namespace ntferry::nt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes image(data, data + size);
    if (size < 4096)
        return 0;
    store_le<std::uint32_t>(image, 508, registry::base_block_checksum(image));
    const auto attempt = [](auto&& part) {
        try {
            part();
        } catch (const Error&) {
        }
    };
    attempt([&] {
        Hives hives;
        hives.system = registry::Hive::open(image, "SYSTEM");
        hives.software = registry::Hive::open(image, "SOFTWARE");
        hives.security = registry::Hive::open(image, "SECURITY");
        const std::string set = read_control_sets(*hives.system).active;
        attempt([&] { (void)read_product(hives, set); });
        const std::vector<Service> services = read_services(*hives.system, set);
        attempt([&] { (void)load_order(*hives.system, set, services, start_boot); });
        attempt([&] { (void)read_hardware_profiles(*hives.system, set); });
        attempt([&] { (void)read_network(*hives.system, &*hives.software, set, services); });
        DiskSet none({});
        attempt([&] {
            // No disk: files are never reached, values are.
            if (!services.empty())
                (void)resolve_nt_path(none, {}, services.front().effective_image());
        });
    });
    return 0;
}
