// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/cli/help.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <ostream>

namespace ntferry::cli {
namespace {

constexpr int usage_exit = 2;

std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, " "));
}

const Command* find_by_name(const std::vector<Command>& commands, const std::string& name) {
    const auto at = std::find_if(commands.begin(), commands.end(),
                                 [&](const Command& command) { return command.name == name; });
    return at == commands.end() ? nullptr : &*at;
}

/// Paragraphs for a terminal of 80 columns; the texts are ASCII.
std::string wrapped(const std::string& text) {
    constexpr std::size_t width = 79;
    std::string result = text;
    std::size_t line = 0;
    std::size_t blank = std::string::npos;
    for (std::size_t i = 0; i < result.size(); ++i) {
        if (result[i] == '\n') {
            line = i + 1;
            blank = std::string::npos;
        } else if (result[i] == ' ') {
            blank = i;
        }
        if (i - line >= width && blank != std::string::npos) {
            result[blank] = '\n';
            line = blank + 1;
            blank = std::string::npos;
        }
    }
    return result;
}

/// troff treats a leading dot or quote as a request, and a backslash as an escape.
std::string troff(const std::string& text) {
    std::string result;
    bool line_start = true;
    for (const char c : text) {
        if (line_start && (c == '.' || c == '\''))
            result += "\\&";
        if (c == '\\')
            result += "\\e";
        else if (c == '-')
            result += "\\-";
        else
            result += c;
        line_start = c == '\n';
    }
    return result;
}

void print_man(const Command& command, std::ostream& out) {
    std::string page = command.name;
    std::replace(page.begin(), page.end(), ' ', '-');
    fmt::print(out, ".TH NTFERRY-{} 1 \"\" \"ntferry {}\" \"NTFerry\"\n", page, version());
    fmt::print(out, ".SH NAME\nntferry\\-{} \\- {}\n", troff(page), troff(command.summary));
    fmt::print(out, ".SH SYNOPSIS\n.B ntferry {}\n{}\n", troff(command.name), troff(command.synopsis));
    fmt::print(out, ".SH DESCRIPTION\n{}\n", troff(command.description));
    fmt::print(out, ".SH OPTIONS\n");
    const po::options_description options = visible_options(command);
    for (const auto& option : options.options())
        fmt::print(out, ".TP\n.B {} {}\n{}\n",
                   troff(option->canonical_display_name(po::command_line_style::allow_long)),
                   troff(option->format_parameter()), troff(option->description()));
    if (!command.examples.empty()) {
        fmt::print(out, ".SH EXAMPLES\n");
        for (const Example& example : command.examples)
            fmt::print(out, ".TP\n.B {}\n{}\n", troff(example.command), troff(example.says));
    }
    fmt::print(out, ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage, 3 needs a decision, 4 not supported, "
                    "130 interrupted.\n.SH SEE ALSO\n.BR ntferry (1)\n");
}

void print_man_overview(const std::vector<Command>& commands, std::ostream& out) {
    fmt::print(out, ".TH NTFERRY 1 \"\" \"ntferry {}\" \"NTFerry\"\n.SH NAME\n", version());
    fmt::print(out, "ntferry \\- carry Windows NT 4.0 servers into contained virtual machines\n");
    fmt::print(out, ".SH SYNOPSIS\n.B ntferry\n.I COMMAND\n[options]\n.SH COMMANDS\n");
    for (const Command& command : commands)
        fmt::print(out, ".TP\n.B {}\n{}\n", troff(command.name), troff(command.summary));
    fmt::print(out, ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage, 3 needs a decision, 4 not supported, "
                    "130 interrupted.\n");
}

void print_completion(const std::vector<Command>& commands, std::ostream& out) {
    std::vector<std::string> first_words;
    for (const Command& command : commands) {
        const std::string word = command.name.substr(0, command.name.find(' '));
        if (std::find(first_words.begin(), first_words.end(), word) == first_words.end())
            first_words.push_back(word);
    }
    fmt::print(out, "# bash completion of ntferry, made by: ntferry help completion\n_ntferry() {{\n");
    fmt::print(out, "    local cur=${{COMP_WORDS[COMP_CWORD]}} cmd=${{COMP_WORDS[1]}}\n");
    fmt::print(out,
               "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
               "        COMPREPLY=($(compgen -W \"{} help --version\" -- \"$cur\")); return\n    fi\n",
               fmt::join(first_words, " "));
    fmt::print(out, "    case \"$cmd ${{COMP_WORDS[2]}}\" in\n");
    // Two-word commands first: the pattern of a one-word command would take them too.
    for (const bool two_words : {true, false})
        for (const Command& command : commands) {
            if ((command.name.find(' ') != std::string::npos) != two_words)
                continue;
            std::vector<std::string> options;
            const po::options_description visible = visible_options(command);
            for (const auto& option : visible.options())
                options.push_back("--" + option->long_name());
            fmt::print(out,
                       "    \"{}\"*) [[ $cur == -* ]] && COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")) ;;\n",
                       two_words ? command.name : command.name + " ", fmt::join(options, " "));
        }
    for (const std::string& word : first_words) {
        std::vector<std::string> verbs;
        for (const Command& command : commands)
            if (command.name.starts_with(word + " "))
                verbs.push_back(command.name.substr(word.size() + 1));
        if (!verbs.empty())
            fmt::print(out,
                       "    \"{} \"*) [ \"$COMP_CWORD\" -eq 2 ] && COMPREPLY=($(compgen -W \"{}\" -- "
                       "\"$cur\")) ;;\n",
                       word, fmt::join(verbs, " "));
    }
    fmt::print(out, "    esac\n}}\ncomplete -o default -F _ntferry ntferry\n");
}

/// Levenshtein distance: what was typed against what exists.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

} // namespace

std::string_view version() {
    return NTFERRY_VERSION;
}

po::options_description visible_options(const Command& command) {
    po::options_description own("Options");
    if (command.add_options)
        command.add_options(own);
    po::options_description common("Options of every command");
    common.add_options()("json", "results and progress as JSON")                                   //
        ("quiet", "nothing but what was asked for, and errors")                                    //
        ("yes", "answer yes to every question")                                                    //
        ("log", po::value<std::string>()->value_name("FILE"), "append progress and notes to FILE") //
        ("no-color", "no colour, also on a terminal")                                              //
        ("help", "this text");
    po::options_description all;
    for (const auto& option : own.options())
        all.add(option);
    for (const auto& option : common.options())
        if (own.find_nothrow(option->long_name(), false) == nullptr)
            all.add(option);
    return all;
}

void print_overview(const std::vector<Command>& commands, std::ostream& out) {
    fmt::print(out,
               "ntferry {}: carries Windows NT 4.0 servers into contained virtual machines\n\n"
               "usage: ntferry COMMAND [options]\n\n",
               version());
    for (const Command& command : commands)
        fmt::print(out, "  {:<18} {}\n", command.name, command.summary);
    fmt::print(out, "\n'ntferry COMMAND --help' tells more; exit codes: 0 done, 1 failed, 2 wrong usage, 3 "
                    "needs a decision,\n"
                    "4 not supported, 130 interrupted.\n");
}

void print_command_help(const Command& command, std::ostream& out) {
    fmt::print(out, "usage: ntferry {} {}\n\n{}\n\n", command.name, command.synopsis,
               wrapped(command.description));
    out << "Options:\n" << visible_options(command);
    if (!command.examples.empty()) {
        fmt::print(out, "\nExamples:\n");
        for (const Example& example : command.examples)
            fmt::print(out, "  {}\n      {}\n", example.command, example.says);
    }
}

int print_help_topic(const std::vector<Command>& commands, const std::vector<std::string>& words,
                     std::ostream& out, std::ostream& err) {
    if (words[0] == "commands") {
        for (const Command& command : commands)
            fmt::print(out, "{}\n", command.name);
        return 0;
    }
    if (words[0] == "completion") {
        print_completion(commands, out);
        return 0;
    }
    if (words[0] == "man" && words.size() == 1) {
        print_man_overview(commands, out);
        return 0;
    }
    const bool man = words[0] == "man";
    const std::vector<std::string> name(words.begin() + (man ? 1 : 0), words.end());
    if (const Command* command = find_by_name(commands, joined(name))) {
        if (man)
            print_man(*command, out);
        else
            print_command_help(*command, out);
        return 0;
    }
    return unknown_command(commands, name, err);
}

int unknown_command(const std::vector<Command>& commands, const std::vector<std::string>& words,
                    std::ostream& err) {
    std::vector<std::string> verbs;
    std::string nearest;
    std::size_t best = 3;
    for (const Command& command : commands) {
        const std::string first = command.name.substr(0, command.name.find(' '));
        if (first == words[0] && first != command.name)
            verbs.push_back(command.name.substr(first.size() + 1));
        if (const std::size_t d = distance(words[0], first); d < best) {
            best = d;
            nearest = first;
        }
    }
    if (!verbs.empty())
        fmt::print(err, "ntferry: {}: say what to do: {}\n", words[0], fmt::join(verbs, ", "));
    else if (!nearest.empty())
        fmt::print(err, "ntferry: there is no command '{}'; did you mean '{}'?\n", words[0], nearest);
    else
        fmt::print(err, "ntferry: there is no command '{}'; see 'ntferry --help'\n", words[0]);
    return usage_exit;
}

} // namespace ntferry::cli
