// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/nic_fuzz.hpp"
#include "vmm/devices/net/dec21140.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ntferry::test::fuzz_nic<ntferry::vmm::net::Dec21140>(data, size, 128);
    return 0;
}
