// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/knowledge.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace ntferry::wizard {

Failure failure_of(const std::exception& error) {
    if (const auto* ours = dynamic_cast<const Error*>(&error)) {
        Failure failure{ours->where(), ours->problem(), ours->remedy(), ours->kind(), 0};
        if (const auto* system = dynamic_cast<const SystemError*>(&error))
            failure.error_number = system->error_number();
        // Writers that name offset and length put the system's words into the problem.
        for (const int known : {ENOSPC, EACCES, EPERM, EIO})
            if (failure.error_number == 0 && failure.problem.find(std::strerror(known)) != std::string::npos)
                failure.error_number = known;
        return failure;
    }
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
        return {"", "this machine has not enough memory", "close other programs", ErrorKind::failed, 0};
    return {"", error.what(), "", ErrorKind::failed, 0};
}

bool Knowledge::has_command(std::string_view name) const {
    return std::find(commands.begin(), commands.end(), name) != commands.end();
}

} // namespace ntferry::wizard
