// SPDX-License-Identifier: GPL-3.0-or-later
// What the guest agent cannot ask from a shell: CPUID leaves, and the RTC against the PIT and the kernel's
// clock.
//
// A static i386 program without libc (gcc -m32 -ffreestanding -nostdlib), so that no 32-bit libraries are
// needed to build. usage: probe cpuid | probe rtc SECONDS [ticks]
#include <stdint.h>

enum { SYS_exit = 1, SYS_write = 4, SYS_iopl = 110, SYS_clock_gettime = 265, CLOCK_MONOTONIC_RAW = 4 };

static long call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

static void text(const char* s) {
    long length = 0;
    while (s[length])
        ++length;
    call(SYS_write, 1, (long)s, length);
}

static void number(uint32_t value, uint32_t base, int digits) {
    char out[12];
    int at = sizeof out;
    out[--at] = 0;
    do {
        out[--at] = "0123456789abcdef"[value % base];
        value /= base;
        --digits;
    } while (value || digits > 0);
    text(out + at);
}

static void signed_number(int32_t value) {
    if (value < 0)
        text("-");
    number(value < 0 ? 0u - (uint32_t)value : (uint32_t)value, 10, 1);
}

static void out_byte(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static uint8_t in_byte(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

// EFLAGS.ID can be toggled on every processor that has CPUID (Intel SDM vol. 2A, CPUID).
static int has_cpuid(void) {
    uint32_t before, after;
    __asm__ volatile(
        "pushfl; popl %0; movl %0, %1; xorl $0x200000, %1; pushl %1; popfl; pushfl; popl %1; pushl %0; popfl"
        : "=&r"(before), "=&r"(after));
    return ((before ^ after) & 0x200000) != 0;
}

static uint32_t leaf(uint32_t index) {
    uint32_t a, b, c, d;
    __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(index), "c"(0));
    text("CPUID ");
    number(index, 16, 8);
    const uint32_t values[] = {a, b, c, d};
    for (int i = 0; i < 4; ++i) {
        text(" ");
        number(values[i], 16, 8);
    }
    text("\n");
    return a;
}

static int cpuid(void) {
    if (!has_cpuid()) {
        text("no CPUID\n");
        return 1;
    }
    const uint32_t last = leaf(0);
    for (uint32_t index = 1; index <= last && index < 32; ++index)
        leaf(index);
    const uint32_t extended = leaf(0x80000000u);
    for (uint32_t index = 0x80000001u; extended > 0x80000000u && index <= extended && index < 0x80000010u;
         ++index)
        leaf(index);
    return 0;
}

static uint8_t rtc(uint8_t index) {
    out_byte(0x70, index);
    return in_byte(0x71);
}

static uint16_t pit2(void) {
    out_byte(0x43, 0x80); // latch counter 2 (8254 data sheet, counter latch command)
    const uint8_t low = in_byte(0x42);
    return (uint16_t)(low | in_byte(0x42) << 8);
}

static uint16_t pit_last;

static void pit_advance(uint32_t* ticks) {
    const uint16_t now = pit2();
    *ticks += (uint16_t)(pit_last - now); // it counts down
    pit_last = now;
}

struct time {
    int32_t seconds, nanoseconds;
};

static struct time now(void) {
    struct time t;
    call(SYS_clock_gettime, CLOCK_MONOTONIC_RAW, (long)&t, 0);
    return t;
}

static int32_t microseconds(struct time from, struct time to) {
    return (to.seconds - from.seconds) * 1000000 + (to.nanoseconds - from.nanoseconds) / 1000;
}

// MC146818A: the seconds register changes once a second. Waits for a change that was seen within 5 ms of the
// read before it (a guest on a busy host is not run for longer than that now and then) and returns the new
// value in seconds; -1 when there is none.
static int32_t rtc_second_edge(uint32_t* ticks, struct time* at) {
    uint8_t last = rtc(0);
    struct time before = now();
    const struct time begin = before;
    while (microseconds(begin, before) < 30000000) {
        pit_advance(ticks);
        const uint8_t second = rtc(0);
        *at = now();
        if (second != last && microseconds(before, *at) < 5000)
            return (rtc(0x0B) & 4) != 0 ? second
                                        : (second >> 4) * 10 + (second & 15); // register B, DM: binary
        last = second;
        before = *at;
    }
    return -1;
}

// kernel_ticks: the kernel's clock counts ticks, and loses some on a host that has no time for it; it is told
// but not judged by.
static int rtc_against_pit(uint32_t seconds, int kernel_ticks) {
    if (call(SYS_iopl, 3, 0, 0) < 0) {
        text("no port access\n");
        return 1;
    }
    // Counter 2, mode 2, full period; gate on, speaker off.
    out_byte(0x61, (uint8_t)((in_byte(0x61) & ~2u) | 1u));
    out_byte(0x43, 0xB4);
    out_byte(0x42, 0);
    out_byte(0x42, 0);
    pit_last = pit2();
    uint32_t ticks = 0;
    struct time start, end;
    const int32_t first = rtc_second_edge(&ticks, &start);
    ticks = 0;
    int32_t passed = 0;
    while (first >= 0 && passed < (int32_t)seconds) {
        const int32_t last = rtc_second_edge(&ticks, &end);
        if (last < 0)
            break;
        passed = (last - first + 60) % 60;
    }
    if (passed < (int32_t)seconds) {
        text("the RTC stands still\n");
        return 1;
    }
    const int32_t kernel_ms = microseconds(start, end) / 1000;
    const int32_t rtc_ms = passed * 1000;
    // A guest that was not run for longer than one period (55 ms) missed whole periods: the clock tells how
    // many.
    const int32_t passed_ms = kernel_ticks ? rtc_ms : kernel_ms;
    const int32_t expected = passed_ms * 1193 + passed_ms / 1000 * 182;
    const int32_t missed = (expected - (int32_t)ticks + 32768) / 65536;
    const int32_t pit_ms = ((int32_t)ticks + (missed > 0 ? missed * 65536 : 0)) / 1193;
    text("rtc_ms=");
    signed_number(rtc_ms);
    text(" pit_ms=");
    signed_number(pit_ms);
    text(" kernel_ms=");
    signed_number(kernel_ms);
    text(" missed_periods=");
    signed_number(missed);
    text("\n");
    const int32_t allowed = rtc_ms / 50; // 2 %: an edge may be seen late on a busy host
    const int32_t off_pit = pit_ms - rtc_ms, off_kernel = passed_ms - rtc_ms;
    return off_pit > allowed || off_pit < -allowed || off_kernel > allowed || off_kernel < -allowed;
}

static int equal(const char* a, const char* b) {
    while (*a && *a == *b) {
        ++a;
        ++b;
    }
    return *a == *b;
}

__attribute__((used)) void agent_main(const uint32_t* stack) {
    const uint32_t count = stack[0];
    const char* const* arguments = (const char* const*)(stack + 1);
    int status = 2;
    if (count == 2 && equal(arguments[1], "cpuid")) {
        status = cpuid();
    } else if ((count == 3 || (count == 4 && equal(arguments[3], "ticks"))) && equal(arguments[1], "rtc")) {
        uint32_t seconds = 0;
        for (const char* digit = arguments[2]; *digit >= '0' && *digit <= '9' && seconds < 60; ++digit)
            seconds = seconds * 10 + (uint32_t)(*digit - '0');
        status = rtc_against_pit(seconds, count == 4);
    }
    call(SYS_exit, status, 0, 0);
}

__asm__(".globl _start\n_start:\n\tmovl %esp, %eax\n\tpushl %eax\n\tcall agent_main\n");
