// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/questions.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace ntferry::wizard {
namespace {

struct Known {
    std::string_view id;
    std::string_view question;
    std::string_view why;
    std::string_view choice; ///< name of the choice that `label` is for
    std::string_view label;
    bool media_may_help;
};

/// Ids and choices are those of converter/patch/rules and the planner.
constexpr std::array known_questions = {
    Known{"dirty", "The server was not shut down properly before its disk was copied.",
          "Best is to start the old server once more, shut it down and begin anew with its disk. If that is "
          "not possible, "
          "unfinished work of its last minutes is dropped, and Windows checks the disk at its first start.",
          "empty-log", "Go on: drop the unfinished work (the exact copy keeps it)", false},
    Known{"hal",
          "This server's Windows was made for one maker's hardware, and the standard files were not found.",
          "They are in the service pack that the server has.", "keep",
          "Keep the maker's files (it will probably not start)", true},
    Known{"nic-driver", "The file that drives the new machine's network card was not found.",
          "It is on the Windows NT 4.0 CD.", "without", "Go on without a network", true},
    Known{"ntldr", "The file that starts Windows is too old for where Windows lies on this disk.",
          "A newer one is in service packs 5 and 6a.", "keep",
          "Keep it: I know that it is newer than it looks", true},
    Known{"boot-limit",
          "Windows lies so far behind on its disk that the new machine cannot reach it at its start.",
          "It would have to be moved towards the beginning of the disk before the machine can start.",
          "carry", "Go on all the same; I will move it", false},
    Known{"disk-count", "The server has more disks than the new machine can have.",
          "The others are copied too and lie in the folder, but the machine does not see them.", "carry",
          "Go on; the other disks stay outside", false},
    Known{"family", "This is another Windows than the one that the new machine is made for.", "",
          "as-profile", "Treat it as if it were the right one", false},
};

const Known* find(const std::string& id) {
    const auto at = std::find_if(known_questions.begin(), known_questions.end(),
                                 [&](const Known& known) { return known.id == id; });
    return at == known_questions.end() ? nullptr : &*at;
}

/// A sentence of the plan without what only means something on the command line.
std::string plain(std::string text) {
    for (const std::string_view option : {" with --drivers", " with --disk"})
        for (std::size_t at = text.find(option); at != std::string::npos; at = text.find(option))
            text.erase(at, option.size());
    if (text.empty())
        return text;
    if (text.substr(0, text.find(' ')).find('.') == std::string::npos)
        text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    if (text.back() != '.')
        text += '.';
    return text;
}

} // namespace

Question question_of(const patch::Decision& decision) {
    if (const Known* known = find(decision.id))
        return {std::string(known->question), std::string(known->why), known->media_may_help};
    const bool media = decision.evidence.find("media") != std::string::npos ||
                       decision.question.find("media") != std::string::npos;
    return {plain(decision.question), plain(decision.evidence), media};
}

std::string choice_of(const patch::Decision& decision, const patch::Choice& choice) {
    if (const Known* known = find(decision.id); known != nullptr && known->choice == choice.name)
        return std::string(known->label);
    std::string label = plain(choice.what);
    if (!label.empty())
        label.pop_back();
    return label;
}

} // namespace ntferry::wizard
