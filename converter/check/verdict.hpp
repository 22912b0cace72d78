// Verdict: what the walk along the boot chain found, link by link.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::check {

enum class State : std::uint8_t {
    good,    ///< as it has to be
    notice,  ///< the system starts, but something will be missed
    broken,  ///< the system does not start
    unknown, ///< could not be looked at
};

std::string_view state_name(State state) noexcept;

/// One link of the chain.
struct Link {
    std::string id; ///< "boot-sector.geometry", "driver.atapi", the same for the same link
    State state = State::good;
    std::string what;    ///< what was looked at and found
    std::string symptom; ///< what the screen would show: "STOP 0x7B", "NTLDR is missing"; empty when good
    std::string remedy;  ///< what to do; may be empty
};

struct Verdict {
    std::string subject;     ///< what was checked
    std::string system;      ///< one line; empty when no NT was found
    std::vector<Link> links; ///< in the order in which the machine goes along them
    bool complete = false;   ///< the whole chain of an NT system was walked

    /// Walked to the end and nothing is broken.
    bool starts() const;
    const Link* find(std::string_view id) const;
    const Link* first_broken() const;
};

/// For people. @param all also the good links
std::string verdict_text(const Verdict& verdict, bool all);
/// Schema: docs/check.md.
std::string verdict_json(const Verdict& verdict);

} // namespace ntferry::check
