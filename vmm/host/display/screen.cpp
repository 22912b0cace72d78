// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/display/screen.hpp"

#include "converter/base/error.hpp"

namespace ntferry::vmm {

std::uint64_t Screen::refresh() {
    const std::lock_guard<std::mutex> held(lock_);
    machine_.locked([this] {
        if (DisplaySource* display = machine_.display(); display != nullptr && display->render(frame_))
            ++generation_;
    });
    return generation_;
}

Frame Screen::capture() {
    refresh();
    const std::lock_guard<std::mutex> held(lock_);
    if (frame_.pixels.empty())
        throw Error("screen", "there is no picture");
    return frame_;
}

std::optional<TextScreen> Screen::text() {
    std::optional<TextScreen> text;
    machine_.locked([&] {
        if (const DisplaySource* display = machine_.display(); display != nullptr)
            text = display->text();
    });
    return text;
}

} // namespace ntferry::vmm
