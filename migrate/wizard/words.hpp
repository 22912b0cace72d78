// Plain words for somebody who never saw Linux: what was found, what it means, what went wrong.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/answers.hpp"
#include "migrate/wizard/knowledge.hpp"

#include <string>
#include <vector>

namespace ntferry::wizard {

/// "name:   value", wrapped below the value.
Text fact(const std::string& name, const std::string& value, Tone tone = Tone::plain);
Text bullet(const std::string& text, Tone tone = Tone::plain);

std::vector<Text> found_words(const nt::Inspection& inspection);
std::vector<Text> assessment_words(const assess::Assessment& assessment);
/// Which files are there and which are missing. @param plan of a preview with those media
std::vector<Text> media_words(const Examined& examined);
std::vector<Text> failure_words(const Failure& failure, const std::string& what_was_tried);
std::vector<Text> trial_words(const Converted& converted);

/// What the copy will take on the disk it is written to, roughly: bytes in use on the server's volumes.
std::uint64_t space_needed(const nt::Inspection& inspection);
/// A folder name for the server.
std::string folder_name(const nt::Inspection& inspection);
/// RAM to suggest: /MAXMEM of boot.ini, else what the profile gives. @param from_server says which
std::uint64_t suggested_memory(const nt::Inspection& inspection, const profiles::Limits& limits,
                               bool& from_server);
/// "Not connected to any network".
std::string network_words(const std::string& network);

} // namespace ntferry::wizard
