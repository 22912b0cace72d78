// Our own machine as a trial engine: screen and events straight from it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/verify/engine.hpp"
#include "migrate/verify/ppm.hpp"
#include "vmm/machine/machine.hpp"
#include "vmm/machine/make_backends.hpp"

#include <mutex>

namespace ntferry::verify {
namespace {

using Clock = std::chrono::steady_clock;

ScreenText text_of(const vmm::TextScreen& screen) {
    Bytes memory;
    memory.reserve(screen.cells.size() * 2);
    for (const std::uint16_t cell : screen.cells) {
        memory.push_back(static_cast<std::uint8_t>(cell));
        memory.push_back(static_cast<std::uint8_t>(cell >> 8U));
    }
    return decode_text_memory(memory, screen.columns);
}

class MachineEngine final : public Engine {
  public:
    explicit MachineEngine(const EngineSetup& setup) {
        profiles::MachineDescription description = setup.machine;
        vmm::MachineOptions options;
        options.lock = std::make_shared<std::mutex>();
        vmm::MachineBackends backends = vmm::make_backends(description, {}, options.lock);
        machine_ = std::make_unique<vmm::Machine>(setup.profile, description, std::move(backends),
                                                  std::move(options));
        machine_->on_event([this](const vmm::MachineEvent& event) { note(event); });
        machine_->start();
        start_ = Clock::now();
    }

    ~MachineEngine() override {
        machine_->stop();
        try {
            machine_->wait();
        } catch (const Error&) {
            // Why it failed was told by look().
        }
    }

    std::string name() const override { return "kvm"; }

    Sample look() override {
        Sample sample;
        machine_->locked([&] {
            sample.resets = resets_;
            sample.stopped = stopped_;
            sample.failure = failure_;
            vmm::DisplaySource* display = machine_->display();
            if (display == nullptr)
                return;
            display->render(frame_);
            if (const auto text = display->text()) {
                sample.text = text_of(*text);
            } else {
                sample.text_mode = false;
                sample.picture = {frame_.width, frame_.height, frame_.pixels};
            }
        });
        sample.at = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
        return sample;
    }

    void screenshot(const std::string& path) override {
        Picture picture;
        machine_->locked([&] {
            if (vmm::DisplaySource* display = machine_->display())
                display->render(frame_);
            picture = {frame_.width, frame_.height, frame_.pixels};
        });
        write_png(path, picture);
    }

  private:
    /// Under the machine lock.
    void note(const vmm::MachineEvent& event) {
        using Kind = vmm::MachineEvent::Kind;
        if (event.kind == Kind::reset)
            ++resets_;
        if (event.kind == Kind::stopped || event.kind == Kind::halted || event.kind == Kind::debug_exit)
            stopped_ = true;
        if (event.kind == Kind::failed)
            failure_ = event.text;
    }

    std::unique_ptr<vmm::Machine> machine_;
    Clock::time_point start_;
    vmm::Frame frame_;
    unsigned resets_ = 0;
    bool stopped_ = false;
    std::string failure_;
};

} // namespace

std::unique_ptr<Engine> start_machine(const EngineSetup& setup) {
    return std::make_unique<MachineEngine>(setup);
}

} // namespace ntferry::verify
