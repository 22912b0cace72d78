// ntferry-vmm: one virtual machine, one process.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/command_line.hpp"

int main(int argc, char** argv) {
    return ntferry::vmm::run_command_line(argc, argv);
}
