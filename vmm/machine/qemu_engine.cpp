// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/qemu_engine.hpp"

#include "converter/base/error.hpp"
#include "profiles/render_qemu.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <unistd.h>
#include <vector>

namespace ntferry::vmm {

int run_qemu(const profiles::Profile& base, const profiles::MachineDescription& machine,
             const std::string& folder, std::optional<std::uint16_t> debug_exit) {
    profiles::Profile profile = base;
    for (const auto& [name, value] : machine.overrides)
        profiles::apply_override(profile, name, value);
    std::vector<std::string> arguments =
        profiles::qemu_arguments(profile, machine, {.accelerator = "tcg", .folder = folder});
    if (debug_exit) {
        arguments.push_back("-device");
        arguments.push_back(fmt::format("isa-debug-exit,iobase={:#x},iosize=1", *debug_exit));
    }
    std::vector<char*> argv;
    for (std::string& argument : arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    throw SystemError(arguments[0], "start", errno,
                      "this host's KVM cannot run the guest and QEMU is not there: install qemu-system-x86");
}

} // namespace ntferry::vmm
