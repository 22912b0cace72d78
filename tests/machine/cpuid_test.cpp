// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/cpuid.hpp"
#include "vmm/machine/msr.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;

TEST_CASE("cpuid: the nt4 profile is a Pentium II with two leaves and no APIC") {
    const auto leaves = cpuid_leaves(profiles::find_profile("nt4").cpu, ~0U, 0, 1);
    REQUIRE(leaves.size() == 3);
    CHECK(leaves[0] == kvm::CpuidEntry{0, 2, 0x756E6547, 0x6C65746E, 0x49656E69});
    CHECK(leaves[1].eax == 0x652);
    CHECK(leaves[1].edx == 0x0180A13D);
    CHECK(leaves[1].ecx == 0);
    CHECK(leaves[2] == kvm::CpuidEntry{2, 0x03020101, 0, 0, 0x0C040843});
}

TEST_CASE("cpuid: features that the host lacks are not shown, the APIC id is") {
    const auto leaves = cpuid_leaves(profiles::find_profile("nt4-mps").cpu, 0x11, 3, 4);
    CHECK(leaves[1].edx == 0x211);
    CHECK(leaves[1].ebx == 0x03000000);
}

TEST_CASE("cpuid: a Pentium has one leaf") {
    const auto leaves = cpuid_leaves(profiles::find_profile("nt351").cpu, ~0U, 0, 1);
    REQUIRE(leaves.size() == 2);
    CHECK(leaves[0].eax == 1);
    CHECK(leaves[1].eax == 0x52C);
}

TEST_CASE("msr: those of a P6 answer, unknown ones fault") {
    CHECK(read_msr(0x8B) == 0);
    CHECK(write_msr(0x79));
    CHECK_FALSE(read_msr(0xC0000080).has_value());
    CHECK_FALSE(write_msr(0x4B564D01));
}
