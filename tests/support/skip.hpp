// A test that cannot run here says why and counts as skipped, never as passed.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <catch2/catch.hpp>

#include <iostream>

/// Ends the test case; ctest reads the line and reports the case as skipped.
#define NTFERRY_SKIP(reason)                                                                                 \
    do {                                                                                                     \
        std::cout << "SKIP: " << (reason) << std::endl;                                                      \
        return;                                                                                              \
    } while (false)
