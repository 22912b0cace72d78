// Screens of starting machines, written down by hand from public descriptions of NT's messages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/watcher.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace ntferry;
using namespace ntferry::verify;
using namespace std::chrono_literals;

namespace {

ScreenText screen(std::vector<std::string> lines) {
    return {80, std::move(lines)};
}

Sample text_sample(std::chrono::milliseconds at, const ScreenText& text) {
    Sample sample;
    sample.at = at;
    sample.text = text;
    return sample;
}

/// The same screen every half second until a verdict or 30 s.
Verdict watch(const ScreenText& text) {
    Watcher watcher;
    for (auto at = 0ms; at <= 30s; at += 500ms)
        if (auto verdict = watcher.look(text_sample(at, text)))
            return *verdict;
    return watcher.at_end();
}

Bytes text_memory(const std::vector<std::string>& lines, unsigned rows) {
    Bytes memory(std::size_t{rows} * 160);
    for (std::size_t i = 0; i < memory.size(); i += 2) {
        memory[i] = ' ';
        memory[i + 1] = 0x17;
    }
    for (std::size_t row = 0; row < lines.size(); ++row)
        for (std::size_t column = 0; column < lines[row].size(); ++column)
            memory[row * 160 + column * 2] = static_cast<std::uint8_t>(lines[row][column]);
    return memory;
}

const std::vector<std::string> blue_screen_7b = {
    "",
    "*** STOP: 0x0000007B (0xFCC62708,0xC0000034,0x00000000,0x00000000)",
    "INACCESSIBLE_BOOT_DEVICE",
    "",
    "CPUID:GenuineIntel 6.5.2 irql:1f  SYSVER 0xf0000565",
    "",
    "Dll Base DateStmp - Name               Dll Base DateStmp - Name",
    "80100000 336546bf - ntoskrnl.exe       80010000 33247f88 - hal.dll",
};

} // namespace

TEST_CASE("A STOP screen in 80x50 text memory gives code, parameters and name") {
    const ScreenText text = decode_text_memory(text_memory(blue_screen_7b, 50), 80);
    const auto stop = find_stop(text);
    REQUIRE(stop);
    CHECK(stop->code == 0x7B);
    CHECK(stop->parameters == std::vector<std::uint32_t>{0xFCC62708, 0xC0000034, 0, 0});
    CHECK(stop->name == "INACCESSIBLE_BOOT_DEVICE");
    CHECK(stop->driver.empty());
    const Verdict verdict = watch(text);
    CHECK(verdict.outcome == Outcome::stop_screen);
    CHECK(verdict.id == "stop.0x0000007b");
    CHECK(verdict.cause.find("driver for the disk") != std::string::npos);
    CHECK(verdict.at < 2s);
}

TEST_CASE("A STOP screen names the driver that the address lies in") {
    const auto stop = find_stop(
        screen({"*** STOP: 0x0000000A (0x00000000,0x00000002,0x00000000,0xFE1A3F20)",
                "IRQL_NOT_LESS_OR_EQUAL", "", "*** Address fe1a3f20 has base at fe190000 - tcpip.sys", ""}));
    REQUIRE(stop);
    CHECK(stop->driver == "tcpip.sys");
    REQUIRE(find_known_stop(*stop) != nullptr);
    CHECK(std::string(find_known_stop(*stop)->driver) == "tcpip.sys");
}

TEST_CASE("User-mode STOP codes are read without 0x and parameters") {
    const auto stop = find_stop(
        screen({"STOP: c0000218 {Registry File Failure}",
                "The registry cannot load the hive (file):", "\\SystemRoot\\System32\\Config\\SOFTWARE"}));
    REQUIRE(stop);
    CHECK(stop->code == 0xC0000218);
    CHECK(stop->parameters.empty());
    CHECK(stop->name == "{Registry File Failure}");
}

TEST_CASE("STOP 0x79 tells a HAL of the wrong kind") {
    const Verdict verdict = watch(
        screen({"*** STOP: 0x00000079 (0x00000002,0x00000002,0x00000000,0x00000000)", "MISMATCHED_HAL"}));
    CHECK(verdict.cause.find("(2,2,0)") != std::string::npos);
}

TEST_CASE("Broken STOP lines are no STOP and never fail") {
    for (const char* line : {"*** STOP:", "*** STOP: 0x", "*** STOP: zz", "see STOP: 0x0000007B", "STOP"})
        CHECK_FALSE(find_stop(screen({line})));
    const auto cut = find_stop(screen({"*** STOP: 0x0000007B (0xFCC6"}));
    REQUIRE(cut);
    CHECK(cut->parameters == std::vector<std::uint32_t>{0xFCC6});
}

TEST_CASE("Loader messages are found where the screen wraps them") {
    CHECK(watch(screen(
                    {"SeaBIOS (version 1.16.2)", "Booting from Hard Disk...", "A disk read error occurred."}))
              .id == "pbr.disk-read");
    CHECK(watch(screen(
                    {"Booting from Hard Disk...", "BOOT: Couldn't find NTLDR", "Please insert another disk"}))
              .id == "pbr.no-ntldr");
    CHECK(watch(screen({"Windows NT could not start because of a computer disk hardware",
                        "configuration problem."}))
              .id == "ntldr.disk-configuration");
    CHECK(watch(screen({"Windows NT could not start because the following file is missing or corrupt:", "",
                        " \\WINNT\\SYSTEM32\\CONFIG\\SYSTEM"}))
              .id == "ntldr.system-hive");
    CHECK(watch(screen({"Windows NT could not start because the following file is missing or corrupt:",
                        "<winnt root>\\system32\\hal.dll."}))
              .id == "ntldr.file-missing");
    // 80 characters fill the row: the word goes on in the next one.
    const std::string row = std::string(66, '.') + "NTLDR is missi";
    CHECK(watch(screen({row + std::string(80 - row.size(), 'x'), ""})).outcome == Outcome::stable_screen);
    CHECK(watch(screen({std::string(66, '.') + "NTLDR is missi", "ng"})).id == "pbr.ntldr-missing");
}

TEST_CASE("A screen that rests while the guest reads its disk or talks on COM1 is not its last") {
    const ScreenText text = screen({"Loading Linux ..."});
    Watcher watcher;
    for (auto at = 0ms; at <= 60s; at += 500ms) {
        Sample sample = text_sample(at, text);
        sample.work = static_cast<std::uint64_t>(at / 4s); // a pause of four seconds now and then
        CHECK_FALSE(watcher.look(sample));
    }
    Sample sample = text_sample(68s, text);
    sample.work = 15;
    const auto verdict = watcher.look(sample);
    REQUIRE(verdict);
    CHECK(verdict->outcome == Outcome::stable_screen);

    // Nor where the processor works; but one that asks the keyboard for ever is seen through in the end.
    Watcher polled;
    std::optional<Verdict> late;
    for (auto at = 0ms; at <= 120s && !late; at += 500ms) {
        Sample busy = text_sample(at, text);
        busy.busy = true;
        late = polled.look(busy);
    }
    REQUIRE(late);
    CHECK(late->at > 40s);

    // A message is one as soon as two looks have found it, whatever the disks do.
    Watcher other;
    for (auto at = 0ms; at <= 1s; at += 500ms) {
        Sample stop = text_sample(at, screen(blue_screen_7b));
        stop.work = static_cast<std::uint64_t>(at.count()) + 1; // the crash dump
        if (const auto early = other.look(stop)) {
            CHECK(early->outcome == Outcome::stop_screen);
            return;
        }
    }
    FAIL("a STOP screen was not seen");
}

TEST_CASE("HAL, firmware, shutdown and hangs are told apart") {
    CHECK(watch(screen({"HAL: This HAL.DLL requires an MPS version 1.1 system"})).outcome ==
          Outcome::stop_screen);
    CHECK(watch(screen({"SeaBIOS", "Boot failed: not a bootable disk", "No bootable device."})).outcome ==
          Outcome::bios_message);
    CHECK(watch(screen({"It is now safe to turn off your computer."})).good());
    CHECK(watch(screen({"SeaBIOS", "Booting from Hard Disk..."})).id == "bios.handover");
    // What the disk wrote may end with dots of its own.
    CHECK(
        watch(screen({"SeaBIOS", "Booting from Hard Disk...", "This is not a bootable disk.  Please insert a",
                      "bootable floppy and press any key to try again ..."}))
            .id == "pbr.not-bootable");
    CHECK(watch(screen({"Booting from Hard Disk...", "Starting MS-DOS..."})).good());
    CHECK(watch(screen({"NTDETECT V4.0 Checking Hardware ..."})).id == "ntdetect.hang");
    CHECK(watch(screen({"Microsoft (R) Windows NT (TM) Version 4.0 (Build 1381: Service Pack 6)",
                        "1 System Processor (64 MB Memory)"}))
              .id == "nt.banner");
    CHECK(watch(screen({"Booting from Hard Disk...", "OS Loader V4.00"})).id == "nt.loader");
    CHECK(watch(screen({"SeaBIOS", "Booting from Hard Disk...", "loader stand-in reached"})).good());
    CHECK(watch(screen({"OS Loader V4.00", "loader stand-in reached"})).good());
    CHECK(watch(screen({})).id == "rest.blank");
    CHECK(watch(screen({"login:"})).outcome == Outcome::stable_screen);
}

TEST_CASE("A screen that still changes is not judged as a hang") {
    Watcher watcher;
    for (int i = 0; i < 60; ++i) {
        const auto verdict = watcher.look(text_sample(
            500ms * i,
            screen({"Microsoft (R) Windows NT (TM) Version 4.0 (Build 1381)", std::to_string(i)})));
        CHECK_FALSE(verdict);
    }
}

TEST_CASE("Resets become a loop that keeps the last words before them") {
    Watcher watcher;
    std::optional<Verdict> verdict;
    for (unsigned reset = 0; reset < 4 && !verdict; ++reset) {
        Sample sample = text_sample(10s * reset, screen({"Booting from Hard Disk..."}));
        sample.resets = reset;
        verdict = watcher.look(sample);
        if (verdict)
            break;
        sample = text_sample(10s * reset + 500ms, {80, blue_screen_7b});
        sample.resets = reset;
        verdict = watcher.look(sample);
        if (verdict) // shown long enough to be read twice would end it earlier
            break;
    }
    REQUIRE(verdict);
    CHECK(verdict->outcome == Outcome::reboot_loop);
    CHECK(verdict->title.find("0x0000007B") != std::string::npos);
}

TEST_CASE("A picture that rests is a desktop, a caret does not disturb it, one colour is a hang") {
    Sample sample;
    sample.text_mode = false;
    sample.picture = {640, 480, std::vector<std::uint32_t>(640 * 480, 0x008080)};
    Watcher flat;
    Watcher desktop;
    std::optional<Verdict> flat_verdict;
    std::optional<Verdict> verdict;
    for (int i = 0; i < 40; ++i) {
        sample.at = 500ms * i;
        Sample with_caret = sample;
        for (std::size_t p = 0; p < 20; ++p)
            with_caret.picture.pixels[p] = 0xFFFFFF;
        with_caret.picture.pixels[5000] = i % 2 == 0 ? 0 : 0xFFFFFF;
        if (!verdict)
            verdict = desktop.look(with_caret);
        if (!flat_verdict)
            flat_verdict = flat.look(sample);
    }
    REQUIRE(verdict);
    CHECK(verdict->outcome == Outcome::stable_screen);
    REQUIRE(flat_verdict);
    CHECK(flat_verdict->outcome == Outcome::hang);
}

TEST_CASE("Every known message has an id of its own and says what to do when it is bad") {
    std::set<std::string_view> ids;
    for (const KnownMessage& known : known_messages()) {
        CHECK(ids.insert(known.id).second);
        if (!is_good(known.outcome) && known.outcome != Outcome::stop_screen)
            CHECK_FALSE(known.cure.empty());
        CHECK_FALSE(known.title.empty());
    }
    for (const KnownStop& known : known_stops()) {
        CHECK_FALSE(known.cause.empty());
        CHECK_FALSE(known.cure.empty());
    }
}
