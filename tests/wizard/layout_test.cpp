// Layout: nothing is cut at 80x24 on any page, long texts scroll, small and odd windows are survived.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/wizard/bench.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::wizard;
using Catch::Contains;
using wizard::test::Bench;

namespace {

/// Every page as somebody meets it, with answers as long as they come.
std::vector<View> all_pages() {
    static test::FakeHost host;
    host.folders["/home/anna"].push_back({std::string(200, 'x') + ".img", false, 1});
    host.all_disks.push_back({"/dev/nvme0n1", std::string(60, 'M'), std::uint64_t{1} << 50U, 12, true, ""});
    const std::string long_path = "/srv/" + std::string(180, 'p') + "/server.img";
    std::vector<View> views;
    for (const bool with_media : {false, true})
        for (std::size_t i = 0; i < page_count; ++i) {
            static std::vector<std::unique_ptr<Context>> contexts; // views point into them
            contexts.push_back(std::make_unique<Context>(
                Context{host, {}, {}, std::nullopt, "/home/anna/.local/state/ntferry/wizard.json", ""}));
            Context& context = *contexts.back();
            context.answers.sources = {long_path, "/dev/sdb",
                                       "ssh://root@" + std::string(60, 'h') + "/dev/sda"};
            context.answers.media = {long_path};
            context.answers.network = "bridge:tap0";
            context.answers.memory = std::uint64_t{512} << 20U;
            context.answers.bundle = long_path;
            context.answers.begun = with_media;
            context.draft = context.answers;
            context.draft_problem = "holds no answers that can be read";
            Examined examined = test::examined_server(with_media);
            examined.result.plan.decisions.push_back(
                {"hal",
                 "ntoskrnl.exe and hal.dll of the maker do not run on this machine, and halsp.dll of Windows "
                 "NT 4.0, "
                 "service pack 6 is not on the media given",
                 "halsp.dll 4.00 of Compaq; give the medium of that service pack with --drivers",
                 {{"keep", "keep the installed kernel and HAL, for a machine with more than one processor "
                           "and an MP table"}},
                 ""});
            context.known.examined = examined;
            context.known.unreadable = failure_of(SystemError(long_path, "open", 13));
            context.known.failed = failure_of(SystemError(long_path, "write", 28));
            context.known.advance.step = bundle::Step::capture;
            context.known.advance.done = 1000000000;
            context.known.advance.total = 18209320960;
            context.known.advance.errors = 4096;
            context.known.advance.seconds = 100;
            context.known.converted = test::converted_server(with_media);
            context.known.commands = {"launch", "verify", "export", "undo"};
            View view = make_page(static_cast<PageId>(i), context)->view(context);
            view.step = step_of(static_cast<PageId>(i));
            view.steps = step_count;
            views.push_back(view);
            View help;
            help.title = "Help";
            help.text = help_of(static_cast<PageId>(i));
            help.next = "Enter or Esc leads back to where you were.";
            views.push_back(help);
        }
    return views;
}

std::string screen_text(const Drawn& drawn) {
    std::string all;
    for (std::size_t row = 0; row < drawn.canvas.size().rows; ++row)
        all += drawn.canvas.row_text(row) + '\n';
    return all;
}

} // namespace

TEST_CASE("No page cuts text at 80x24, whatever is selected") {
    for (View view : all_pages()) {
        const std::size_t selections = std::max<std::size_t>(1, view.items.size());
        for (std::size_t i = 0; i < selections; ++i) {
            view.selected = i;
            const Drawn drawn = draw(view, {80, 24}, 0);
            INFO(screen_text(drawn));
            CHECK(drawn.cut == std::vector<std::string>{});
            if (!view.next.empty())
                CHECK_THAT(screen_text(drawn), Contains("Next: "));
        }
    }
}

TEST_CASE("A text that does not fit can be scrolled to its end") {
    for (const View& view : all_pages()) {
        Drawn drawn = draw(view, {80, 24}, 0);
        std::string seen = screen_text(drawn);
        for (int i = 0; drawn.more && i < 100; ++i) {
            const std::size_t before = drawn.scroll;
            drawn = draw(view, {80, 24}, before + drawn.page);
            seen += screen_text(drawn);
            if (drawn.scroll == before)
                break;
        }
        if (view.screen != nullptr)
            continue;
        for (const Text& text : view.text)
            for (const std::u32string& line : wrap(text.text, 76, text.hang)) {
                const std::string line_text = utf8(line);
                INFO(seen);
                CHECK_THAT(seen, Contains(line_text.substr(0, line_text.find_last_not_of(' ') + 1)));
            }
    }
}

TEST_CASE("Windows of every size are drawn, and too small ones ask to be made larger") {
    for (const View& view : all_pages())
        for (const Size size :
             {Size{1, 1}, Size{20, 5}, Size{40, 16}, Size{80, 25}, Size{132, 50}, Size{300, 10}})
            CHECK(draw(view, size, 1000).canvas.size() == size);
    View view;
    view.title = "x";
    CHECK_THAT(screen_text(draw(view, {30, 10}, 0)), Contains("larger"));
}

TEST_CASE("Names of files cannot reach the terminal as commands") {
    CHECK(utf8(characters("a\x1b[31mb\n\x7f\xff")) == "a?[31mb???");
    CHECK(utf8(characters("ü…─漢")) == "ü…─?");
}

TEST_CASE("Lines are wrapped at blanks, long words inside, and nothing is lost") {
    const auto lines = wrap("- one two three " + std::string(30, 'w'), 12, 2);
    std::string all;
    for (const std::u32string& line : lines) {
        CHECK(line.size() <= 12);
        all += utf8(line);
    }
    CHECK(std::count(all.begin(), all.end(), 'w') == 31);
    CHECK(shortened("/srv/long/path/server.img", 12) == "/srv…ver.img");
    CHECK(shortened("short", 12) == "short");
}

TEST_CASE("A picture is drawn with half-blocks, without colours with shades") {
    ScreenShot screen;
    screen.picture = {640, 480, std::vector<std::uint32_t>(640 * 480, 0x008080)};
    View view;
    view.title = "x";
    view.screen = &screen;
    Drawn drawn = draw(view, {80, 24}, 0, {true});
    CHECK(drawn.canvas.at(15, 40).character == U'\u2580');
    CHECK(drawn.canvas.at(15, 40).foreground == 0x008080);
    drawn = draw(view, {80, 24}, 0, {false});
    CHECK(drawn.canvas.at(15, 40).character < 0x80);
    CHECK_FALSE(drawn.canvas.at(15, 40).colored);
}
