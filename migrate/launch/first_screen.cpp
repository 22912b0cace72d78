// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/first_screen.hpp"

#include "converter/base/error.hpp"
#include "converter/base/run_directory.hpp"
#include "converter/base/text.hpp"
#include "migrate/launch/control_client.hpp"
#include "migrate/verify/screen_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <thread>

namespace ntferry::launch {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string last_line_of(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::string last;
    while (std::getline(file, line))
        if (!text::trim(line).empty())
            last = line;
    return text::printable(last, 300);
}

bool shows_something(const verify::Sample& sample) {
    if (sample.text_mode)
        return !sample.text.blank();
    const auto& pixels = sample.picture.pixels;
    return std::any_of(pixels.begin(), pixels.end(),
                       [&](std::uint32_t pixel) { return pixel != pixels.front(); });
}

} // namespace

FirstScreen wait_for_first_screen(const std::string& name, const std::string& log, std::chrono::seconds limit,
                                  const std::stop_token& stop) {
    const auto end = Clock::now() + limit;
    std::unique_ptr<ControlClient> client;
    std::unique_ptr<verify::ScreenReader> reader;
    while (Clock::now() < end) {
        if (stop.stop_requested())
            throw Interrupted(name, "the machine goes on");
        try {
            if (!client) {
                client = std::make_unique<ControlClient>(control_socket_of(name),
                                                         ControlClient::Patience{0ms, 20s});
                reader = std::make_unique<verify::ScreenReader>(*client);
            }
            verify::Sample sample;
            reader->read_into(sample);
            if (shows_something(sample))
                return {true, sample.text_mode ? text::printable(verify::last_line(sample.text), 80)
                                               : fmt::format("{} x {} pixels", sample.picture.width,
                                                             sample.picture.height)};
        } catch (const Error& error) {
            if (client)
                throw Error(name, "ended before it showed anything: " + last_line_of(log), "see " + log);
        }
        std::this_thread::sleep_for(200ms);
    }
    if (!client)
        throw Error(name, fmt::format("did not start within {} s: {}", limit.count(), last_line_of(log)),
                    "see " + log);
    return {};
}

} // namespace ntferry::launch
