// "It is now safe to turn off your computer" in graphics: the picture that was taken once is known again.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "tests/host/control/running_machine.hpp"
#include "tests/support/skip.hpp"
#include "vmm/host/control/off_screen.hpp"
#include "vmm/host/display/frame_image.hpp"

#include <algorithm>
#include <filesystem>

using namespace ntferry;
using namespace ntferry::vmm;
using test::RunningMachine;

namespace {

/// A dialog on a desktop.
Frame dialog() {
    Frame frame{640, 480, std::vector<std::uint32_t>(640 * 480, 0x00008080)};
    for (std::size_t y = 190; y < 290; ++y)
        for (std::size_t x = 170; x < 470; ++x)
            frame.pixels[y * 640 + x] = 0x00C0C0C0;
    return frame;
}

void draw(Frame& frame, std::size_t left, std::size_t top, std::size_t width, std::size_t height) {
    for (std::size_t y = top; y < top + height; ++y)
        for (std::size_t x = left; x < left + width; ++x)
            frame.pixels[y * frame.width + x] ^= 0x00FFFFFF;
}

/// 320 x 200 in 256 colours with a square in it, then nothing more: interrupts stay on, as NT's do.
constexpr const char* PICTURE = R"(
 mov ax,13h
 int 10h
 mov ax,0a000h
 mov es,ax
 mov di,8080h
 mov cx,100
row: push cx
 mov cx,80
 mov al,15
 rep stosb
 add di,240
 pop cx
 loop row
again: sti
 hlt
 jmp again
)";

} // namespace

TEST_CASE("the picture is known wherever the pointer is and not with another text in it") {
    Frame taken = dialog();
    draw(taken, 400, 300, 12, 20); // the pointer
    const OffScreen off(ByteView(png_of(taken)));
    CHECK(off.matches(taken));
    CHECK(off.matches(dialog())); // hidden
    Frame now = dialog();
    draw(now, 100, 20, 32, 32); // at another place
    CHECK(off.matches(now));
    draw(now, 200, 230, 8, 8); // and something else
    CHECK_FALSE(off.matches(now));
    Frame text = dialog();
    draw(text, 400, 300, 12, 20);
    for (std::size_t letter = 0; letter < 20; ++letter)
        draw(text, 200 + letter * 9, 230, 3, 8);
    CHECK_FALSE(off.matches(text));
    Frame larger{800, 600, std::vector<std::uint32_t>(800 * 600, 0x00008080)};
    CHECK_FALSE(off.matches(larger));
    CHECK_THROWS_AS(OffScreen(ByteView(Bytes(100))), Error);
}

TEST_CASE("a machine ends when it shows the picture that says it can be switched off") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    RunningMachine machine;
    machine.make_disk("disk.img", PICTURE, 64);
    machine.start("--disk disk.img --state states");
    bool drawn = false;
    for (int n = 0; n < 100 && !drawn; ++n) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        REQUIRE(machine.ntferry("screenshot box " + machine.path("now.png")).exit_code == 0);
        const std::string png = machine.file("now.png");
        const Frame frame =
            frame_of_png(ByteView(reinterpret_cast<const std::uint8_t*>(png.data()), png.size()));
        const auto white = std::count(frame.pixels.begin(), frame.pixels.end(), 0x00FFFFFFU);
        drawn = frame.height <= 400 && white >= 7000;
    }
    REQUIRE(drawn);
    std::this_thread::sleep_for(std::chrono::seconds(7)); // it is not known yet
    CHECK(machine.ntferry("ps").out.find("running") != std::string::npos);
    REQUIRE(machine.ntferry("screenshot box " + machine.path("states/off-screen.png")).exit_code == 0);
    REQUIRE(machine.ntferry("stop box --force").exit_code == 0);
    REQUIRE(machine.wait() == 0);
    machine.start("--disk disk.img --state states");
    CHECK(machine.wait() == 0);
    CHECK_THAT(machine.file("err"), Catch::Contains("the guest shut down by itself"));
}
