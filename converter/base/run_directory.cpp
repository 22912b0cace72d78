// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/run_directory.hpp"

#include "converter/base/error.hpp"

#include <cstdlib>
#include <string_view>

namespace ntferry {

std::string run_directory() {
    const char* base = std::getenv("XDG_RUNTIME_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    // pam_systemd gives root's sessions one of their own, which ends with the last of them; the machines that
    // root's services run, and every session looks for, are the host's.
    const bool own = base != nullptr && *base == '/' && std::string_view(base) != "/run/user/0";
    return std::string(own ? base : "/run") + "/ntferry";
}

std::string control_socket_of(const std::string& machine) {
    if (machine.empty() || machine.front() == '.' || machine.find('/') != std::string::npos ||
        machine.find('\0') != std::string::npos)
        throw Error("name", "\"" + machine + "\" cannot name a machine", "no slashes, no dot in front",
                    ErrorKind::usage);
    return run_directory() + "/" + machine + ".sock";
}

} // namespace ntferry
