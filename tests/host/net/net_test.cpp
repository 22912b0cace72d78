// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"
#include "vmm/host/net/egress_filter.hpp"
#include "vmm/host/net/nat_net.hpp"
#include "vmm/host/net/net_backend.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <thread>
#include <tuple>
#include <unistd.h>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

constexpr std::uint32_t own_network = 0x0A000200;

Bytes ipv4_frame(std::uint8_t protocol, std::uint32_t to, std::uint16_t source_port, std::uint16_t port,
                 std::uint8_t tcp_flags = 0, std::uint16_t fragment = 0) {
    Bytes frame(14 + 20 + 20);
    store_be<std::uint16_t>(frame, 12, 0x0800);
    frame[14] = 0x45;
    store_be<std::uint16_t>(frame, 16, 40);
    store_be<std::uint16_t>(frame, 20, fragment);
    frame[22] = 64;
    frame[23] = protocol;
    store_be<std::uint32_t>(frame, 26, own_network + 15);
    store_be<std::uint32_t>(frame, 30, to);
    store_be<std::uint16_t>(frame, 34, source_port);
    store_be<std::uint16_t>(frame, 36, port);
    frame[46] = 0x50;
    frame[47] = tcp_flags;
    return frame;
}

constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
constexpr std::uint8_t syn = 0x02;
constexpr std::uint8_t ack = 0x10;
constexpr std::uint32_t database = 0x0A010203; // 10.1.2.3

/// Collects frames; can be told to be busy.
struct Station : NetReceiver {
    explicit Station(std::mutex& with) : lock(with) {}
    bool receive_frame(ByteView frame) override {
        if (busy)
            return false;
        frames.emplace_back(frame.begin(), frame.end());
        arrived.notify_all();
        return true;
    }
    /// Waits up to two seconds for this many frames.
    bool wait_for(std::size_t count) {
        std::unique_lock hold(lock);
        return arrived.wait_for(hold, std::chrono::seconds(2), [&] { return frames.size() >= count; });
    }
    std::mutex& lock;
    std::condition_variable arrived;
    std::vector<Bytes> frames;
    bool busy = false;
};

struct Machine {
    explicit Machine(const std::string& kind, const std::map<std::string, std::string>& options = {})
        : net(net::make_net_backend(kind, options, {lock, [this](const std::string& why) { fault = why; }})) {
        const std::lock_guard hold(lock);
        net->attach(&station);
    }
    void send(const Bytes& frame) {
        const std::lock_guard hold(lock);
        net->send_frame(frame);
    }
    std::mutex lock;
    std::string fault;
    Station station{lock};
    std::unique_ptr<NetBackend> net;
};

Bytes ethernet(std::uint8_t from, std::uint8_t to, std::uint8_t content) {
    Bytes frame(60, content);
    frame[0] = to == 0xFF ? 0xFF : 0x02;
    std::fill(frame.begin() + 1, frame.begin() + 6, to);
    frame[6] = 0x02;
    std::fill(frame.begin() + 7, frame.begin() + 12, from);
    return frame;
}

} // namespace

TEST_CASE("egress filter: nothing leaves unless it is listed") {
    using Row = std::tuple<const char*, Bytes, bool>;
    const auto [allowed, frame, permitted] = GENERATE(values<Row>({
        {"", ipv4_frame(tcp, database, 1025, 1433, syn), false},
        {"", ipv4_frame(udp, database, 1025, 53), false},
        {"", ipv4_frame(icmp, database, 0, 0), false},
        {"10.1.2.3", ipv4_frame(tcp, database, 1025, 1433, syn), true},
        {"10.1.2.3", ipv4_frame(udp, database, 1025, 1), true},
        {"10.1.2.4", ipv4_frame(tcp, database, 1025, 1433, syn), false},
        {"10.1.0.0/16:tcp/1433", ipv4_frame(tcp, database, 1025, 1433, syn), true},
        {"10.1.0.0/16:tcp/1433", ipv4_frame(tcp, database, 1025, 1434, syn), false},
        {"10.1.0.0/16:tcp/1433", ipv4_frame(udp, database, 1025, 1433), false},
        {"192.168.0.0/24, 10.1.2.3:icmp", ipv4_frame(icmp, database, 0, 0), true},
        {"any", ipv4_frame(tcp, database, 1025, 1433, syn), true},
        {"", ipv4_frame(tcp, database, 80, 1025, ack), true},            // an answer within a connection
        {"", ipv4_frame(tcp, database, 80, 1025, syn | ack), true},      // the answer to one that came in
        {"", ipv4_frame(udp, 0xFFFFFFFF, 68, 67), true},                 // DHCP
        {"", ipv4_frame(udp, own_network + 3, 1025, 53), false},         // names only with dns
        {"10.1.2.3", ipv4_frame(tcp, database, 0, 0, 0, 0x0010), false}, // a later fragment
    }));
    CAPTURE(allowed, frame);
    CHECK(net::EgressFilter(allowed, own_network, false).permits(frame) == permitted);
}

TEST_CASE("egress filter: ARP passes, IPv6 and runts do not") {
    const net::EgressFilter filter("any", own_network, false);
    Bytes frame(60);
    store_be<std::uint16_t>(frame, 12, 0x0806);
    CHECK(filter.permits(frame));
    store_be<std::uint16_t>(frame, 12, 0x86DD);
    CHECK_FALSE(filter.permits(frame));
    CHECK_FALSE(filter.permits(ByteView(frame).first(13)));
}

TEST_CASE("egress filter: a wrong item is named") {
    CHECK_THROWS_WITH(net::EgressFilter("10.1.2.3, 10.1.2:tcp/80", own_network, false),
                      Catch::Contains("'10.1.2:tcp/80': '10.1.2' is not an IPv4 address"));
    CHECK_THROWS_WITH(net::EgressFilter("10.1.2.3:tcp/99999", own_network, false),
                      Catch::Contains("not a number"));
    CHECK_THROWS_WITH(net::EgressFilter("10.1.2.3:sctp", own_network, false),
                      Catch::Contains("not a protocol"));
}

TEST_CASE("network kinds and options that do not exist are refused by name") {
    CHECK_THROWS_WITH(Machine("wifi"), Catch::Contains("there is no kind 'wifi'"));
    CHECK_THROWS_WITH(Machine("isolated", {{"allow", "any"}}), Catch::Contains("there is no option 'allow'"));
    CHECK_THROWS_WITH(Machine("nat", {{"forward", "tcp:80"}}), Catch::Contains("'tcp:80': is not a forward"));
}

TEST_CASE(
    "switch: machines in one folder reach each other, and only the one that is meant once it is known") {
    const test::TempDir dir;
    Machine a("switch", {{"path", dir.path().string()}, {"port", "a"}});
    Machine b("switch", {{"path", dir.path().string()}, {"port", "b"}});
    Machine c("switch", {{"path", dir.path().string()}, {"port", "c"}});
    a.send(ethernet(0xA, 0xFF, 1)); // broadcast
    REQUIRE(b.station.wait_for(1));
    REQUIRE(c.station.wait_for(1));
    CHECK(b.station.frames[0] == ethernet(0xA, 0xFF, 1));
    b.send(ethernet(0xB, 0xA, 2)); // a was learned
    REQUIRE(a.station.wait_for(1));
    a.send(ethernet(0xA, 0xB, 3)); // b was learned
    REQUIRE(b.station.wait_for(2));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(c.station.frames.size() == 1);
}

TEST_CASE("switch: a port name is unique among the living and free after a crash") {
    const test::TempDir dir;
    const std::map<std::string, std::string> options{{"path", dir.path().string()}, {"port", "a"}};
    {
        Machine a("switch", options);
        CHECK_THROWS_WITH(Machine("switch", options), Catch::Contains("port 'a' of the switch is taken"));
    }
    // A socket nobody listens on, as a killed process leaves it.
    REQUIRE(test::run_shell(
                "python3 -c \"import socket; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind('" +
                (dir / "a.port") + "')\"")
                .exit_code == 0);
    CHECK_NOTHROW(Machine("switch", options));
}

TEST_CASE("a busy device loses nothing: frames wait and come in order") {
    const test::TempDir dir;
    Machine a("switch", {{"path", dir.path().string()}, {"port", "a"}});
    Machine b("switch", {{"path", dir.path().string()}, {"port", "b"}});
    b.station.busy = true;
    for (std::uint8_t i = 0; i < 100; ++i)
        a.send(ethernet(0xA, 0xFF, i));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    {
        const std::lock_guard hold(b.lock);
        b.station.busy = false;
        b.net->receive_ready();
    }
    REQUIRE(b.station.wait_for(100));
    for (std::uint8_t i = 0; i < 100; ++i)
        CHECK(b.station.frames[i][20] == i);
}

TEST_CASE("nat: DHCP offers an address; connections out are refused unless listed") {
    Machine machine("nat");
    Bytes discover(14 + 20 + 8 + 300);
    std::fill(discover.begin(), discover.begin() + 6, 0xFF);
    discover[6] = 2;
    store_be<std::uint16_t>(discover, 12, 0x0800);
    discover[14] = 0x45;
    store_be<std::uint16_t>(discover, 16, 328);
    discover[22] = 64;
    discover[23] = udp;
    std::fill(discover.begin() + 30, discover.begin() + 34, 0xFF);
    std::uint32_t sum = 0;
    for (std::size_t at = 14; at < 34; at += 2)
        sum += load_be<std::uint16_t>(discover, at);
    store_be<std::uint16_t>(discover, 24, static_cast<std::uint16_t>(~((sum & 0xFFFF) + (sum >> 16))));
    store_be<std::uint16_t>(discover, 34, 68);
    store_be<std::uint16_t>(discover, 36, 67);
    store_be<std::uint16_t>(discover, 38, 308);
    discover[42] = 1; // BOOTREQUEST, Ethernet
    discover[43] = 1;
    discover[44] = 6;
    discover[70] = 2; // client address
    store_be<std::uint32_t>(discover, 278, 0x63825363);
    const Bytes options{53, 1, 1, 255};
    std::copy(options.begin(), options.end(), discover.begin() + 282);
    machine.send(discover);
    REQUIRE(machine.station.wait_for(1));
    CHECK(load_be<std::uint32_t>(machine.station.frames[0], 58) == 0x0A00020F); // yiaddr 10.0.2.15

    machine.send(ipv4_frame(tcp, database, 1025, 1433, syn));
    CHECK(dynamic_cast<net::NatNet&>(*machine.net).refused() == 1);
}

TEST_CASE("pcap: every frame is in a file that independent tools read") {
    const test::TempDir dir;
    const std::string file = dir / "net.pcap";
    {
        Machine machine("isolated", {{"pcap", file}});
        machine.send(ethernet(1, 2, 3));
        machine.send(ethernet(1, 2, 4));
    }
    // pcap-savefile(5): 24 bytes, then 16 + 60 for each frame.
    const auto dump = test::run_shell("od -An -tx1 -N40 " + file + "; stat -c %s " + file);
    CHECK(dump.out.find("4d 3c b2 a1 02 00 04 00") != std::string::npos);
    CHECK(dump.out.find(std::to_string(24 + 2 * 76)) != std::string::npos);
    const auto kind = test::run_shell("file " + file);
    CHECK(kind.out.find("pcap capture file") != std::string::npos);
    CHECK_THROWS_WITH(Machine("isolated", {{"pcap", "/nonexistent/x.pcap"}}),
                      Catch::Contains("/nonexistent/x.pcap"));
}

TEST_CASE("bridge: a tap device that is not there is not made") {
    if (::access("/dev/net/tun", R_OK | W_OK) != 0)
        NTFERRY_SKIP("no /dev/net/tun");
    CHECK_THROWS_WITH(Machine("bridge", {{"tap", "ntfnowhere"}}), Catch::Contains("ip tuntap add"));
    CHECK(test::run_shell("test -e /sys/class/net/ntfnowhere").exit_code != 0);
}

TEST_CASE(
    "bridge: frames go to a tap device and come back; one that vanishes and comes again is used again") {
    if (test::run_shell(
            "test -c /dev/net/tun && ip tuntap add dev ntftest0 mode tap && ip link set ntftest0 up")
            .exit_code != 0)
        NTFERRY_SKIP("no permission to make a tap device");
    Machine machine("bridge", {{"tap", "ntftest0"}});
    // The kernel sends IPv6 solicitations and the like by itself once the link is up.
    machine.send(ethernet(1, 0xFF, 3));
    const auto counters = test::run_shell("cat /sys/class/net/ntftest0/statistics/rx_packets");
    CHECK(std::stoi(counters.out) >= 1);
    test::run_shell("ip link del ntftest0");
    for (int i = 0; i < 100 && machine.net->link_up(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK_FALSE(machine.net->link_up());
    REQUIRE(test::run_shell("ip tuntap add dev ntftest0 mode tap && ip link set ntftest0 up").exit_code == 0);
    for (int i = 0; i < 400 && !machine.net->link_up(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(machine.net->link_up());
    machine.send(ethernet(1, 0xFF, 3));
    CHECK(std::stoi(test::run_shell("cat /sys/class/net/ntftest0/statistics/rx_packets").out) >= 1);
    test::run_shell("ip link del ntftest0");
}
