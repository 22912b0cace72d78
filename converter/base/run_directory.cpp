// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/run_directory.hpp"

#include "converter/base/error.hpp"

#include <cstdlib>

namespace ntferry {

std::string run_directory() {
    const char* base = std::getenv("XDG_RUNTIME_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    return std::string(base != nullptr && *base == '/' ? base : "/run") + "/ntferry";
}

std::string control_socket_of(const std::string& machine) {
    if (machine.empty() || machine.front() == '.' || machine.find('/') != std::string::npos ||
        machine.find('\0') != std::string::npos)
        throw Error("name", "\"" + machine + "\" cannot name a machine", "no slashes, no dot in front",
                    ErrorKind::usage);
    return run_directory() + "/" + machine + ".sock";
}

} // namespace ntferry
