// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/cli/command.hpp"

#include <iostream>

int main(int argc, char** argv) {
    return ntferry::cli::run_program(argc, argv, std::cout, std::cerr);
}
