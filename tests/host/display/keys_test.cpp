// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "vmm/host/control/power.hpp"
#include "vmm/host/display/keys.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;

TEST_CASE("keys have QEMU's names and numbers") {
    CHECK(xt_of_name("ret") == 0x1CU);
    CHECK(xt_of_name("delete") == 0xE053U);
    CHECK(xt_of_name("pause") == 0xE11D45U);
    CHECK(!xt_of_name("nothing"));
    CHECK(xt_of_number(0x1C) == 0x1CU);
    CHECK(xt_of_number(0xD3) == 0xE053U);
    CHECK(xt_of_number(0xC6) == 0xE11D45U);
    CHECK(!xt_of_number(0));
    CHECK(!xt_of_number(0x80));
    CHECK(!xt_of_number(0x100));
}

TEST_CASE("characters are keys of the guest's layout") {
    const KeyboardLayout us("us");
    const KeyboardLayout de("de");
    CHECK(us.key_of(U'z') == KeyStroke{0x2C});
    CHECK(de.key_of(U'z') == KeyStroke{0x15});
    CHECK(us.key_of(U'@') == KeyStroke{0x03, true, false});
    CHECK(de.key_of(U'@') == KeyStroke{0x10, false, true});
    CHECK(de.key_of(U'\\') == KeyStroke{0x0C, false, true});
    CHECK(KeyboardLayout("fr").key_of(U'a') == KeyStroke{0x10});
    CHECK(KeyboardLayout("gb").key_of(U'\\') == KeyStroke{0x56});
    CHECK_THROWS_AS(KeyboardLayout("xx"), Error);
    CHECK_THROWS_AS(us.keys_of_text("\xC3\xBC"), Error); // u umlaut
    CHECK(de.keys_of_text("\xC3\xBC") == std::vector{KeyStroke{0x1A}});
    CHECK_THROWS_AS(us.keys_of_text("\xC3"), Error);
}

TEST_CASE("keysyms are keys, whatever modifiers are down") {
    const KeyboardLayout us("us");
    CHECK(us.key_of_keysym('A') == us.key_of_keysym('a'));
    CHECK(us.key_of_keysym(0xFFBE) == 0x3BU);
    CHECK(us.key_of_keysym(0xFFC9) == 0x58U);
    CHECK(us.key_of_keysym(0xFFFF) == 0xE053U);
    CHECK(us.key_of_keysym(0xFF8D) == 0xE01CU);
    CHECK(!us.key_of_keysym(0x01000400));
}

TEST_CASE("a shutdown by keys is steps of keys and pauses") {
    const auto steps = parse_power_keys(default_power_keys);
    REQUIRE(steps.size() == 5);
    CHECK(steps[0].keys == std::vector<XtCode>{0x1D, 0x38, 0xE053});
    CHECK(steps[1].wait == std::chrono::milliseconds(3000));
    CHECK_THROWS_AS(parse_power_keys("ctrl-bogus"), Error);
    CHECK_THROWS_AS(parse_power_keys("99999999"), Error);
}

TEST_CASE("the end of a shutdown is read from a text screen, also across two rows") {
    TextScreen screen{40, 2, std::vector<std::uint16_t>(80, 0x0720), -1, -1};
    const auto put = [&](std::size_t at, std::string_view text) {
        for (const char c : text)
            screen.cells[at++] = static_cast<std::uint16_t>(0x0700 | static_cast<unsigned char>(c));
    };
    CHECK(!says_safe_to_turn_off(screen));
    put(20, "It is now safe to");
    put(40, "turn off your computer.");
    CHECK(says_safe_to_turn_off(screen));
    CHECK(!shows_stop_screen(screen));
    put(0, "*** STOP: 0x0000007B");
    CHECK(shows_stop_screen(screen));
}
