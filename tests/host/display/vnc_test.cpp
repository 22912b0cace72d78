// The VNC server, seen by a small RFB client (RFC 6143).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "tests/host/control/fake_machine.hpp"
#include "tests/support/temp_dir.hpp"
#include "vmm/host/display/pointer.hpp"
#include "vmm/host/display/vnc_server.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace std::chrono_literals;

namespace {

class Viewer {
  public:
    explicit Viewer(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        REQUIRE(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        const timeval patience{10, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        REQUIRE(take(12).starts_with("RFB 003.008"));
        send("RFB 003.008\n");
    }
    ~Viewer() { ::close(descriptor_); }
    Viewer(const Viewer&) = delete;
    Viewer& operator=(const Viewer&) = delete;

    void send(const std::string& bytes) const {
        REQUIRE(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
    std::string take(std::size_t size) const {
        std::string bytes(size, '\0');
        REQUIRE(::recv(descriptor_, bytes.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size));
        return bytes;
    }
    static std::string big(std::uint32_t value, unsigned bytes) {
        std::string text;
        while (bytes-- > 0)
            text += static_cast<char>(value >> (8 * bytes));
        return text;
    }
    unsigned number(std::size_t bytes) const {
        unsigned value = 0;
        for (const char c : take(bytes))
            value = value << 8U | static_cast<unsigned char>(c);
        return value;
    }
    /// Without a password; then raw pixels and, if wanted, extended keys.
    void start(bool extended) {
        const unsigned kinds = number(1);
        CHECK(take(kinds).find('\1') != std::string::npos);
        send("\1");
        CHECK(number(4) == 0);
        send("\1");
        take(2 + 2 + 16);
        CHECK(take(number(4)) == "fake");
        send(std::string("\2\0", 2) + big(extended ? 2 : 1, 2) + big(0, 4) +
             (extended ? big(0xFFFFFEFE, 4) : std::string()));
        if (extended)
            CHECK(take(16) == std::string("\0\0\0\1\0\0\0\0\0\0\0\0\xFF\xFF\xFE\xFE", 16));
    }
    void ask(unsigned width, unsigned height) const {
        send(std::string("\3\0", 2) + big(0, 4) + big(width, 2) + big(height, 2));
    }

  private:
    int descriptor_;
};

template <typename Condition>
bool soon(Condition&& condition) {
    for (int n = 0; n < 500; ++n) {
        if (condition())
            return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

struct Bench {
    test::TempDir folder;
    test::FakeMachine machine;
    Screen screen{machine};
    std::string path = folder / "vnc.sock";
    VncServer server{std::make_unique<VncListener>("unix:" + path, ""), machine, screen,
                     KeyboardLayout("de")};

    std::vector<std::pair<std::uint32_t, bool>> keys() {
        const std::lock_guard<std::mutex> held(machine.lock);
        return machine.keys;
    }
};

} // namespace

TEST_CASE("a viewer sees the machine's pixels") {
    Bench bench;
    {
        const std::lock_guard<std::mutex> held(bench.machine.lock);
        bench.machine.picture = {640, 480, std::vector<std::uint32_t>(640 * 480, 0x00102030)};
    }
    Viewer viewer(bench.path);
    viewer.start(false);
    REQUIRE(soon([&] { return bench.server.looks() > 1; }));
    viewer.ask(1, 1);
    CHECK(viewer.number(1) == 0);
    viewer.take(1);
    CHECK(viewer.number(2) == 1);
    CHECK(viewer.number(2) == 0);
    CHECK(viewer.number(2) == 0);
    const unsigned width = viewer.number(2);
    const unsigned height = viewer.number(2);
    CHECK(viewer.number(4) == 0);
    const std::string pixels = viewer.take(std::size_t{width} * height * 4);
    CHECK(pixels.substr(0, 3) == "\x10\x20\x30"); // red first in memory
}

TEST_CASE("extended key events carry key codes, whatever the layout") {
    Bench bench;
    Viewer viewer(bench.path);
    viewer.start(true);
    const auto key = [&](unsigned code, bool down) {
        viewer.send(std::string("\xFF\0", 2) + Viewer::big(down ? 1 : 0, 2) + Viewer::big('y', 4) +
                    Viewer::big(code, 4));
    };
    key(0x2C, true);
    key(0x2C, false);
    key(0xD3, true); // Delete, let go by the viewer's going away
    REQUIRE(soon([&] { return bench.keys().size() == 3; }));
    CHECK(bench.keys()[0] == std::pair(0x2CU, true));
    CHECK(bench.keys()[2] == std::pair(0xE053U, true));
}

TEST_CASE("keysyms are looked up in the guest's layout, and keys are let go with the viewer") {
    Bench bench;
    {
        Viewer viewer(bench.path);
        viewer.start(false);
        viewer.send(std::string("\4\1\0\0", 4) + Viewer::big('z', 4));
        REQUIRE(soon([&] { return bench.keys().size() == 1; }));
        CHECK(bench.keys()[0] == std::pair(0x15U, true));
    }
    REQUIRE(soon([&] { return bench.keys().size() == 2; }));
    CHECK(bench.keys()[1] == std::pair(0x15U, false));
}

TEST_CASE("nobody looks at the screen when nobody watches, and seldom when nothing changes") {
    Bench bench;
    std::this_thread::sleep_for(200ms);
    CHECK(bench.server.looks() == 0);
    Viewer viewer(bench.path);
    viewer.start(false);
    std::this_thread::sleep_for(2500ms);
    const auto before = bench.server.looks();
    std::this_thread::sleep_for(2000ms);
    CHECK(bench.server.looks() - before <= 6);
}

TEST_CASE("an address of the network needs a password") {
    CHECK_THROWS_AS(VncListener("0.0.0.0:0", ""), Error);
    CHECK_THROWS_AS(VncListener("nonsense", ""), Error);
    CHECK(VncListener("127.0.0.1:0", "").port() != 0);
    CHECK(VncListener("0.0.0.0:0", "secret").port() != 0);
}

TEST_CASE("the pointer starts in the corner, follows, and is pushed against edges") {
    PointerTracker tracker;
    CHECK(tracker.corner(640, 480).dx == -640);
    CHECK(tracker.corner(640, 480).dx == 0);
    const auto motion = tracker.move(100, 50, 640, 480);
    CHECK(motion.dx == 100);
    CHECK(motion.dy == 50);
    CHECK(tracker.move(639, 50, 640, 480).dx == 640);
    CHECK(tracker.move(639, 60, 640, 480).dx == 0);
    CHECK(tracker.move(0, 60, 640, 480).dx == -640);
}
