// VncServer: the screen, keyboard and mouse of one machine for VNC viewers (RFB 3.8, libvncserver).
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Viewers with the QEMU extended key event send key codes, and the guest's own keyboard layout decides what
// they mean. From others come keysyms, which are looked up in the layout that is named for the guest.
#pragma once

#include "vmm/host/control/unix_listener.hpp"
#include "vmm/host/display/keys.hpp"
#include "vmm/host/display/screen.hpp"
#include "vmm/host/display/vnc_tls.hpp"

#include <memory>
#include <string>

namespace ntferry::vmm {

/// Where viewers connect, made before the process is walled in.
class VncListener {
  public:
    /// @param address "unix:PATH", ":N" (port 5900 + N of the loopback interface) or "HOST:PORT" with a
    /// numeric host
    /// @param password VNC takes 8 characters
    /// @param tls certificates: viewers have to encrypt (VeNCrypt); nothing: none does
    /// @throws Error, among others for an address beyond this host that neither a password nor viewers'
    /// certificates protect
    VncListener(const std::string& address, std::string password, std::shared_ptr<VncTls> tls = nullptr);
    ~VncListener();
    VncListener(const VncListener&) = delete;
    VncListener& operator=(const VncListener&) = delete;

    /// The next connection; -1 when there is none.
    int accept() const;
    int descriptor() const;
    const std::string& password() const { return password_; }
    const std::shared_ptr<VncTls>& tls() const { return tls_; }
    /// Path of a unix socket, else empty.
    std::string path() const { return unix_ ? unix_->path() : std::string(); }
    /// TCP port; 0 for a unix socket.
    std::uint16_t port() const;

  private:
    void listen_tcp(const std::string& address);

    std::string password_;
    std::shared_ptr<VncTls> tls_;
    std::unique_ptr<UnixListener> unix_;
    int tcp_ = -1;
};

/// One thread serves all viewers. Without viewers it sleeps; with them it looks at the screen up to 30 times
/// a second while it changes and twice a second while it does not.
class VncServer {
  public:
    static constexpr unsigned max_viewers = 8;

    VncServer(std::unique_ptr<VncListener> listener, ControlledMachine& machine, Screen& screen,
              const KeyboardLayout& layout);
    ~VncServer();
    VncServer(const VncServer&) = delete;
    VncServer& operator=(const VncServer&) = delete;

    /// Loads libvncserver, which a walled-in process can no longer do. @throws Error
    static void load_library();

    /// The guest's pointer is anywhere: it is pushed into a corner before it moves again. Any thread.
    void guest_was_reset();

    /// How often the screen was looked at, for tests.
    std::uint64_t looks() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace ntferry::vmm
