// The state machine: forth, back, changing, leaving, going on, refusing.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/wizard/bench.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::wizard;
using Catch::Contains;
using wizard::test::Bench;

TEST_CASE("The wizard asks everything and converts only after the summary") {
    Bench bench;
    bench.to_summary();
    REQUIRE(bench.page() == PageId::summary);
    const Answers& answers = bench.wizard.context().answers;
    CHECK(answers.sources == std::vector<std::string>{"/dev/sdb"});
    CHECK(answers.media == std::vector<std::string>{"/home/anna/media/nt4.iso"});
    CHECK(answers.network == "isolated");
    CHECK(answers.memory == std::uint64_t{256} << 20U);
    CHECK(answers.bundle == "/home/anna/filesrv1");
    CHECK(answers.trial == true);
    CHECK(bench.wizard.take_effect() == Effect::none); // nothing has been begun
    bench.choose("YES");
    CHECK(bench.wizard.take_effect() == Effect::convert);
    bench.wizard.converted(test::converted_server());
    CHECK(bench.page() == PageId::screen);
    CHECK_THAT(bench.words(), Contains("rests at a text screen"));
    bench.press(KeyCode::enter);
    CHECK(bench.page() == PageId::done);
    CHECK_THAT(bench.words(), Contains("ntferry launch /home/anna/filesrv1") && Contains("report.html"));
    bench.choose("Finish");
    CHECK(bench.wizard.take_effect() == Effect::end);
    CHECK_FALSE(bench.wizard.keeps_answers());
}

TEST_CASE("Esc leads back through every step to the welcome page") {
    Bench bench;
    bench.to_summary();
    std::vector<PageId> seen;
    for (int i = 0; i < 30 && bench.page() != PageId::welcome; ++i) {
        bench.press(KeyCode::escape);
        seen.push_back(bench.page());
        REQUIRE(bench.wizard.take_effect() == Effect::none);
    }
    CHECK(seen == std::vector<PageId>{PageId::trial, PageId::target, PageId::memory, PageId::network,
                                      PageId::media, PageId::assessment, PageId::found, PageId::disks,
                                      PageId::local_disks, PageId::source, PageId::welcome});
}

TEST_CASE("An answer that is changed from the summary leads back to the summary") {
    Bench bench;
    bench.to_summary();
    bench.choose("Memory");
    CHECK(bench.page() == PageId::memory);
    bench.choose("128 MB");
    CHECK(bench.page() == PageId::summary);
    CHECK(bench.wizard.context().answers.memory == std::uint64_t{128} << 20U);
    bench.choose("Network");
    bench.choose("On the network");
    bench.fill("tap7");
    CHECK(bench.page() == PageId::summary);
    CHECK(bench.wizard.context().answers.network == "bridge:tap7");
    bench.choose("New folder");
    bench.press(KeyCode::escape);
    CHECK(bench.page() == PageId::summary);
    bench.choose("Driver files");
    bench.choose("Go on");
    CHECK(bench.page() == PageId::summary);
}

TEST_CASE("Other disks are looked at again, and the answers about the old ones are gone") {
    Bench bench;
    bench.to_summary();
    bench.choose("Disks");
    bench.choose("Take away disk 1");
    bench.choose("Add another");
    bench.choose("A disk of another");
    bench.fill("ssh://root@old/dev/sda");
    CHECK(bench.page() == PageId::disks);
    bench.choose("These are all");
    CHECK(bench.page() == PageId::examine);
    CHECK(bench.wizard.take_effect() == Effect::examine);
    bench.answer_examination(true);
    CHECK(bench.page() == PageId::found);
}

TEST_CASE("Without the files that are needed there is no way on, and the page names them") {
    Bench bench;
    bench.choose("Start");
    bench.choose("A disk connected");
    bench.choose("/dev/sdb");
    bench.choose("These are all");
    bench.answer_examination(false);
    bench.press(KeyCode::enter);
    bench.press(KeyCode::enter);
    REQUIRE(bench.page() == PageId::media);
    CHECK_THAT(bench.words(), Contains("amdpcn.sys") && Contains("NT 4.0 CD"));
    bench.choose("Go on");
    CHECK(bench.page() == PageId::media);
    CHECK_THAT(bench.wizard.view().warning, Contains("cannot start without"));
}

TEST_CASE("A question that only a service pack answers holds the way on, with words") {
    Bench bench;
    bench.choose("Start");
    bench.choose("A disk connected");
    bench.choose("/dev/sdb");
    bench.choose("These are all");
    bench.wizard.take_effect();
    Examined examined = test::examined_server(true);
    examined.result.plan.decisions.push_back({"hal", "halsp.dll does not run here", "", {}, ""});
    bench.wizard.examined(examined);
    bench.press(KeyCode::enter);
    bench.press(KeyCode::enter);
    CHECK_THAT(bench.words(), Contains("They are in the service pack"));
    bench.choose("Go on");
    CHECK(bench.page() == PageId::media);
    CHECK_THAT(bench.wizard.view().warning, Contains("open question"));
}

TEST_CASE("A decision is asked, kept, and part of what is examined next") {
    Bench bench;
    bench.choose("Start");
    bench.choose("A disk connected");
    bench.choose("/dev/sdb");
    bench.choose("These are all");
    bench.wizard.take_effect();
    Examined examined = test::examined_server(true);
    examined.result.plan.decisions.push_back({"hal",
                                              "the HAL of this maker does not run here",
                                              "halsp.dll",
                                              {{"keep", "keep it"}, {"standard", "take the standard one"}},
                                              ""});
    bench.wizard.examined(examined);
    bench.press(KeyCode::enter);
    bench.press(KeyCode::enter);
    bench.choose("Go on");
    REQUIRE(bench.page() == PageId::decision);
    CHECK_THAT(bench.words(), Contains("made for one maker's hardware"));
    CHECK(bench.choose("Take the standard"));
    CHECK(bench.page() == PageId::examine);
    CHECK(bench.wizard.context().answers.decisions.at("hal") == "standard");
    examined.result.plan.decisions[0].chosen = "standard";
    bench.wizard.examined(examined);
    CHECK(bench.page() == PageId::network);
    bench.press(KeyCode::escape);
    CHECK(bench.page() == PageId::decision);
}

TEST_CASE("Disks in use and folders in the way are refused with a reason") {
    Bench bench;
    bench.choose("Start");
    bench.choose("A disk connected");
    bench.choose("/dev/sda");
    CHECK(bench.page() == PageId::local_disks);
    CHECK_THAT(bench.wizard.view().warning, Contains("mounted on /"));
    Bench other;
    other.host.targets["/home/anna/full"] = TargetState::occupied;
    other.host.targets["/home/anna/begun"] = TargetState::begun;
    other.to_summary();
    other.choose("New folder");
    for (const char* folder : {"relative", "/home/anna/full", "/home/anna/begun"}) {
        other.fill(folder);
        CHECK(other.page() == PageId::target);
        CHECK_FALSE(other.wizard.view().warning.empty());
    }
    other.host.room = 1U << 20U;
    other.fill("/home/anna/small");
    CHECK_THAT(other.wizard.view().warning, Contains("room for"));
    CHECK(other.page() == PageId::target);
    other.press(KeyCode::enter); // insists
    CHECK(other.page() == PageId::summary);
}

TEST_CASE("What cannot be read is said in plain words, and can be tried again") {
    Bench bench;
    bench.choose("Start");
    bench.choose("A disk connected");
    bench.choose("/dev/sdb");
    bench.choose("These are all");
    CHECK(bench.wizard.take_effect() == Effect::examine);
    bench.wizard.examination_failed(failure_of(SystemError("/dev/sdb", "open", 13)));
    CHECK(bench.page() == PageId::unreadable);
    CHECK_THAT(bench.words(), Contains("sudo ntferry wizard"));
    bench.choose("Try again");
    CHECK(bench.wizard.take_effect() == Effect::examine);
    bench.press(KeyCode::escape);
    CHECK(bench.wizard.take_effect() == Effect::abandon);
    CHECK(bench.page() == PageId::disks);
    bench.wizard.examined(test::examined_server(true)); // too late: nobody waits for it
    CHECK(bench.page() == PageId::disks);
}

TEST_CASE("Leaving is asked, keeps the answers, and can be taken back") {
    Bench bench;
    bench.to_summary();
    bench.press(KeyCode::leave);
    CHECK(bench.title() == "Leave the wizard?");
    bench.press(KeyCode::enter);
    CHECK(bench.page() == PageId::summary);
    CHECK(bench.wizard.take_effect() == Effect::none);
    bench.press(KeyCode::leave);
    bench.press(KeyCode::leave);
    CHECK(bench.wizard.take_effect() == Effect::end);
    CHECK(bench.wizard.keeps_answers());
}

TEST_CASE("A draft goes on at the first open question, and Esc leads through what it answers") {
    Bench first;
    first.to_summary();
    Answers answers = first.wizard.context().answers;
    answers.memory = 0;
    Bench bench(answers);
    bench.choose("Go on where");
    CHECK(bench.wizard.take_effect() == Effect::examine);
    bench.wizard.examined(test::examined_server(true));
    CHECK(bench.page() == PageId::memory);
    bench.press(KeyCode::escape);
    CHECK(bench.page() == PageId::network);
    bench.press(KeyCode::enter);
    bench.choose("64 MB");
    CHECK(bench.page() == PageId::target);
}

TEST_CASE("A conversion is stopped only when asked twice, and goes on later") {
    Bench bench;
    bench.to_summary();
    bench.choose("YES");
    CHECK(bench.wizard.take_effect() == Effect::convert);
    for (const KeyCode code : {KeyCode::escape, KeyCode::enter})
        bench.press(code);
    CHECK(bench.page() == PageId::convert);
    bench.press(KeyCode::leave);
    bench.choose("Stop now");
    CHECK(bench.wizard.take_effect() == Effect::stop);
    bench.host.targets["/home/anna/filesrv1"] = TargetState::begun;
    bench.wizard.conversion_failed(failure_of(Interrupted("capture")));
    CHECK(bench.wizard.take_effect() == Effect::end);
    CHECK(bench.wizard.keeps_answers());
    REQUIRE(bench.wizard.context().answers.begun);

    Bench later(bench.wizard.context().answers);
    later.host.targets["/home/anna/filesrv1"] = TargetState::begun;
    later.choose("Go on where");
    later.answer_examination(true);
    CHECK(later.page() == PageId::summary);
    CHECK_THAT(later.words(), Contains("goes on where it stopped"));
    later.choose("YES, go on");
    CHECK(later.wizard.take_effect() == Effect::convert);
    Answers begun;
    begun.begun = later.wizard.context().answers.begun;
    CHECK(conversion_options(begun).resume);
}

TEST_CASE("A full disk ends in a page that says so and goes on in the same folder") {
    Bench bench;
    bench.to_summary();
    bench.choose("YES");
    bench.host.targets["/home/anna/filesrv1"] = TargetState::begun;
    bench.wizard.conversion_failed(
        failure_of(SystemError("/home/anna/filesrv1/disks/.disk0.vhd.part", "write", 28)));
    CHECK(bench.page() == PageId::failed);
    CHECK_THAT(bench.words(), Contains("no room left"));
    bench.wizard.take_effect();
    bench.choose("Try again");
    CHECK(bench.wizard.take_effect() == Effect::convert);
    CHECK(bench.wizard.context().answers.begun);
}

TEST_CASE(
    "A disk that is gone when the copy begins is told with what helps, and nothing is said to be kept") {
    Bench bench;
    bench.to_summary();
    bench.choose("YES");
    bench.wizard.take_effect();
    bench.wizard.conversion_failed(failure_of(SystemError("/dev/sdb", "open", 2)));
    CHECK(bench.page() == PageId::failed);
    CHECK_THAT(bench.words(), Contains("still connected"));
    CHECK_THAT(bench.words(), Contains("Nothing was written"));
    CHECK_THAT(bench.words(), !Contains("copied so far"));
    bench.choose("Try again");
    CHECK(bench.wizard.take_effect() == Effect::convert);
    CHECK_FALSE(bench.wizard.context().answers.begun);
}

TEST_CASE("Where only the trial cannot be made, the conversion ends without it") {
    Bench bench;
    bench.to_summary();
    bench.choose("YES");
    Advance advance;
    advance.step = bundle::Step::boot;
    bench.wizard.advanced(advance);
    bench.host.targets["/home/anna/filesrv1"] = TargetState::begun;
    bench.wizard.conversion_failed(failure_of(Error("qemu-system-i386", "is not installed", "install it")));
    bench.wizard.take_effect();
    CHECK(bench.choose("Go on without the first start"));
    CHECK(bench.wizard.take_effect() == Effect::convert);
    CHECK(bench.wizard.context().answers.trial == false);
    CHECK(bench.wizard.context().answers.begun);
}

TEST_CASE("A machine that does not start is told with cause and cure") {
    Bench bench;
    bench.to_summary();
    bench.choose("YES");
    bench.wizard.converted(test::converted_server(false));
    CHECK_THAT(bench.words(), Contains("0x0000007B") && Contains("No driver for the boot disk"));
    bench.press(KeyCode::enter);
    CHECK_THAT(bench.title(), Contains("needs a look"));
}

TEST_CASE("Nothing that is pressed breaks a page") {
    // A walk of pseudo-random keys: every state reached can be drawn and says something.
    Bench bench;
    std::uint32_t seed = 12345;
    constexpr KeyCode codes[] = {KeyCode::enter,     KeyCode::enter,     KeyCode::escape, KeyCode::up,
                                 KeyCode::down,      KeyCode::down,      KeyCode::left,   KeyCode::right,
                                 KeyCode::page_up,   KeyCode::page_down, KeyCode::home,   KeyCode::end,
                                 KeyCode::backspace, KeyCode::remove,    KeyCode::help,   KeyCode::leave,
                                 KeyCode::character};
    for (int i = 0; i < 20000; ++i) {
        seed = seed * 1664525 + 1013904223;
        bench.wizard.key({codes[(seed >> 16U) % std::size(codes)], U'/' + (seed >> 8U) % 60});
        switch (bench.wizard.take_effect()) {
        case Effect::examine:
            if ((seed & 3U) == 0)
                bench.wizard.examination_failed(failure_of(Error("x", "y")));
            else
                bench.wizard.examined(test::examined_server((seed & 4U) != 0));
            break;
        case Effect::convert:
        case Effect::stop:
            bench.wizard.converted(test::converted_server());
            break;
        default:
            break;
        }
        const Drawn drawn = draw(bench.wizard.view(), {80, 24}, bench.wizard.scroll());
        bench.wizard.drawn(drawn.scroll, drawn.page);
        REQUIRE_FALSE(bench.title().empty());
    }
}
