// PIIX IDE with disks and a CD-ROM drive under random accesses. SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/devices/fake_disk.hpp"
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/ide/ata_disk.hpp"
#include "vmm/devices/ide/atapi_cdrom.hpp"
#include "vmm/devices/ide/piix_ide.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench(std::size_t{256} << 10U);
    ProbeLine irq15;
    FakeDisk disk(bench.clock, 700 * 512);
    disk.bad_offset = 333 * 512;
    FakeDisk slave(bench.clock, 300 * 512);
    PiixIde ide(bench.ports, bench.memory, bench.clock, bench.irq, irq15, {.interrupt_delay = 20'000});
    slave.in_memory = true;
    ide.attach(0, 0, std::make_unique<AtaDisk>(disk, AtaDiskOptions{}));
    ide.attach(0, 1, std::make_unique<AtaDisk>(slave, AtaDiskOptions{}));
    FakeDisk disc(bench.clock, 90 * 2048);
    ide.attach(1, 0, std::make_unique<AtapiCdrom>(&disc, AtapiCdromOptions{}));
    ide.config_write(0x20, 4, 0xC000);
    FuzzTarget target{bench,
                      {{0x1F0, 8},
                       {0x1F0, 1},
                       {0x1F7, 1},
                       {0x3F6, 1},
                       {0x170, 8},
                       {0x170, 1},
                       {0x177, 1},
                       {0x376, 1},
                       {0xC000, 16}},
                      {&ide},
                      &ide};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
