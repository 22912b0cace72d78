// The QMP protocol of one client, without a socket.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_machine.hpp"
#include "vmm/host/control/qmp_session.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

namespace json = boost::json;

struct Bench {
    test::FakeMachine machine;
    Screen screen{machine};
    unsigned buttons = 0;
    std::vector<std::string> events;
    QmpContext context{machine, screen, buttons,
                       [this](std::string_view name, const json::object&) { events.emplace_back(name); }};
    std::vector<json::object> sent;
    QmpSession session{context,
                       [this](const std::string& line) { sent.push_back(json::parse(line).as_object()); }};

    json::object ask(std::string_view text) {
        const std::size_t before = sent.size();
        session.receive(text);
        REQUIRE(sent.size() == before + 1);
        return sent.back();
    }
    void negotiate() { REQUIRE(ask(R"({"execute":"qmp_capabilities"})").contains("return")); }
    std::string error_class(std::string_view text) {
        const json::object answer = ask(text);
        return answer.at("error").at("class").as_string().c_str();
    }
};

} // namespace

TEST_CASE("a QMP client is greeted and has to negotiate first") {
    Bench bench;
    REQUIRE(bench.sent.size() == 1);
    CHECK(bench.sent[0].at("QMP").at("version").as_object().contains("qemu"));
    CHECK(bench.error_class(R"({"execute":"query-status"})") == "CommandNotFound");
    bench.session.event(qmp_event("STOP", {}));
    CHECK(bench.sent.size() == 2); // no events before the negotiation
    bench.negotiate();
    bench.session.event(qmp_event("STOP", {}));
    CHECK(bench.sent.back().at("event").as_string() == "STOP");
    CHECK(bench.sent.back().at("timestamp").at("seconds").as_int64() > 1600000000);
    CHECK(bench.error_class(R"({"execute":"qmp_capabilities"})") == "CommandNotFound");
}

TEST_CASE("an answer carries the id of its command, whatever it is") {
    Bench bench;
    bench.negotiate();
    const json::object answer = bench.ask(R"({"execute":"query-status","id":{"a":[1,null]}})");
    CHECK(json::serialize(answer.at("id")) == R"({"a":[1,null]})");
    CHECK(answer.at("return").at("status").as_string() == "running");
    CHECK(bench.ask(R"({"execute":"nonsense","id":7})").at("id").as_int64() == 7);
}

TEST_CASE("commands arrive in pieces and several at a time") {
    Bench bench;
    bench.negotiate();
    const std::string text = R"({"execute":"stop"} {"execute":"query-status"}{"execute":"cont"})";
    for (const char c : text)
        bench.session.receive(std::string_view(&c, 1));
    REQUIRE(bench.sent.size() == 5);
    CHECK(bench.sent[3].at("return").at("status").as_string() == "paused");
    CHECK(bench.machine.state == RunState::running);
}

TEST_CASE("wrong input is refused and the session goes on") {
    Bench bench;
    bench.negotiate();
    CHECK(bench.error_class("[1]\n") == "GenericError");
    CHECK(bench.error_class("{\"execute\":}\n") == "GenericError");
    CHECK(bench.error_class(std::string(100, ' ') + "{\"a\":" + std::string(100, '[') + "\n") ==
          "GenericError");
    CHECK(bench.error_class(R"({"execute":"stop","arguments":{"x":1}})") == "GenericError");
    CHECK(bench.error_class(R"({"execute":"stop","more":1})") == "GenericError");
    CHECK(bench.error_class(R"({"execute":5})") == "GenericError");
    CHECK(
        bench.error_class(R"({"execute":"send-key","arguments":{"keys":[{"type":"qcode","data":"no"}]}})") ==
        "GenericError");
    CHECK(bench.machine.keys.empty());
    CHECK(bench.ask(R"({"execute":"query-name"})").at("return").at("name").as_string() == "fake");
}

TEST_CASE("an object without end is cut off") {
    Bench bench;
    bench.negotiate();
    const std::string piece(65536, 'x');
    bench.session.receive("{\"execute\":\"");
    const std::size_t before = bench.sent.size();
    for (int n = 0; n < 40; ++n)
        bench.session.receive(piece);
    CHECK(bench.sent.size() == before + 1);
    CHECK(bench.sent.back().contains("error"));
    CHECK(bench.ask("\n{\"execute\":\"query-name\"}").contains("return"));
}

TEST_CASE("keys are pressed in order and let go in the opposite order") {
    Bench bench;
    bench.negotiate();
    bench.ask(R"({"execute":"send-key","arguments":{"hold-time":1,"keys":[{"type":"qcode","data":"ctrl"},)"
              R"({"type":"qcode","data":"alt"},{"type":"number","data":211}]}})");
    const std::vector<std::pair<std::uint32_t, bool>> expected = {
        {0x1D, true}, {0x38, true}, {0xE053, true}, {0xE053, false}, {0x38, false}, {0x1D, false}};
    CHECK(bench.machine.keys == expected);
}

TEST_CASE("mouse events move, click and keep buttons that are held") {
    Bench bench;
    bench.negotiate();
    bench.ask(R"({"execute":"input-send-event","arguments":{"events":[)"
              R"({"type":"rel","data":{"axis":"x","value":5}},{"type":"rel","data":{"axis":"y","value":-3}},)"
              R"({"type":"btn","data":{"button":"left","down":true}}]}})");
    CHECK(bench.machine.x == 5);
    CHECK(bench.machine.y == -3);
    CHECK(bench.machine.last_buttons == 1);
    bench.ask(R"({"execute":"input-send-event","arguments":{"events":[)"
              R"({"type":"rel","data":{"axis":"x","value":1}}]}})");
    CHECK(bench.machine.last_buttons == 1);
    CHECK(bench.error_class(R"({"execute":"input-send-event","arguments":{"events":[)"
                            R"({"type":"abs","data":{"axis":"x","value":1}}]}})") == "GenericError");
}

TEST_CASE("drives are listed, ejected and filled, with events") {
    Bench bench;
    bench.negotiate();
    const json::object drives = bench.ask(R"({"execute":"query-block"})");
    CHECK(drives.at("return").at(0).at("inserted").at("drv").as_string() == "vpc");
    CHECK(!drives.at("return").at(1).as_object().contains("inserted"));
    CHECK(bench.error_class(R"({"execute":"eject","arguments":{"device":"none"}})") == "DeviceNotFound");
    CHECK(bench.error_class(R"({"execute":"eject","arguments":{"id":"ide1-cd0"}})") == "GenericError");
    CHECK(bench.events.empty());
    bench.ask(R"({"execute":"eject","arguments":{"id":"ide1-cd0","force":true}})");
    bench.ask(R"({"execute":"blockdev-change-medium","arguments":{"id":"ide1-cd0","filename":"/x.iso"}})");
    CHECK(bench.machine.calls == "eject insert:/x.iso ");
    CHECK(bench.events == std::vector<std::string>{"DEVICE_TRAY_MOVED", "DEVICE_TRAY_MOVED"});
}

TEST_CASE("the text screen is text, and a graphics mode says so") {
    Bench bench;
    bench.negotiate();
    CHECK(bench.error_class(R"({"execute":"ntferry-screen-text"})") == "GenericError");
    bench.machine.screen = TextScreen{2, 1, {0x0748, 0x0769}, 1, 0};
    const json::object answer = bench.ask(R"({"execute":"ntferry-screen-text"})");
    CHECK(answer.at("return").at("text").as_string() == "Hi\n");
    CHECK(answer.at("return").at("cursor-column").as_int64() == 1);
}

TEST_CASE("the human monitor answers in text") {
    Bench bench;
    bench.negotiate();
    const auto human = [&](const std::string& line) {
        return std::string(bench
                               .ask(json::serialize(json::object{{"execute", "human-monitor-command"},
                                                                 {"arguments", {{"command-line", line}}}}))
                               .at("return")
                               .as_string()
                               .c_str());
    };
    CHECK(human("info status") == "VM status: running\r\n");
    CHECK(human("system_reset").empty());
    CHECK(bench.machine.calls == "reset ");
    CHECK(human("sendkey ctrl-bogus").starts_with("Error: "));
    CHECK(human("fly") == "unknown command: 'fly'\r\n");
}
