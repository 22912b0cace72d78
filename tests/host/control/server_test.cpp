// The control socket: several clients, slow ones, permissions.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "fake_machine.hpp"
#include "tests/support/temp_dir.hpp"
#include "vmm/host/control/control_server.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

class Client {
  public:
    explicit Client(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        REQUIRE(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        const timeval patience{10, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    ~Client() { ::close(descriptor_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool send(const std::string& text) const {
        return ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
               static_cast<ssize_t>(text.size());
    }
    /// Empty at the end of the connection.
    std::string line() {
        for (;;) {
            if (const std::size_t end = received_.find('\n'); end != std::string::npos) {
                std::string line = received_.substr(0, end + 1);
                received_.erase(0, end + 1);
                return line;
            }
            char buffer[4096];
            const ssize_t count = ::recv(descriptor_, buffer, sizeof buffer, 0);
            if (count <= 0)
                return {};
            received_.append(buffer, static_cast<std::size_t>(count));
        }
    }
    void negotiate() {
        CHECK(line().find("\"QMP\"") != std::string::npos);
        CHECK(send("{\"execute\":\"qmp_capabilities\"}"));
        CHECK(line() == "{\"return\":{}}\r\n");
    }

  private:
    int descriptor_;
    std::string received_;
};

} // namespace

TEST_CASE("the control socket is its owner's alone and disappears with the machine") {
    const test::TempDir folder;
    const std::string path = folder / "m.sock";
    {
        const UnixListener listener(path);
        struct stat info {};
        REQUIRE(::stat(path.c_str(), &info) == 0);
        CHECK((info.st_mode & 07777) == 0600);
        CHECK_THROWS_AS(UnixListener(path), Error); // somebody listens there
    }
    CHECK(::access(path.c_str(), F_OK) != 0);
    CHECK_THROWS_AS(UnixListener(folder / std::string(200, 'x')), Error);
}

TEST_CASE("a socket that a killed machine left behind is taken over") {
    const test::TempDir folder;
    const std::string path = folder / "m.sock";
    const int left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    REQUIRE(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(left);
    CHECK_NOTHROW(UnixListener(path));
}

TEST_CASE("all clients hear an event, and answers go to who asked") {
    const test::TempDir folder;
    test::FakeMachine machine;
    Screen screen(machine);
    ControlServer server(std::make_unique<UnixListener>(folder / "m.sock"), machine, screen);
    Client one(folder / "m.sock");
    Client two(folder / "m.sock");
    one.negotiate();
    two.negotiate();
    CHECK(one.send("{\"execute\":\"query-name\",\"id\":1}"));
    CHECK(one.line() == "{\"return\":{\"name\":\"fake\"},\"id\":1}\r\n");
    server.emit("RESET");
    CHECK(one.line().find("RESET") != std::string::npos);
    CHECK(two.line().find("RESET") != std::string::npos);
}

TEST_CASE("a client that reads nothing holds up nobody") {
    const test::TempDir folder;
    test::FakeMachine machine;
    machine.picture = {400, 400, std::vector<std::uint32_t>(160000)};
    for (std::size_t n = 0; n < machine.picture.pixels.size(); ++n)
        machine.picture.pixels[n] = static_cast<std::uint32_t>(n * 2654435761U); // does not compress
    Screen screen(machine);
    ControlServer server(std::make_unique<UnixListener>(folder / "m.sock"), machine, screen);
    Client slow(folder / "m.sock");
    slow.negotiate();
    for (int n = 0; n < 60; ++n)
        if (!slow.send("{\"execute\":\"screendump\",\"arguments\":{\"format\":\"ppm\"}}"))
            break;
    Client other(folder / "m.sock");
    other.negotiate();
    CHECK(other.send("{\"execute\":\"query-name\"}"));
    CHECK(other.line().find("fake") != std::string::npos);
}

TEST_CASE("events that wait are sent before the server ends") {
    const test::TempDir folder;
    test::FakeMachine machine;
    Screen screen(machine);
    auto server =
        std::make_unique<ControlServer>(std::make_unique<UnixListener>(folder / "m.sock"), machine, screen);
    Client client(folder / "m.sock");
    client.negotiate();
    server->emit("SHUTDOWN");
    server.reset();
    CHECK(client.line().find("SHUTDOWN") != std::string::npos);
    CHECK(client.line().empty());
}
