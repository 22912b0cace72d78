// Answers: what was chosen so far. A plain value that a draft keeps.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/bundle/conversion.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::wizard {

struct Answers {
    std::string profile = "nt4";
    std::vector<std::string> sources; ///< as open_disk() takes them, boot disk first
    std::vector<std::string> media;   ///< folders and ISO images with drivers
    std::map<std::string, std::string> decisions;
    std::string network;       ///< "isolated", "nat", "bridge:TAP"; empty: not answered
    std::uint64_t memory = 0;  ///< bytes; 0: not answered
    std::string bundle;        ///< folder to make; empty: not answered
    std::optional<bool> trial; ///< nothing: not answered
    bool begun = false;        ///< a conversion into `bundle` was started and has not ended
    bool operator==(const Answers&) const = default;
    /// Everything but the profile, which the command line gave.
    void forget();
};

/// Schema: "ntferry.wizard-draft" version 1.
boost::json::object to_json(const Answers& answers);
/// @throws Error for anything that to_json() did not make
Answers answers_from_json(const boost::json::value& value, const std::string& name_for_messages);

/// What `ntferry convert` would be given. Opens the media. @throws Error naming the medium
bundle::ConversionOptions conversion_options(const Answers& answers);
/// The same as a line that a shell takes.
std::string command_line(const Answers& answers);

/// What an examination depends on: while it stays the same, nothing has to be read again.
std::string examination_key(const Answers& answers);

} // namespace ntferry::wizard
