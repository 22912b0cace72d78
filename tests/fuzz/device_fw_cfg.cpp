// Fuzz target: fw_cfg.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_firmware ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/firmware/boot_config.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    FwCfg fw_cfg(bench.ports, bench.memory);
    BootConfig config;
    config.memory = 64U << 20U;
    fill_fw_cfg(fw_cfg, config);
    FuzzTarget target{bench, {{0x510, 2}, {0x514, 8}}, {&fw_cfg}};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
