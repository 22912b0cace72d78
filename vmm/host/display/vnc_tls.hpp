// VncTls: encrypted viewers (VeNCrypt) in front of libvncserver, whose server has TLS for WebSockets only.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// rfbproto "VeNCrypt" (security type 19, version 0.2): the sub-types with X.509 certificates, with a VNC
// password (X509Vnc) or without one (X509None). OpenSSL, which is loaded when it is used.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace ntferry::vmm {

/// Certificates of a machine's screen.
class VncTls {
  public:
    /// @param folder with server-cert.pem and server-key.pem, as QEMU's tls-creds-x509 names them; with a
    /// ca-cert.pem viewers have to show a certificate signed by it. What the files hold is read now.
    /// @throws Error
    explicit VncTls(const std::string& folder);
    ~VncTls();
    VncTls(const VncTls&) = delete;
    VncTls& operator=(const VncTls&) = delete;
    /// Viewers are known by their certificates.
    bool asks_for_certificates() const { return asks_; }
    /// SSL_CTX
    void* context() const { return context_; }

  private:
    void* context_ = nullptr;
    bool asks_ = false;
};

/// One viewer: a thread that does the handshakes on both sides and then carries bytes.
class TlsViewer {
  public:
    /// @param outer the viewer's connection, taken over
    /// @param inner other end of what libvncserver was given, taken over
    /// @param password the viewer has to know it
    TlsViewer(std::shared_ptr<VncTls> tls, int outer, int inner, bool password);
    /// Cuts the viewer off.
    ~TlsViewer();
    TlsViewer(const TlsViewer&) = delete;
    TlsViewer& operator=(const TlsViewer&) = delete;
    bool finished() const { return finished_; }

  private:
    void run();
    bool greet_viewer() const;
    bool greet_server() const;
    void carry(void* session) const;

    std::shared_ptr<VncTls> tls_;
    int outer_;
    int inner_;
    bool password_;
    std::atomic<bool> finished_{false};
    std::thread thread_;
};

} // namespace ntferry::vmm
