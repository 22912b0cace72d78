// What every command of the table has and does, so that no command is strange to who knows another.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/cli/command.hpp"
#include "migrate/cli/help.hpp"
#include "tests/migrate/support.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

using namespace ntferry;
using test::ntferry_run;
using test::Outcome;

namespace {

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;)
        words.push_back(word);
    return words;
}

std::vector<std::string> line(const cli::Command& command, const std::vector<std::string>& more) {
    std::vector<std::string> words = words_of(command.name);
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

/// "ntferry: WHERE: ...", one line.
bool is_house_form(const std::string& text, const std::string& where) {
    return text.starts_with("ntferry: " + where + ": ") && std::count(text.begin(), text.end(), '\n') == 1 &&
           text.back() == '\n';
}

} // namespace

TEST_CASE("Every command has help with summary and options and examples") {
    for (const cli::Command& command : cli::all_commands()) {
        INFO(command.name);
        CHECK_FALSE(command.summary.empty());
        CHECK(command.summary.find('\n') == std::string::npos);
        CHECK(command.synopsis.ends_with("[options]"));
        CHECK_FALSE(command.examples.empty());
        for (const cli::Example& example : command.examples)
            CHECK(example.command.find("ntferry " + command.name) != std::string::npos);
        const Outcome help = ntferry_run(line(command, {"--help"}));
        CHECK(help.exit_code == 0);
        CHECK(help.err.empty());
        CHECK(help.out.starts_with("usage: ntferry " + command.name + " "));
        for (const char* common : {"--json", "--quiet", "--yes", "--log", "--help"})
            CHECK(help.out.find(common) != std::string::npos);
        CHECK_THAT(help.out, Catch::Contains("\nOptions:\n  -"));
        std::istringstream lines(help.out.substr(help.out.find('\n'), help.out.find("\nExamples:")));
        for (std::string text; std::getline(lines, text);)
            CHECK(text.size() <= 80);
        std::vector<std::string> topic{"help"};
        for (const std::string& word : words_of(command.name))
            topic.push_back(word);
        CHECK(ntferry_run(topic).out == help.out);
        CHECK(ntferry_run({"--help"}).out.find("  " + command.name + " ") != std::string::npos);
    }
}

TEST_CASE("Every command has a man page that man can set") {
    const test::TempDir dir;
    const bool can_set = test::have_program("groff");
    for (const cli::Command& command : cli::all_commands()) {
        INFO(command.name);
        std::vector<std::string> topic{"help", "man"};
        for (const std::string& word : words_of(command.name))
            topic.push_back(word);
        const Outcome page = ntferry_run(topic);
        REQUIRE(page.exit_code == 0);
        for (const char* section : {".TH ", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS",
                                    ".SH EXAMPLES", ".SH EXIT STATUS"})
            CHECK(page.out.find(section) != std::string::npos);
        if (!can_set)
            continue;
        std::ofstream(dir / "page") << page.out;
        const test::RunResult set =
            test::run_shell("groff -man -Tutf8 -ww " + (dir / "page") + " >/dev/null");
        INFO(set.err);
        CHECK(set.err.empty());
    }
}

TEST_CASE("Completion of bash knows every command and its options") {
    const test::TempDir dir;
    std::ofstream(dir / "completion") << ntferry_run({"help", "completion"}).out;
    std::ofstream script(dir / "script");
    script << "set -e\n. " << (dir / "completion") << "\n";
    script << "ask() { COMP_WORDS=(ntferry \"$@\"); COMP_CWORD=$#; COMPREPLY=(); _ntferry || true; echo "
              "\" ${COMPREPLY[*]} \"; }\n";
    for (const cli::Command& command : cli::all_commands())
        script << "ask " << command.name << " --\n";
    script << "ask ''\n";
    script.close();
    const test::RunResult result = test::run_shell("bash " + (dir / "script"));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    std::istringstream answers(result.out);
    std::string answer;
    for (const cli::Command& command : cli::all_commands()) {
        std::getline(answers, answer);
        INFO(command.name << ":" << answer);
        const cli::po::options_description options = cli::visible_options(command);
        for (const auto& option : options.options())
            CHECK(answer.find(" --" + option->long_name() + " ") != std::string::npos);
    }
    std::getline(answers, answer);
    for (const cli::Command& command : cli::all_commands())
        CHECK(answer.find(" " + words_of(command.name)[0] + " ") != std::string::npos);
}

TEST_CASE("What means the same is called the same in every command") {
    // name of the option: what kind of value it takes, everywhere
    const std::map<std::string, std::string> names = {
        {"profile", "NAME"},       {"drivers", "DIR|ISO"}, {"disk", "SOURCE"},
        {"control", "SOCKET"},     {"memory", "SIZE"},     {"engine", "NAME"},
        {"boot", "SECONDS"},       {"wait", "SECONDS"},    {"layout", "NAME"},
        {"html", "FILE"},          {"log", "FILE"},        {"decide", "ID=CHOICE"},
        {"setting", "NAME=VALUE"}, {"host", "HOST"},       {"remote-program", "PROGRAM"}};
    for (const cli::Command& command : cli::all_commands()) {
        const cli::po::options_description options = cli::visible_options(command);
        for (const auto& option : options.options()) {
            INFO(command.name << " --" << option->long_name() << " " << option->format_parameter());
            CHECK(option->long_name() != "media");
            CHECK(option->format_parameter().substr(0, 3) != "arg");
            if (const auto known = names.find(option->long_name()); known != names.end())
                CHECK(option->format_parameter().starts_with(known->second));
            if (option->long_name() == "output")
                CHECK(option->canonical_display_name(cli::po::command_line_style::allow_dash_for_short) ==
                      "-o");
        }
        // Whatever looks at a whole server takes its further disks and its machine in the same way.
        const bool whole = command.name == "convert" || command.name == "assess" || command.name == "plan" ||
                           command.name == "check";
        CHECK((options.find_nothrow("disk", false) != nullptr) == (whole || command.name == "inspect"));
        if (whole)
            CHECK(options.find("profile", false).format_parameter() == "NAME (=auto)");
    }
}

TEST_CASE("A wrong option is one line and exit code 2 in every command") {
    for (const cli::Command& command : cli::all_commands()) {
        const Outcome outcome = ntferry_run(line(command, {"--no-such-option"}));
        INFO(command.name << ": " << outcome.err);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.out.empty());
        CHECK(is_house_form(outcome.err, command.name));
        CHECK(outcome.err.find("--help") != std::string::npos);
    }
}

TEST_CASE("A command that is told nothing says in one line what is missing and touches nothing") {
    for (const cli::Command& command : cli::all_commands()) {
        if (command.positional.empty() || command.name == "wizard" || command.name == "launch" ||
            command.synopsis.starts_with("["))
            continue;
        const Outcome outcome = ntferry_run(line(command, {}));
        INFO(command.name << ": " << outcome.err);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.out.empty());
        CHECK(is_house_form(outcome.err, command.name));
    }
}

TEST_CASE("What is not there is one line and no JSON on standard output") {
    for (const cli::Command& command : cli::all_commands()) {
        if (command.positional.empty() || command.name == "wizard")
            continue;
        std::vector<std::string> more{"/nonexistent/thing", "--json", "--quiet"};
        if (command.positional.size() > 1)
            more.insert(more.begin() + 1, "/nonexistent/other");
        const Outcome outcome = ntferry_run(line(command, more));
        INFO(command.name << ": " << outcome.out << outcome.err);
        CHECK(outcome.exit_code != 0);
        CHECK(outcome.out.empty());
        CHECK(is_house_form(outcome.err, command.name));
    }
}

TEST_CASE("With --json what is printed is JSON and nothing else") {
    const test::TempDir dir;
    std::ofstream(dir / "fleet.xml") << "<fleet><server name='a' source='" << (dir / "none") << "'/></fleet>";
    const auto json = [&](const std::vector<std::string>& arguments) {
        std::vector<std::string> words = arguments;
        words.insert(words.end(), {"--json", "--quiet"});
        const Outcome outcome = ntferry_run(words);
        INFO(arguments.at(0) << " " << outcome.out << outcome.err);
        boost::json::error_code error;
        boost::json::parse(outcome.out, error);
        CHECK_FALSE(error);
    };
    json({"profiles", "list"});
    json({"profiles", "show", "nt4"});
    json({"profiles", "show", "nt4", "--qemu"});
    json({"profiles", "show", "nt4", "--libvirt"});
    json({"profiles", "check"});
    json({"doctor"});
    json({"ps"});
    json({"list", "--local"});
    json({"image", "create", dir / "a.vhd", "--size", "64M"});
    json({"image", "create", dir / "b.vhd", "--parent", dir / "a.vhd"});
    json({"image", "info", dir / "a.vhd"});
    json({"image", "check", dir / "a.vhd"});
    json({"image", "convert", dir / "a.vhd", dir / "c.vhd"});
    json({"image", "compare", dir / "a.vhd", dir / "c.vhd"});
    json({"image", "flatten", dir / "b.vhd", dir / "d.vhd"});
    json({"image", "rebase", dir / "b.vhd", dir / "c.vhd"});
    json({"image", "commit", dir / "b.vhd"});
    if (!test::lookalike_missing().empty())
        NTFERRY_SKIP("the rest: " + test::lookalike_missing());
    const std::string disk = test::lookalike_disk("scsi-ntfs");
    const std::string media = test::lookalike_media();
    json({"inspect", disk});
    json({"assess", disk});
    json({"plan", disk, "--drivers", media + "/cd", "--drivers", media + "/sp6a"});
    json({"capture", disk, dir / "disk.vhd"});
    json({"image", "verify", dir / "disk.vhd"});
    json({"convert", disk, "-o", dir / "bundle", "--drivers", media + "/cd", "--drivers", media + "/sp6a",
          "--yes", "--no-boot"});
    json({"check", dir / "bundle"});
    json({"plan", dir / "bundle"});
    json({"export", dir / "bundle", "--to", "hyperv", "-o", dir / "hyperv"});
    json({"undo", dir / "bundle"});
    json({"patch", dir / "bundle", "--drivers", media + "/cd", "--drivers", media + "/sp6a", "--yes"});
}

TEST_CASE("With --quiet nothing comes on standard error while all goes well") {
    const test::TempDir dir;
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"image", "create", dir / "a.vhd", "--size", "64M"},
          {"image", "check", dir / "a.vhd"},
          {"image", "convert", dir / "a.vhd", dir / "c.vhd"},
          {"image", "compare", dir / "a.vhd", dir / "c.vhd"},
          {"profiles", "check"},
          {"capture", "--raw", dir / "a.vhd", dir / "e.vhd"}}) {
        std::vector<std::string> quiet = words;
        quiet.emplace_back("--quiet");
        const Outcome outcome = ntferry_run(quiet);
        INFO(words[0] << " " << words[1] << ": " << outcome.out << outcome.err);
        CHECK(outcome.exit_code == 0);
        CHECK(outcome.err.empty());
    }
}
