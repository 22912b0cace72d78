// Leaks of libraries that a test program is not to be failed for.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// Once in a program: "leak:libNAME.so\nleak:...", what LeakSanitizer finds with this library on the stack.
/// Say at the place what the library forgets. (The name is the sanitizer's; the pointer is to a constant.)
#define NTFERRY_KNOWN_LEAKS(libraries)                                                                       \
    extern "C" const char* __lsan_default_suppressions() { /* NOLINT(bugprone-reserved-identifier) */        \
        return libraries;                                                                                    \
    }                                                                                                        \
    static_assert(true)
