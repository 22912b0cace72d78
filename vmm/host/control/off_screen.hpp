// OffScreen: recognises the picture that a guest shows when it can be switched off.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Windows NT says "It is now safe to turn off your computer" in a dialog of its graphical desktop and waits
// there for a key, with its processor in HLT as always: only the picture tells. There are as many of them as
// languages, resolutions and colours, and none is ours to ship: the administrator takes it once with 'ntferry
// screenshot' while the machine shows it, and puts it into the state folder as off-screen.png.
#pragma once

#include "vmm/bus/backends.hpp"

namespace ntferry::vmm {

class OffScreen {
  public:
    static constexpr const char* file_name = "off-screen.png";
    /// Bytes of such a file, at most.
    static constexpr std::size_t longest_file = 16U << 20U;

    /// @param png a picture of the whole screen. @throws Error for something else
    explicit OffScreen(ByteView png);
    explicit OffScreen(Frame picture) : picture_(std::move(picture)) {}
    /// The same picture, but for the mouse pointer, which is at another place or not there: what differs lies
    /// in two squares of its size. Another text in the same dialog differs over more than that.
    bool matches(const Frame& screen) const;

  private:
    Frame picture_;
};

} // namespace ntferry::vmm
