// A machine that remembers what was asked of it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/error.hpp"
#include "vmm/host/control/controlled_machine.hpp"

#include <mutex>
#include <unistd.h>
#include <utility>

namespace ntferry::test {

class FakeMachine final : public vmm::ControlledMachine, public vmm::DisplaySource, public vmm::InputSink {
  public:
    std::string name() const override { return "fake"; }
    unsigned processors() const override { return 2; }
    vmm::RunState run_state() const override { return state; }
    void pause() override { state = vmm::RunState::paused; }
    void resume() override { state = vmm::RunState::running; }
    void reset() override { calls += "reset "; }
    void power_down() override { calls += "power_down "; }
    void quit() override { calls += "quit "; }
    void locked(const std::function<void()>& fn) override {
        const std::lock_guard<std::mutex> held(lock);
        fn();
    }
    vmm::DisplaySource* display() override { return this; }
    vmm::InputSink& input() override { return *this; }
    std::vector<vmm::DriveInfo> drives() const override {
        vmm::DriveInfo disk;
        disk.device = "ide0-hd0";
        disk.file = "/disk.vhd";
        disk.format = "vpc";
        vmm::DriveInfo cdrom;
        cdrom.device = "ide1-cd0";
        cdrom.removable = true;
        return {disk, cdrom};
    }
    void eject(const std::string& device, bool force) override {
        if (!force)
            throw Error(device, "the guest has locked the tray", "use force");
        calls += "eject ";
    }
    void change_medium(const std::string&, const vmm::Medium& medium) override {
        calls += "insert:" + medium.name + " ";
        if (medium.descriptor >= 0) {
            char content[16] = {};
            const ssize_t count = ::pread(medium.descriptor, content, sizeof content - 1, 0);
            calls += "holds:" + std::string(content, static_cast<std::size_t>(count > 0 ? count : 0)) + " ";
            ::close(medium.descriptor);
        }
    }
    std::string save_state(const vmm::Medium& target) override {
        calls += "save:" + target.name + " ";
        return target.name;
    }
    std::vector<std::string> snapshot(const std::string& snapshot_name, const std::string& device,
                                      const std::string& file) override {
        if (!file.empty())
            calls += "snapshot:" + snapshot_name + " of " + device + " in " + file + " ";
        return {"/" + snapshot_name + ".vhd"};
    }
    vmm::ResourceReport resources() const override {
        return {.cpu_weight = 200,
                .cpu_cap_percent = 50,
                .cpu_reserve_percent = 0,
                .memory = 64U << 20U,
                .memory_ceiling = 0,
                .disk_bytes_per_second = 10U << 20U,
                .disk_operations_per_second = 0,
                .limits = "cpu weight: 200\n"};
    }
    std::vector<vmm::SnapshotInfo> snapshots() const override { return {{"before", "", 1000000000, true}}; }
    void revert(const std::string& snapshot_name) override { calls += "revert:" + snapshot_name + " "; }
    void delete_snapshot(const std::string& snapshot_name) override {
        calls += "delete:" + snapshot_name + " ";
    }

    std::optional<vmm::DirtyRows> render(vmm::Frame& frame) override {
        ++renders;
        const bool changed = frame.pixels != picture.pixels;
        frame = picture;
        return changed ? std::optional(vmm::DirtyRows{0, picture.height}) : std::nullopt;
    }
    std::optional<vmm::TextScreen> text() const override { return screen; }
    void key(std::uint32_t code, bool pressed) override { keys.emplace_back(code, pressed); }
    void mouse(int dx, int dy, int wheel, unsigned buttons) override {
        x += dx;
        y += dy;
        wheels += wheel;
        last_buttons = buttons;
    }

    std::mutex lock;
    vmm::RunState state = vmm::RunState::running;
    std::string calls;
    vmm::Frame picture{2, 1, {0x00FF0000, 0x000000FF}};
    std::optional<vmm::TextScreen> screen;
    std::vector<std::pair<std::uint32_t, bool>> keys;
    int x = 0;
    int y = 0;
    int wheels = 0;
    unsigned last_buttons = 0;
    int renders = 0;
};

} // namespace ntferry::test
