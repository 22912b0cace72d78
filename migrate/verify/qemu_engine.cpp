// QEMU as a trial engine: screen text from its VGA memory over QMP, pictures by screendump.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/verify/engine.hpp"
#include "migrate/verify/engine_process.hpp"
#include "migrate/verify/ppm.hpp"
#include "migrate/verify/qmp.hpp"
#include "profiles/render_qemu.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace ntferry::verify {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t text_memory = 0xB8000;
constexpr std::size_t text_bytes = std::size_t{80} * 50 * 2;

std::vector<std::string> arguments_of(const EngineSetup& setup) {
    std::vector<std::string> arguments =
        profiles::qemu_arguments(setup.profile, setup.machine, {.accelerator = "tcg", .folder = {}});
    const auto add = [&](std::initializer_list<std::string> more) {
        arguments.insert(arguments.end(), more);
    };
    add({"-qmp", fmt::format("unix:{}/qmp,server=on,wait=off", setup.run_folder)});
    // Stays after a guest's power-off, so that the last screen can be read.
    add({"-no-shutdown"});
    return arguments;
}

class QemuEngine final : public Engine {
  public:
    explicit QemuEngine(const EngineSetup& setup)
        : folder_(setup.run_folder), process_(arguments_of(setup), setup.log), qmp_(connect(setup)),
          start_(Clock::now()) {}

    std::string name() const override { return "qemu"; }

    Sample look() override {
        Sample sample = last_;
        sample.at = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
        try {
            read_screen_into(sample);
        } catch (const Error& error) {
            sample.failure = process_.running() ? std::string(error.what())
                                                : fmt::format("QEMU ended: {}", process_.last_words());
        }
        last_ = sample;
        return sample;
    }

    void screenshot(const std::string& path) override {
        qmp_->execute("screendump", {{"filename", path}, {"format", "png"}});
    }

  private:
    std::unique_ptr<QmpClient> connect(const EngineSetup& setup) {
        try {
            return std::make_unique<QmpClient>(setup.run_folder + "/qmp", std::chrono::seconds(20));
        } catch (const Error& error) {
            if (!process_.running())
                throw Error("qemu-system-i386", fmt::format("did not start: {}", process_.last_words()),
                            "see " + setup.log);
            throw;
        }
    }

    void read_screen_into(Sample& sample) {
        for (const std::string& event : qmp_->take_events()) {
            if (event == "RESET")
                ++sample.resets;
            if (event == "SHUTDOWN" || event == "GUEST_PANICKED")
                sample.stopped = true;
        }
        const std::string dump = folder_ + "/screen.ppm";
        qmp_->execute("screendump", {{"filename", dump}});
        Picture picture = read_ppm(dump);
        // VGA's text modes have 400 (or 350) lines of 720 or 640 pixels; no graphics mode of NT's has.
        sample.text_mode = picture.height == 400 || picture.height == 350;
        if (!sample.text_mode) {
            sample.picture = std::move(picture);
            sample.text = {};
            return;
        }
        // Only in text mode: reading planar memory of a graphics mode would change the latches under the
        // guest.
        const std::string memory = folder_ + "/text";
        qmp_->execute("pmemsave", {{"val", text_memory}, {"size", text_bytes}, {"filename", memory}});
        sample.picture = {};
        sample.text = decode_text_memory(read_file(memory, text_bytes), 80);
    }

    std::string folder_;
    EngineProcess process_;
    std::unique_ptr<QmpClient> qmp_;
    Clock::time_point start_;
    Sample last_;
};

} // namespace

std::unique_ptr<Engine> start_qemu(const EngineSetup& setup) {
    return std::make_unique<QemuEngine>(setup);
}

} // namespace ntferry::verify
