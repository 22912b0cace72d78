// ntferry console
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/running_machine.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace ntferry::cli {
namespace {

constexpr int REFRESH_MS = 250;
constexpr char ESCAPE = 0x1D; ///< Ctrl-]

/// The terminal without line editing for as long as it lives.
class RawTerminal {
  public:
    RawTerminal() {
        if (::tcgetattr(STDIN_FILENO, &before_) != 0)
            throw Error("console", "standard input is no terminal", "use ntferry screenshot --text",
                        ErrorKind::usage);
        termios raw = before_;
        ::cfmakeraw(&raw);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    ~RawTerminal() { ::tcsetattr(STDIN_FILENO, TCSANOW, &before_); }
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

  private:
    termios before_{};
};

struct Sequence {
    std::string_view bytes;
    std::string_view key; ///< QEMU's name
};

// What xterm and the Linux console send; ECMA-48, terminfo(5).
constexpr Sequence SEQUENCES[] = {
    {"\x1b[A", "up"},    {"\x1b[B", "down"},  {"\x1b[C", "right"},   {"\x1b[D", "left"},
    {"\x1bOA", "up"},    {"\x1bOB", "down"},  {"\x1bOC", "right"},   {"\x1bOD", "left"},
    {"\x1b[H", "home"},  {"\x1b[F", "end"},   {"\x1b[2~", "insert"}, {"\x1b[3~", "delete"},
    {"\x1b[5~", "pgup"}, {"\x1b[6~", "pgdn"}, {"\x1bOP", "f1"},      {"\x1bOQ", "f2"},
    {"\x1bOR", "f3"},    {"\x1bOS", "f4"},    {"\x1b[15~", "f5"},    {"\x1b[17~", "f6"},
    {"\x1b[18~", "f7"},  {"\x1b[19~", "f8"},  {"\x1b[20~", "f9"},    {"\x1b[21~", "f10"},
    {"\x1b[23~", "f11"}, {"\x1b[24~", "f12"}, {"\x7f", "backspace"}, {"\x1b", "esc"},
};

void press(launch::ControlClient& client, std::initializer_list<std::string> names) {
    boost::json::array keys;
    for (const std::string& name : names)
        keys.push_back(boost::json::object{{"type", "qcode"}, {"data", name}});
    client.run("send-key", {{"keys", keys}, {"hold-time", 20}});
}

/// Sends what was typed. Returns false at Ctrl-].
bool send_typed(launch::ControlClient& client, std::string_view typed, const std::string& layout) {
    while (!typed.empty()) {
        if (typed.front() == ESCAPE)
            return false;
        bool known = false;
        for (const Sequence& sequence : SEQUENCES)
            if (!known && typed.starts_with(sequence.bytes)) {
                press(client, {std::string(sequence.key)});
                typed.remove_prefix(sequence.bytes.size());
                known = true;
            }
        if (known)
            continue;
        const auto byte = static_cast<unsigned char>(typed.front());
        if (byte < 0x20 && byte != '\r' && byte != '\n' && byte != '\t') {
            if (byte >= 1 && byte <= 26)
                press(client, {"ctrl", std::string(1, static_cast<char>('a' + byte - 1))});
            typed.remove_prefix(1);
            continue;
        }
        std::size_t length = 1;
        while (length < typed.size() && (static_cast<unsigned char>(typed[length]) & 0xC0U) == 0x80)
            ++length;
        try {
            client.run("ntferry-type", {{"text", typed.substr(0, length)}, {"layout", layout}});
        } catch (const Error&) {
            // A character that this keyboard has not; nothing is pressed.
        }
        typed.remove_prefix(length);
    }
    return true;
}

/// The screen, if it differs from what was drawn last.
void draw(launch::ControlClient& client, std::ostream& out, std::string& last) {
    std::string picture;
    try {
        const boost::json::object screen = client.run("ntferry-screen-text").as_object();
        picture = "\x1b[H";
        for (const char c : std::string_view(screen.at("text").as_string()))
            picture += c == '\n' ? std::string("\x1b[K\r\n") : std::string(1, c);
        picture += "\x1b[J";
        const std::int64_t row = screen.at("cursor-row").as_int64();
        const std::int64_t column = screen.at("cursor-column").as_int64();
        picture += row < 0
                       ? std::string("\x1b[?25l")
                       : "\x1b[" + std::to_string(row + 1) + ";" + std::to_string(column + 1) + "H\x1b[?25h";
    } catch (const Error& error) {
        if (error.problem() != "The screen shows no text mode")
            throw;
        picture = "\x1b[H\x1b[J[graphics: use VNC or ntferry screenshot; Ctrl-] ends]\r\n";
    }
    if (picture != last)
        out << picture << std::flush;
    last = picture;
}

int run_console(Invocation& invocation) {
    if (invocation.json)
        throw Error("--json", "the console talks to a person", "use 'ntferry screenshot --text --json'",
                    ErrorKind::usage);
    launch::ControlClient client = connect(invocation);
    const RawTerminal terminal;
    const std::string layout = invocation.get<std::string>("layout");
    std::string last;
    bool going = true;
    invocation.out << "\x1b[2J";
    try {
        while (going && !invocation.stop.stop_requested()) {
            draw(client, invocation.out, last);
            pollfd keyboard{STDIN_FILENO, POLLIN, 0};
            if (::poll(&keyboard, 1, REFRESH_MS) <= 0)
                continue;
            char buffer[256];
            const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
            going = count > 0 &&
                    send_typed(client, std::string_view(buffer, static_cast<std::size_t>(count)), layout);
        }
    } catch (const Error&) {
        invocation.out << "\x1b[?25h\r\n" << std::flush;
        throw;
    }
    invocation.out << "\x1b[?25h\r\n" << std::flush;
    return 0;
}

} // namespace

Command console_command() {
    return {.name = "console",
            .summary = "shows a machine's text screen in this terminal",
            .synopsis = "NAME [options]",
            .description =
                "Keys go to the guest; Ctrl-] leaves. For text modes: firmware, boot loader, DOS, blue "
                "screens.",
            .add_options =
                [](po::options_description& options) {
                    add_machine_options(options);
                    options.add_options()("layout",
                                          po::value<std::string>()->default_value("us")->value_name("NAME"),
                                          "keyboard layout of the guest");
                },
            .positional = {{"machine", 1}},
            .examples = {{"ntferry console payroll", "choose an entry of the boot menu"}},
            .run = run_console};
}

} // namespace ntferry::cli
