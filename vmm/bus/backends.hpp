// What devices talk to outside the machine: disks, networks, characters, screens. vmm/host implements these,
// tests fake them. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::vmm {

/// A disk that works off the vCPU thread.
class DiskBackend {
  public:
    enum class Operation : std::uint8_t { read, write, flush };
    /// error is 0 or an errno value.
    using Completion = std::function<void(int error)>;

    virtual ~DiskBackend() = default;
    /// Bytes; 0 when no medium is inserted.
    virtual std::uint64_t size() const = 0;
    virtual bool read_only() const = 0;
    /// Starts an operation. buffer stays valid until completion was called, which happens under the machine
    /// lock and never from inside submit(). Operations complete in any order, but a flush completes after
    /// every write submitted before it.
    virtual void submit(Operation operation, std::uint64_t offset, MutableByteView buffer,
                        Completion completion) = 0;
    /// A read that is done when it returns, because nothing has to be waited for: the host has it in memory
    /// and no operation is before it. False: nothing happened; submit() it.
    virtual bool read_now(std::uint64_t, MutableByteView) { return false; }
    /// Waits until nothing is under way; completions of cancelled operations are never called. For reset and
    /// detach.
    virtual void cancel_all() = 0;
    /// An operation is under way: its completion was not called yet. Under the machine lock.
    virtual bool busy() const { return false; }
};

/// Takes frames from a network.
class NetReceiver {
  public:
    virtual ~NetReceiver() = default;
    /// False when there is no room: the back end keeps the frame and tries again after
    /// NetBackend::receive_ready().
    virtual bool receive_frame(ByteView frame) = 0;
};

/// A network. Called under the machine lock; frames are Ethernet without FCS, 14 to 1514 (1518 tagged) bytes.
class NetBackend {
  public:
    virtual ~NetBackend() = default;
    virtual void attach(NetReceiver* receiver) = 0;
    virtual void send_frame(ByteView frame) = 0;
    /// The device has room again.
    virtual void receive_ready() = 0;
    virtual bool link_up() const = 0;
};

/// The far end of a serial or parallel line.
class CharBackend {
  public:
    virtual ~CharBackend() = default;
    /// Bytes that could be taken now; the device keeps the rest and is told by the ready callback.
    virtual std::size_t write(ByteView data) = 0;
    /// received: called under the machine lock, returns how many bytes the device took. ready: room to write
    /// again.
    virtual void attach(std::function<std::size_t(ByteView)> received, std::function<void()> ready) = 0;
    /// The device can take bytes again.
    virtual void receive_ready() {}
    /// Line settings for a host serial port; modem lines out (DTR bit 0, RTS bit 1) and in (CTS 0, DSR 1, RI
    /// 2, DCD 3).
    virtual void set_line(std::uint32_t baud, std::uint8_t data_bits, char parity, std::uint8_t stop_bits) {
        static_cast<void>(baud);
        static_cast<void>(data_bits);
        static_cast<void>(parity);
        static_cast<void>(stop_bits);
    }
    virtual void set_break(bool on) { static_cast<void>(on); }
    virtual void set_modem_lines(std::uint8_t lines) { static_cast<void>(lines); }
    /// CTS and DSR are up unless the far end says otherwise.
    virtual std::uint8_t modem_lines() const { return 0b1011; }
};

/// A picture of the screen, one 0x00RRGGBB word per pixel.
struct Frame {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::vector<std::uint32_t> pixels;
};

struct TextScreen {
    unsigned columns = 0;
    unsigned rows = 0;
    /// columns * rows cells: character (code page 437) in the low byte, attribute in the high one.
    std::vector<std::uint16_t> cells;
    int cursor_column = -1; ///< -1: hidden
    int cursor_row = -1;
    /// UTF-8, one line per row, trailing blanks removed.
    std::string utf8() const;
};

/// Rows of the frame that changed: [top, bottom).
struct DirtyRows {
    std::uint32_t top = 0;
    std::uint32_t bottom = 0;
};

/// A video adapter seen from the host. Called under the machine lock.
class DisplaySource {
  public:
    virtual ~DisplaySource() = default;
    /// Brings frame up to date. Returns what changed since the last call, nothing when nothing did. A change
    /// of size changes everything.
    virtual std::optional<DirtyRows> render(Frame& frame) = 0;
    /// The characters, when the adapter is in a text mode.
    virtual std::optional<TextScreen> text() const = 0;
};

/// Keyboard and mouse seen from the host. Called under the machine lock.
class InputSink {
  public:
    virtual ~InputSink() = default;
    /// XT (set 1) make code; E0-prefixed keys as 0xE000 | code, Pause as 0xE11D45.
    virtual void key(std::uint32_t xt_code, bool pressed) = 0;
    /// Relative motion, wheel clicks and buttons (bit 0 left, 1 right, 2 middle).
    virtual void mouse(int dx, int dy, int wheel, unsigned buttons) = 0;
};

} // namespace ntferry::vmm
