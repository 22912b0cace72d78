// SPDX-License-Identifier: GPL-3.0-or-later
// Prints every value of a registry hive (regf): a reader that shares nothing with the program under test.
//
// A static i386 program without libc, as probe.c. usage: hive FILE. One line per value, tab-separated:
// VALUE, key from the root, name, type (decimal), data (hexadecimal). Ends with 1 when the file is no sound
// hive. Layout: "Windows registry file format specification" (M. Suhanov), base block, nk, vk, lf/lh/li/ri.
#include <stdint.h>

enum { SYS_exit = 1, SYS_read = 3, SYS_write = 4, SYS_open = 5 };
enum { bins = 4096, max_depth = 32, path_size = 4096 };

static uint8_t hive[16 << 20];
static uint32_t length; // of the file
static char path[path_size];
static char out[4096];
static uint32_t out_used;

static long call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

static __attribute__((noreturn)) void leave(int status) {
    for (uint32_t done = 0; done < out_used;) {
        const long written = call(SYS_write, 1, (long)(out + done), (long)(out_used - done));
        if (written <= 0)
            break;
        done += (uint32_t)written;
    }
    for (;;)
        call(SYS_exit, status, 0, 0);
}

static void put(char c) {
    if (out_used == sizeof out) {
        for (uint32_t done = 0; done < out_used;) {
            const long written = call(SYS_write, 1, (long)(out + done), (long)(out_used - done));
            if (written <= 0)
                call(SYS_exit, 1, 0, 0);
            done += (uint32_t)written;
        }
        out_used = 0;
    }
    out[out_used++] = c;
}

static void text(const char* s) {
    while (*s)
        put(*s++);
}

static void decimal(uint32_t value) {
    if (value >= 10)
        decimal(value / 10);
    put((char)('0' + value % 10));
}

static void hexadecimal(uint8_t value) {
    put("0123456789abcdef"[value >> 4]);
    put("0123456789abcdef"[value & 15]);
}

static uint16_t u16(const uint8_t* at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t u32(const uint8_t* at) {
    return u16(at) | (uint32_t)u16(at + 2) << 16;
}

// The data of an allocated cell that holds at least `least` bytes.
static const uint8_t* cell(uint32_t offset, uint32_t least) {
    if (offset > length || (offset & 7) != 0 || offset + bins + 4 > length)
        leave(1);
    const uint8_t* at = hive + bins + offset;
    const int32_t size = (int32_t)u32(at);
    if (size > -8 || (uint32_t)-size - 4 < least || (uint32_t)-size > length - bins - offset)
        leave(1);
    return at + 4;
}

static void name(const uint8_t* at, uint32_t bytes, int compressed, char* to, uint32_t room) {
    uint32_t used = 0;
    for (uint32_t i = 0; i < bytes && used + 1 < room; i += compressed ? 1 : 2) {
        const uint16_t c = compressed ? at[i] : u16(at + i);
        to[used++] = c >= ' ' && c < 127 ? (char)c : '?';
    }
    to[used] = 0;
}

static void value(uint32_t offset) {
    const uint8_t* vk = cell(offset, 20);
    char called[512];
    const uint32_t name_bytes = u16(vk + 2);
    if (vk[0] != 'v' || vk[1] != 'k')
        leave(1);
    cell(offset, 20 + name_bytes);
    name(vk + 20, name_bytes, u16(vk + 16) & 1, called, sizeof called);
    const uint32_t raw = u32(vk + 4), bytes = raw & 0x7FFFFFFF;
    if (raw != bytes && bytes > 4)
        leave(1);
    const uint8_t* data = raw != bytes || bytes == 0 ? vk + 8 : cell(u32(vk + 8), bytes);
    text("VALUE\t");
    text(path);
    put('\t');
    text(called);
    put('\t');
    decimal(u32(vk + 12));
    put('\t');
    for (uint32_t i = 0; i < bytes; ++i)
        hexadecimal(data[i]);
    put('\n');
}

static void key(uint32_t offset, uint32_t path_length, int depth);

static void subkeys(uint32_t offset, uint32_t path_length, int depth) {
    const uint8_t* list = cell(offset, 4);
    const uint32_t count = u16(list + 2);
    if (depth > max_depth)
        leave(1);
    if (list[0] == 'l' && (list[1] == 'f' || list[1] == 'h')) {
        cell(offset, 4 + count * 8);
        for (uint32_t i = 0; i < count; ++i)
            key(u32(list + 4 + i * 8), path_length, depth);
    } else if (list[1] == 'i' && (list[0] == 'l' || list[0] == 'r')) {
        cell(offset, 4 + count * 4);
        for (uint32_t i = 0; i < count; ++i) {
            if (list[0] == 'l')
                key(u32(list + 4 + i * 4), path_length, depth);
            else
                subkeys(u32(list + 4 + i * 4), path_length, depth + 1);
        }
    } else {
        leave(1);
    }
}

// path holds the parent's, path_length long.
static void key(uint32_t offset, uint32_t path_length, int depth) {
    const uint8_t* nk = cell(offset, 76);
    if (nk[0] != 'n' || nk[1] != 'k' || depth > max_depth || path_length + 300 > path_size)
        leave(1);
    const uint32_t name_bytes = u16(nk + 72);
    cell(offset, 76 + name_bytes);
    uint32_t end = path_length;
    if (depth > 0) { // the root's own name is no part of any path
        if (end > 0)
            path[end++] = '\\';
        name(nk + 76, name_bytes, u16(nk + 2) & 0x20, path + end, 257);
        while (path[end])
            ++end;
    }
    const uint32_t values = u32(nk + 36);
    if (values > 0) {
        if (values > 65536)
            leave(1);
        const uint8_t* list = cell(u32(nk + 40), values * 4);
        for (uint32_t i = 0; i < values; ++i)
            value(u32(list + i * 4));
    }
    if (u32(nk + 20) > 0)
        subkeys(u32(nk + 28), end, depth + 1);
    path[path_length] = 0;
}

__attribute__((used)) void agent_main(const uint32_t* stack) {
    if (stack[0] != 2)
        leave(2);
    const long file = call(SYS_open, (long)stack[2], 0, 0);
    while (file >= 0 && length < sizeof hive) {
        const long got = call(SYS_read, file, (long)(hive + length), (long)(sizeof hive - length));
        if (got <= 0)
            break;
        length += (uint32_t)got;
    }
    // Both sequence numbers alike: nothing has to come from a log (NTLDR does not look at one).
    if (length < bins + 32 || u32(hive) != 0x66676572 || u32(hive + 4) != u32(hive + 8))
        leave(1);
    key(u32(hive + 36), 0, 0);
    leave(0);
}

__asm__(".globl _start\n_start:\n\tmovl %esp, %eax\n\tpushl %eax\n\tcall agent_main\n");
