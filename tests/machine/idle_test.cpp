// Processors that wait in a loop: recognised, let sleep, and awake in time.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/machine/run.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"
#include "vmm/machine/idle_group.hpp"
#include "vmm/machine/idle_loop.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <optional>
#include <unistd.h>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

/// In ring 0 with interrupts enabled.
ProcessorSample at(std::uint64_t address, std::uint64_t registers = 1) {
    return {address, registers, true, true, false};
}

/// Looks for a minute, or until it is known.
bool learns(IdleLoop& loop, const std::function<ProcessorSample(unsigned)>& sample) {
    for (unsigned n = 0; n < 18000 && !loop.known(); ++n)
        loop.look(sample(n));
    return loop.known();
}

/// Numbers without order, the same ones every time.
unsigned shuffled(unsigned n) {
    n = (n ^ n >> 16U) * 0x7FEB352DU; // a hash of 32 bits, lowbias32
    n = (n ^ n >> 15U) * 0x846CA68BU;
    return n ^ n >> 16U;
}

/// NT's shape: a few instructions of the kernel, of which most run with interrupts disabled, and two of the
/// HAL. Registers are other ones at each of them, and what is left in the ones that the loop does not use
/// depends on the work before it.
ProcessorSample mps_loop(unsigned n, std::uint64_t left_over) {
    const unsigned instruction = shuffled(n) % 12;
    const std::uint64_t address = instruction < 10 ? 0x80145A00 + 3 * instruction : 0x80010ABC + instruction;
    return {address, instruction + 100 * left_over, true, instruction < 3 || instruction == 11, false};
}

/// Counts interrupts of the timer (18.2 a second) in a loop that looks for that, with calls through a pointer
/// as NT's idle loop calls its HAL, and ends with 43. step is what the loop does besides.
std::string waiter(const char* step, unsigned ticks) {
    return fmt::format(R"(
 cli
 xor ax,ax
 mov ds,ax
 mov word [20h],tick
 mov word [22h],0
 mov word [600h],hal
 jmp again
idle: call [600h]
again: sti
 nop
 nop
 cli
 {}
 cmp byte [ready],0
 je idle
 mov dx,501h
 mov al,21
 out dx,al
 hlt
tick: push ax
 inc word [count]
 cmp word [count],{}
 jb more
 mov byte [ready],1
more: mov al,20h
 out 20h,al
 pop ax
 iret
times 200-($-$$) db 90h
hal: sti
 ret
count: dw 0
ready: db 0
)",
                       step, ticks);
}

/// Two processors that wait in loops. The first asks at every eighth tick of the timer, in memory and without
/// an interrupt; the second, started at 8000h (MultiProcessor Specification 1.4, B.4), answers there. Ends
/// with 43 when all is answered, with 45 when an answer took longer than the interval.
std::string two_waiters(unsigned questions) {
    return fmt::format(R"(
%define ICR_LOW  0FEE00300h
%define ICR_HIGH 0FEE00310h
 cli
 cld
 xor ax,ax
 mov ds,ax
 mov es,ax
 mov si,second
 mov di,8000h
 mov cx,second_end-second
 rep movsb
 lgdt [table]
 mov eax,cr0
 or al,1
 mov cr0,eax
 jmp short protected
protected: mov bx,8
 mov fs,bx
 and al,0FEh
 mov cr0,eax
 jmp short real
real: mov word [20h],tick
 mov word [22h],0
 mov dword [fs:dword ICR_HIGH],1000000h
 mov dword [fs:dword ICR_LOW],4500h
 mov cx,2000
apart: in al,61h
 loop apart
 mov dword [fs:dword ICR_LOW],4608h
 jmp idle
call_hal: call hal
idle: sti
 nop
 nop
 cli
 cmp byte [ready],0
 je call_hal
 mov byte [ready],0
 mov al,21
 mov bl,[600h]
 cmp bl,{}
 je over
 inc al
 cmp bl,[601h]
 jne over
 inc byte [600h]
 jmp idle
over: mov dx,501h
 out dx,al
 hlt
hal: sti
 ret
tick: push ax
 inc byte [count]
 test byte [count],7
 jnz more
 mov byte [ready],1
more: mov al,20h
 out 20h,al
 pop ax
 iret
second:
 xor ax,ax
 mov ds,ax
 jmp short look
answer: mov [601h],al
look: sti
 nop
 nop
 cli
 mov al,[600h]
 cmp al,[601h]
 je look
 jmp answer
second_end:
count: db 0
ready: db 0
table: dw 15
 dd null
null: dq 0
 dq 008F93000000FFFFh ; data, 4 GiB
)",
                       questions);
}

/// How often a machine with this guest napped; nothing when the guest did not come to its end.
std::optional<std::uint64_t> naps_of(const test::TempDir& folder, const std::string& guest,
                                     unsigned cpus = 1) {
    assemble_boot_sector(folder / "disk.img", guest, 64U << 10U);
    Run run;
    run.description.profile = "nt4-mps";
    run.description.cpus = cpus;
    run.description.disks.push_back({folder / "disk.img", 0, std::nullopt, false});
    const auto machine = run.machine();
    machine->start();
    const int code = wait_at_most(*machine, std::chrono::seconds(100));
    return code == 43 ? std::optional(machine->naps()) : std::nullopt;
}

} // namespace

TEST_CASE("the idle loop of an MPS HAL is known after a while and left alone by what else runs") {
    IdleLoop loop;
    CHECK(loop.next_look() == IdleLoop::seldom);
    loop.look(at(0x80100000));
    CHECK(loop.next_look() == IdleLoop::soon);
    REQUIRE(learns(loop, [](unsigned n) { return mps_loop(n, n / 100); }));
    CHECK(loop.next_look() == IdleLoop::soon);
    unsigned naps = 0;
    for (unsigned n = 0; n < 100; ++n) {
        const ProcessorSample sample = mps_loop(n, 7);
        const bool may_nap = loop.look(sample);
        CHECK(may_nap == sample.interruptible); // never where an interrupt would not be taken
        naps += may_nap ? 1 : 0;
    }
    CHECK(naps > 10);
    CHECK_FALSE(loop.look(at(0x80200000))); // an interrupt's work
    CHECK(loop.next_look() == IdleLoop::soon);
    CHECK_FALSE(loop.look({0x80145A00, 0, false, true, false})); // a program has no business there
    CHECK(loop.look(at(0x80145A00)));
    for (unsigned n = 0; n < 20; ++n)
        CHECK_FALSE(loop.look(at(0x80300000 + n * 100)));
    CHECK(loop.next_look() == IdleLoop::seldom); // it works
    CHECK(loop.look(at(0x80145A00)));
    for (unsigned n = 0; n < 1000; ++n)
        loop.look(at(0x80300000 + n * 100));
    CHECK_FALSE(loop.known());
}

TEST_CASE("loops that compute, count in memory, run programs, halt or wait for a device are not idle") {
    const auto refused = [](const std::function<ProcessorSample(unsigned)>& sample) {
        IdleLoop loop;
        return !learns(loop, sample);
    };
    CHECK(refused([](unsigned n) { return at(0x80100000 + shuffled(n) % 5, n); })); // a register changes
    // Only flags change: parity and adjust of a counter in memory.
    CHECK(refused([](unsigned n) { return at(0x80100000 + shuffled(n) % 5, shuffled(n + 5000) % 4); }));
    CHECK(refused([](unsigned n) { return at(0x80100000 + n * 3 % 300); })); // too long
    CHECK(refused([](unsigned n) { return at(0x80100000 + n * 3); }));       // goes on and on
    CHECK(refused([](unsigned) { return ProcessorSample{1, 1, false, true, false}; }));
    CHECK(refused([](unsigned) { return ProcessorSample{1, 1, true, true, true}; }));
    IdleLoop halting;
    halting.look({1, 1, true, true, true});
    CHECK(halting.next_look() == IdleLoop::hardly);
    IdleLoop device;
    CHECK_FALSE(learns(device, [&](unsigned) {
        for (unsigned touch = 0; touch < 100; ++touch)
            device.touched_device();
        return at(0x80100000);
    }));
    IdleLoop clock; // whose interrupt is acknowledged between two looks
    CHECK(learns(clock, [&](unsigned n) {
        for (unsigned touch = 0; touch < 4; ++touch)
            clock.touched_device();
        return mps_loop(n, 1);
    }));
}

TEST_CASE("a processor at work is looked at less and less often, one that comes past a place again is not") {
    IdleLoop loop;
    const auto pause = [&](const std::function<ProcessorSample(unsigned)>& sample) { // after a row
        for (unsigned n = 0; n < 1000; ++n) {
            loop.look(sample(n));
            if (loop.next_look() != IdleLoop::soon)
                return loop.next_look();
        }
        return IdleLoop::Time{};
    };
    const auto at_work = [](unsigned n) { return at(0x80100000 + n * 3, n); };
    CHECK(pause(at_work) == 2 * IdleLoop::seldom);
    CHECK(pause(at_work) == 4 * IdleLoop::seldom);
    CHECK(pause(at_work) == 8 * IdleLoop::seldom);
    CHECK(pause(at_work) == 8 * IdleLoop::seldom);
    loop.look({1, 1, false, true, false}); // a program changes nothing about that
    CHECK(pause(at_work) == 8 * IdleLoop::seldom);
    CHECK(pause([](unsigned n) { return mps_loop(n, 0); }) == IdleLoop::seldom);
}

TEST_CASE("with interrupts disabled all the time an idle loop gets no nap") {
    IdleLoop loop;
    const auto waiting = [](unsigned n) { // CLI, then round and round
        return ProcessorSample{0x80100000 + n % 3, 1, true, false, false};
    };
    REQUIRE(learns(loop, waiting));
    for (unsigned n = 0; n < 100; ++n)
        CHECK_FALSE(loop.look(waiting(n)));
}

TEST_CASE("processors nap together, and only while none of them could give another work") {
    using Found = IdleGroup::Found;
    IdleGroup group(3);
    CHECK_FALSE(group.all_rest());
    CHECK_FALSE(group.looked(0, Found::idle));
    CHECK_FALSE(group.looked(1, Found::halted)); // or never started
    CHECK_FALSE(group.all_rest());
    CHECK_FALSE(group.looked(2, Found::idle));
    CHECK(group.all_rest());
    CHECK(group.looked(2, Found::working)); // the others must know
    CHECK_FALSE(group.all_rest());
    CHECK_FALSE(group.looked(2, Found::working)); // they do
    CHECK_FALSE(group.looked(2, Found::idle));
    CHECK(group.all_rest());
    group.stirred(); // who halts will be back there without being looked at
    CHECK_FALSE(group.all_rest());
    group.looked(0, Found::idle);
    group.looked(2, Found::idle);
    CHECK(group.all_rest());
    group.forget();
    group.looked(0, Found::idle);
    group.looked(2, Found::idle);
    CHECK_FALSE(group.all_rest());
}

TEST_CASE("looks between which a processor did not run say nothing about its loop") {
    IdleLoop loop;
    CHECK_FALSE(learns(loop, [](unsigned n) { return at(0x80100000 + n / 20 % 5, n / 20); }));
    loop.forget();
    CHECK_FALSE(learns(loop, [](unsigned) { return at(0x80100000); }));
    loop.forget();
    CHECK(learns(loop,
                 [](unsigned) { // its thread had the host's processor: a loop that is always found at PAUSE
                     ProcessorSample sample = at(0x80100000);
                     sample.ran = true;
                     return sample;
                 }));
}

TEST_CASE("a guest that waits in a loop naps between its timer interrupts, one that computes never does") {
    if (::access("/dev/kvm", R_OK | W_OK) != 0 || ::access("/usr/share/seabios/bios-256k.bin", R_OK) != 0 ||
        !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    const test::TempDir folder;
    constexpr unsigned ticks = 250;
    // It takes some ticks to know the loop, and many on a busy host, where few looks in a row find the guest
    // at work.
    std::optional<std::uint64_t> idle = 0;
    for (int attempt = 0; attempt < 5 && idle.has_value() && *idle <= 10; ++attempt)
        idle = naps_of(folder, waiter("nop", ticks));
    REQUIRE(idle.has_value());
    CHECK(*idle > 10);
    CHECK(naps_of(folder, waiter("inc bx", ticks)) == 0U);
    CHECK(naps_of(folder, waiter("inc word [602h]", ticks)) == 0U);
}

TEST_CASE("two processors nap, and one that looks for what the other writes finds it") {
    if (::access("/dev/kvm", R_OK | W_OK) != 0 || ::access("/usr/share/seabios/bios-256k.bin", R_OK) != 0 ||
        !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    const test::TempDir folder;
    // As above: a busy host needs longer to know both loops.
    std::optional<std::uint64_t> naps = 0;
    for (int attempt = 0; attempt < 3 && naps.has_value() && *naps <= 10; ++attempt)
        naps = naps_of(folder, two_waiters(30), 2);
    REQUIRE(naps.has_value());
    CHECK(*naps > 10);
}
