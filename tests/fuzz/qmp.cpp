// What a client sends to the control socket, in pieces of any size.
// LINK: ntferry_vmm_host
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_session.hpp"

#include <algorithm>

namespace {

using namespace ntferry::vmm;

/// Takes everything, does nothing: no files, no time.
class Dummy final : public ControlledMachine, public InputSink {
  public:
    std::string name() const override { return {}; }
    unsigned processors() const override { return 1; }
    RunState run_state() const override { return RunState::running; }
    void pause() override {}
    void resume() override {}
    void reset() override {}
    void power_down() override {}
    void quit() override {}
    void locked(const std::function<void()>& fn) override { fn(); }
    DisplaySource* display() override { return nullptr; }
    InputSink& input() override { return *this; }
    std::vector<DriveInfo> drives() const override { return {DriveInfo{}}; }
    void eject(const std::string&, bool) override {}
    void change_medium(const std::string&, const Medium&) override {}
    std::string save_state(const Medium&) override { return {}; }
    std::vector<std::string> snapshot(const std::string&, const std::string&, const std::string&) override {
        return {};
    }
    std::vector<SnapshotInfo> snapshots() const override { return {}; }
    void revert(const std::string&) override {}
    void delete_snapshot(const std::string&) override {}
    void key(std::uint32_t, bool) override {}
    void mouse(int, int, int, unsigned) override {}
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Commands that wait on purpose would only make the fuzzer slow.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const std::string_view slow : {"send", "type", "sendkey"})
        if (text.find(slow) != std::string_view::npos)
            return 0;
    Dummy machine;
    Screen screen(machine);
    unsigned buttons = 0;
    QmpContext context{machine, screen, buttons, [](std::string_view, const boost::json::object&) {}};
    std::size_t sent = 0;
    QmpSession session(context, [&](const std::string& line) { sent += line.size(); });
    session.receive("{\"execute\":\"qmp_capabilities\"}");
    const std::size_t piece = size == 0 ? 1 : 1 + data[0] % 64U;
    for (std::size_t at = 0; at < size; at += piece)
        session.receive(text.substr(at, piece));
    return 0;
}
