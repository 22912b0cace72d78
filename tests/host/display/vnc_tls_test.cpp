// Encrypted viewers, seen by libvncclient (GnuTLS), which shares no line with the server's side.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "tests/host/control/fake_machine.hpp"
#include "tests/host/display/tls_viewer.hpp"
#include "tests/support/leaks.hpp"
#include "tests/support/skip.hpp"
#include "vmm/host/display/vnc_server.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <filesystem>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ntferry;
using namespace ntferry::vmm;
using test::Certificates;
using test::gets_in;
using test::Viewer;

NTFERRY_KNOWN_LEAKS(test::VIEWER_LEAKS);

namespace {

struct Bench {
    explicit Bench(const Certificates& certificates, const std::string& password = "secret") {
        machine.picture = {800, 600, std::vector<std::uint32_t>(800 * 600, 0x00102030)};
        auto listener = std::make_unique<VncListener>("127.0.0.1:0", password,
                                                      std::make_shared<VncTls>(certificates.path()));
        port = listener->port();
        server = std::make_unique<VncServer>(std::move(listener), machine, screen, KeyboardLayout("us"));
    }
    test::FakeMachine machine;
    Screen screen{machine};
    std::uint16_t port = 0;
    std::unique_ptr<VncServer> server;
};

} // namespace

TEST_CASE("an encrypted viewer gets in by its password only") {
    if (!test::have_program("openssl"))
        NTFERRY_SKIP("no openssl to make certificates with");
    const Certificates certificates;
    Bench bench(certificates);
    const Viewer good{certificates.folder / "authority.pem", {}, {}, "secret"};
    CHECK(gets_in(good, bench.port));
    Viewer wrong = good;
    wrong.password = "guess";
    CHECK_FALSE(gets_in(wrong, bench.port));
    Viewer stranger = good; // to whom the server is nobody it knows
    stranger.authority = certificates.folder / "client-cert.pem";
    CHECK_FALSE(gets_in(stranger, bench.port));
    CHECK(gets_in(good, bench.port)); // after those
}

TEST_CASE("viewers' certificates stand in for a password") {
    if (!test::have_program("openssl"))
        NTFERRY_SKIP("no openssl to make certificates with");
    const Certificates certificates;
    certificates.ask_viewers();
    Bench bench(certificates, "");
    const std::string authority = certificates.folder / "authority.pem";
    CHECK(gets_in(
        {authority, certificates.folder / "client-cert.pem", certificates.folder / "client-key.pem", {}},
        bench.port));
    CHECK_FALSE(gets_in({authority, {}, {}, {}}, bench.port));
}

TEST_CASE("a viewer without TLS is offered nothing else, and one that says nothing hinders nobody") {
    if (!test::have_program("openssl"))
        NTFERRY_SKIP("no openssl to make certificates with");
    const Certificates certificates;
    Bench bench(certificates);
    const auto connect_plain = [&] {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(bench.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        return socket;
    };
    const int silent = connect_plain();
    const int plain = connect_plain();
    char text[12];
    REQUIRE(::recv(plain, text, sizeof text, MSG_WAITALL) == 12);
    REQUIRE(::send(plain, text, sizeof text, MSG_NOSIGNAL) == 12);
    char kinds[2] = {};
    REQUIRE(::recv(plain, kinds, 2, MSG_WAITALL) == 2);
    CHECK(std::string(kinds, 2) == "\1\x13");
    const char vnc = 2; // not offered
    CHECK(::send(plain, &vnc, 1, MSG_NOSIGNAL) == 1);
    CHECK(::recv(plain, text, 1, MSG_WAITALL) <= 0);
    CHECK(gets_in({certificates.folder / "authority.pem", {}, {}, "secret"}, bench.port));
    ::close(plain);
    ::close(silent);
}

TEST_CASE("a screen beyond this host that nothing protects is refused in one line") {
    if (!test::have_program("openssl"))
        NTFERRY_SKIP("no openssl to make certificates with");
    const Certificates certificates;
    CHECK_THROWS_WITH(VncListener("0.0.0.0:0", ""), Catch::Contains("needs a password"));
    CHECK_THROWS_WITH(VncListener("0.0.0.0:0", "", std::make_shared<VncTls>(certificates.path())),
                      Catch::Contains("TLS alone lets everybody in"));
    CHECK_NOTHROW(VncListener("0.0.0.0:0", "secret", std::make_shared<VncTls>(certificates.path())));
    certificates.ask_viewers();
    CHECK_NOTHROW(VncListener("0.0.0.0:0", "", std::make_shared<VncTls>(certificates.path())));
    std::filesystem::remove(certificates.folder / "server-key.pem");
    CHECK_THROWS_WITH(VncTls(certificates.path()), Catch::Contains("server-key.pem"));
    CHECK_THROWS_WITH(VncTls("/nowhere"), Catch::Contains("/nowhere/server-cert.pem"));
}
