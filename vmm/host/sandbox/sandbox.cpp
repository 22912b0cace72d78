// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/sandbox/sandbox.hpp"

#include "vmm/host/sandbox/walls.hpp"

#include <fmt/format.h>

#include <csignal>
#include <sys/prctl.h>
#include <unistd.h>

namespace ntferry::vmm::sandbox {

std::vector<Measure> enter(const Policy& asked) {
    std::vector<Measure> measures;
    const auto add = [&measures](std::vector<Measure> more) {
        measures.insert(measures.end(), more.begin(), more.end());
        return more.front().applied;
    };
    const bool root = geteuid() == 0;
    const Identity identity = root ? find_identity(asked) : Identity{};
    const Policy policy = root ? policy_for(identity, asked) : asked;
    if (root && (identity.instead_of_root || !users_may_make_namespaces())) {
        // Folders of root's may be closed to everybody else, so root makes the mount tree. The keeper stays
        // root: what root made only root can remove.
        if (!add({enter_pid_namespace(policy)}))
            leave_keeper(policy);
        add(enter_namespaces(policy));
        add({drop_root(identity)});
        // Where users may not make one, the others stand without it.
        if (const Measure users = enter_user_namespace(); users.applied)
            add({users});
    } else {
        if (root)
            leave_keeper(policy);
        // Root is dropped first: the namespaces after it are those any user can make, so they are tested by
        // every run.
        add({drop_root(identity)});
        if (root)
            prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); // a change of user clears it
        const Measure users = enter_user_namespace();
        add({users});
        bool has_keeper = root;
        if (users.applied) {
            has_keeper |= add({enter_pid_namespace(root ? Policy{} : policy)});
            add(enter_namespaces(policy));
        } else {
            for (const char* name : {"own processes", "own network", "own files"})
                add({{name, false, users.detail}});
        }
        if (!has_keeper)
            leave_keeper(policy);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); // it must not outlive the one outside
    add({restrict_files(policy)});
    add({drop_capabilities()});
    add({set_limits()});
    return measures;
}

std::string describe(const std::vector<Measure>& measures) {
    std::string text;
    for (const Measure& measure : measures)
        text += fmt::format("{}: {}{}{}\n", measure.name, measure.applied ? "on" : "off",
                            measure.detail.empty() ? "" : ": ", measure.detail);
    return text;
}

} // namespace ntferry::vmm::sandbox
