// Decoding and carrying out of REP STOS and REP MOVS. Intel SDM volume 2B. SPDX-License-Identifier:
// GPL-3.0-or-later
#include "tests/machine/string_machine.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

using Log = std::vector<PlainWindow::Access>;

} // namespace

// Encodings as nasm 2.16 makes them.
TEST_CASE("string instructions: encodings of 16-bit and 32-bit code") {
    StringMachine real;
    CHECK(real.decode({0xF3, 0xAA}) == StringInstruction{false, 1, false, 3, 2});
    CHECK(real.decode({0xF2, 0xAA}) == StringInstruction{false, 1, false, 3, 2});
    CHECK(real.decode({0xF3, 0xAB}) == StringInstruction{false, 2, false, 3, 2});
    CHECK(real.decode({0x66, 0xF3, 0xAB}) == StringInstruction{false, 4, false, 3, 3});
    CHECK(real.decode({0xF3, 0x66, 0xAA}) == StringInstruction{false, 1, false, 3, 3});
    CHECK(real.decode({0x67, 0xF3, 0xA4}) == StringInstruction{true, 1, true, 3, 3});
    CHECK(real.decode({0xF3, 0xA5}) == StringInstruction{true, 2, false, 3, 2});
    CHECK(real.decode({0x26, 0xF3, 0xA4}) == StringInstruction{true, 1, false, 0, 3});
    CHECK(real.decode({0x2E, 0xF3, 0xA4}) == StringInstruction{true, 1, false, 1, 3});
    CHECK(real.decode({0x36, 0xF3, 0xA4}) == StringInstruction{true, 1, false, 2, 3});
    CHECK(real.decode({0x3E, 0xF3, 0xA4}) == StringInstruction{true, 1, false, 3, 3});
    CHECK(real.decode({0xF3, 0x64, 0xA4}) == StringInstruction{true, 1, false, 4, 3});
    CHECK(real.decode({0xF3, 0x65, 0xA4}) == StringInstruction{true, 1, false, 5, 3});
    CHECK(real.decode({0x64, 0x26, 0xF3, 0xA4}) == StringInstruction{true, 1, false, 0, 4}); // the last one

    StringMachine large;
    large.enter_protected_mode();
    CHECK(large.decode({0xF3, 0xAB}) == StringInstruction{false, 4, true, 3, 2});
    CHECK(large.decode({0x66, 0xF3, 0xAB}) == StringInstruction{false, 2, true, 3, 3});
    CHECK(large.decode({0x67, 0xF3, 0xA5}) == StringInstruction{true, 4, false, 3, 3});
}

TEST_CASE("string instructions: everything else is left to the processor") {
    StringMachine t;
    CHECK_FALSE(t.decode({0xAA}));             // no REP: KVM is as quick
    CHECK_FALSE(t.decode({0xF0, 0xF3, 0xAA})); // LOCK: #UD
    CHECK_FALSE(t.decode({0xF3, 0xA6}));       // CMPS
    CHECK_FALSE(t.decode({0xF3, 0x6C}));       // INS
    CHECK_FALSE(t.decode({0xF3, 0x0F, 0xAA}));
    CHECK_FALSE(t.decode({0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3,
                          0xF3, 0xAA})); // 16 bytes: #GP
    CHECK(
        t.decode({0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xF3, 0xAA}));

    const kvm::Registers usual = t.registers;
    t.put_code({0xF3, 0xAA});
    t.registers.rflags |= 0x100; // TF
    CHECK_FALSE(decode_string(t.registers, t.memory));
    t.registers = usual;
    t.registers.rflags |= 0x40000; // AC
    CHECK_FALSE(decode_string(t.registers, t.memory));
    t.registers = usual;
    t.registers.long_mode = true;
    CHECK_FALSE(decode_string(t.registers, t.memory));
    t.registers = usual;
    t.registers.segments[kvm::Registers::cs].limit = 0x100; // the opcode lies behind it
    CHECK_FALSE(decode_string(t.registers, t.memory));
    t.registers = usual;
    t.registers.segments[kvm::Registers::cs].base = 0xB0000; // code on the screen
    CHECK_FALSE(decode_string(t.registers, t.memory));
}

TEST_CASE("string instructions: STOS counts CX down and DI up and leaves the upper halves alone") {
    StringMachine t;
    t.ax() = 0x11223344;
    t.cx() = 0x77770003;
    t.di() = 0x88880010;
    t.si() = 0x99990020;
    CHECK(t({0xF3, 0xAB}) == 3);
    CHECK(t.screen.log == Log{{true, 0x10, 2, 0x3344}, {true, 0x12, 2, 0x3344}, {true, 0x14, 2, 0x3344}});
    CHECK(t.cx() == 0x77770000);
    CHECK(t.di() == 0x88880016);
    CHECK(t.si() == 0x99990020);
    CHECK(t.ax() == 0x11223344);
    CHECK(t.registers.rip == 0x102);
}

TEST_CASE("string instructions: with the direction flag they go down") {
    StringMachine t;
    t.registers.rflags |= 0x400;
    t.put32(0x20100, 0xCCDD);
    t.put32(0x200FE, 0xCCDDAABB);
    t.cx() = 2;
    t.si() = 0x100;
    t.di() = 0x1000; // a page boundary in between
    CHECK(t({0xF3, 0xA5}) == 2);
    CHECK(t.screen.log == Log{{true, 0x1000, 2, 0xCCDD}, {true, 0xFFE, 2, 0xAABB}});
    CHECK(t.si() == 0xFC);
    CHECK(t.di() == 0xFFC);
}

TEST_CASE("string instructions: MOVS on the screen reads and writes in turn, overlapping or not") {
    StringMachine t;
    t.registers.segments[kvm::Registers::ds].base = 0xA0000;
    t.screen.bytes[0] = 0x5A;
    t.cx() = 3;
    t.si() = 0;
    t.di() = 1;
    CHECK(t({0xF3, 0xA4}) == 3);
    CHECK(t.screen.log == Log{{false, 0, 1, 0x5A},
                              {true, 1, 1, 0x5A},
                              {false, 1, 1, 0x5A},
                              {true, 2, 1, 0x5A},
                              {false, 2, 1, 0x5A},
                              {true, 3, 1, 0x5A}});
}

TEST_CASE("string instructions: a limit stops them between two elements with RIP where it was") {
    StringMachine t;
    t.cx() = 100;
    CHECK(t({0xF3, 0xAA}, 40) == 40);
    CHECK(t.cx() == 60);
    CHECK(t.di() == 40);
    CHECK(t.registers.rip == 0x100);
    CHECK(t({0xF3, 0xAA}, 60) == 60);
    CHECK(t.registers.rip == 0x102);
}

TEST_CASE("string instructions: 16-bit pointers wrap round the segment") {
    StringMachine up;
    up.cx() = 4;
    up.di() = 0xFFFE;
    CHECK(up({0xF3, 0xAA}) == 4);
    CHECK(up.di() == 2);
    CHECK(up.screen.log.back() == PlainWindow::Access{true, 1, 1, 0});
    StringMachine down;
    down.registers.rflags |= 0x400;
    down.cx() = 4;
    down.di() = 1;
    CHECK(down({0xF3, 0xAA}) == 4);
    CHECK(down.di() == 0xFFFD);
    CHECK(down.screen.log.back() == PlainWindow::Access{true, 0xFFFE, 1, 0});
}

TEST_CASE("string instructions: an element that faults or lies on two pages is left to the processor") {
    StringMachine t;
    t.cx() = 100;
    t.di() = 0xFFFB;
    CHECK(t({0xF3, 0xAB}) == 2); // the third is a word at FFFFh: #GP
    CHECK(t.di() == 0xFFFF);
    CHECK(t.cx() == 98);
    CHECK(t({0xF3, 0xAB}) == 0);
    // The same with a segment that goes on: then the word is at FFFFh and 10000h.
    t.registers.segments[kvm::Registers::es].limit = 0xFFFFFFFF;
    CHECK(t({0xF3, 0xAB}) == 0);

    StringMachine two;
    two.cx() = 100;
    two.di() = 0xFFD;
    CHECK(two({0xF3, 0xAB}) == 1);
    CHECK(two.di() == 0xFFF);

    StringMachine ends; // where the window ends
    ends.registers.segments[kvm::Registers::es].base = 0xB8000;
    ends.cx() = 100;
    ends.di() = 0x7FF0;
    CHECK(ends({0xF3, 0xAA}) == 16);
    CHECK(ends.cx() == 84);
    CHECK_FALSE(ends.screen.outside);

    StringMachine limited;
    limited.enter_protected_mode();
    limited.registers.segments[kvm::Registers::es].limit = 0xA0FFF;
    limited.cx() = 0x2000;
    limited.di() = 0xA0000;
    CHECK(limited({0xF3, 0xAA}) == 0x1000);
}

TEST_CASE("string instructions: only from plain memory or the screen and only to the screen") {
    StringMachine t;
    t.registers.segments[kvm::Registers::es].base = 0x30000;
    t.cx() = 10;
    CHECK(t({0xF3, 0xAA}) == 0);
    t.registers.segments[kvm::Registers::es].base = 0xA0000;
    t.enter_protected_mode();
    t.cx() = 10;
    t.di() = 0xA0000;
    t.si() = 0x80000000; // nothing there
    CHECK(t({0xF3, 0xA4}) == 0);
    CHECK(t.screen.log.empty());
}

TEST_CASE("string instructions: segments of protected mode") {
    const auto written = [](auto&& change) {
        StringMachine t;
        t.enter_protected_mode();
        t.cx() = 10;
        t.di() = 0xA0000;
        t.si() = 0x20000;
        change(t.registers);
        return t({0xF3, 0xA4});
    };
    using R = kvm::Registers;
    CHECK(written([](R&) {}) == 10);
    CHECK(written([](R& r) { r.segments[R::es].usable = false; }) == 0);
    CHECK(written([](R& r) { r.segments[R::es].type = 1; }) == 0);   // read-only
    CHECK(written([](R& r) { r.segments[R::es].type = 0xB; }) == 0); // code
    CHECK(written([](R& r) { r.segments[R::es].type = 7; }) == 0);   // expand-down
    CHECK(written([](R& r) { r.segments[R::ds].type = 1; }) == 10);
    CHECK(written([](R& r) { r.segments[R::ds].type = 9; }) == 0); // execute-only
    CHECK(written([](R& r) { r.segments[R::ds].type = 0xB; }) == 10);
    CHECK(written([](R& r) { r.segments[R::ds].usable = false; }) == 0);
    CHECK(written([](R& r) { r.segments[R::ds].limit = 0x20004; }) == 5);
    // Virtual 8086 mode knows no types.
    CHECK(written([](R& r) {
              r.rflags |= 0x20000;
              r.ring = 3;
              for (kvm::Segment& segment : r.segments)
                  segment = {0x10000, 0xFFFF, 0, false, true};
              r.segments[R::es].base = 0xA0000;
              r.rip = 0x100;
          }) == 10);
}

TEST_CASE("string instructions: pages that are not the screen or would fault end them") {
    const auto written = [](auto&& change, std::uint32_t count = 0x3000) {
        StringMachine t;
        t.enter_protected_mode();
        t.enter_paging();
        t.cx() = count;
        t.di() = 0xA0000;
        t.si() = 0x20000;
        change(t);
        return t({0xF3, 0xA4});
    };
    CHECK(written([](StringMachine&) {}) == 0x3000);
    CHECK(written([](StringMachine& t) { t.put_page(0xA1, 0xA1, 0x66); }) == 0x1000); // not present
    CHECK(written([](StringMachine& t) { t.put_page(0xA1, 0x50, 0x67); }) == 0x1000); // RAM
    CHECK(written([](StringMachine& t) { t.put_page(0xA2, 0xA2, 0x27); }) == 0x2000); // not dirty yet
    CHECK(written([](StringMachine& t) { t.put_page(0x22, 0x22, 0x47); }) == 0x2000); // not accessed yet
    CHECK(written([](StringMachine& t) { t.put_page(0x22, 0x22, 0x27); }) == 0x3000); // a clean source
    // Read-only pages: for ring 0 only with CR0.WP. Supervisor pages: not for ring 3.
    CHECK(written([](StringMachine& t) { t.put_page(0xA1, 0xA1, 0x65); }) == 0x3000);
    CHECK(written([](StringMachine& t) {
              t.put_page(0xA1, 0xA1, 0x65);
              t.registers.cr0 |= 0x10000;
          }) == 0x1000);
    CHECK(written([](StringMachine& t) {
              t.put_page(0xA1, 0xA1, 0x65);
              t.registers.ring = 3;
          }) == 0x1000);
    CHECK(written([](StringMachine& t) {
              t.put_page(0x21, 0x21, 0x63);
              t.registers.ring = 3;
          }) == 0x1000);
    // A page of the screen somewhere else.
    CHECK(written([](StringMachine& t) { t.put_page(0xA1, 0xB8, 0x67); }) == 0x3000);
    // The directory decides as well.
    CHECK(written([](StringMachine& t) {
              t.put32(0x300000, 0x301000 | 0x23);
              t.registers.ring = 3;
          }) == 0);
    // 4 MiB pages, with and without CR4.PSE; PAE and the tables of nobody's memory.
    CHECK(written([](StringMachine& t) {
              t.put32(0x300000, 0xE7);
              t.registers.cr4 = 0x10;
          }) == 0x3000);
    CHECK(written([](StringMachine& t) {
              t.put32(0x300000, 0xA7); // not dirty
              t.registers.cr4 = 0x10;
          }) == 0);
    CHECK(written([](StringMachine& t) { t.registers.cr4 = 0x20; }) == 0);
    CHECK(written([](StringMachine& t) { t.registers.cr3 = 0x7F000000; }) == 0);
    CHECK(written([](StringMachine& t) { t.registers.cr3 = 0xA0000; }) == 0);
}
