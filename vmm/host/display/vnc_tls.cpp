// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/display/vnc_tls.hpp"

#include "converter/base/error.hpp"
#include "converter/base/shared_library.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

constexpr SharedLibrary libssl{"libssl.so.3", "libssl3"};
NTFERRY_LATE(libssl, ERR_get_error); // libcrypto's, which comes along
NTFERRY_LATE(libssl, ERR_reason_error_string);
NTFERRY_LATE(libssl, SSL_CTX_ctrl);
NTFERRY_LATE(libssl, SSL_CTX_check_private_key);
NTFERRY_LATE(libssl, SSL_CTX_free);
NTFERRY_LATE(libssl, SSL_CTX_load_verify_locations);
NTFERRY_LATE(libssl, SSL_CTX_new);
NTFERRY_LATE(libssl, SSL_CTX_set_verify);
NTFERRY_LATE(libssl, SSL_CTX_use_PrivateKey_file);
NTFERRY_LATE(libssl, SSL_CTX_use_certificate_chain_file);
NTFERRY_LATE(libssl, SSL_accept);
NTFERRY_LATE(libssl, SSL_free);
NTFERRY_LATE(libssl, SSL_new);
NTFERRY_LATE(libssl, SSL_pending);
NTFERRY_LATE(libssl, SSL_read);
NTFERRY_LATE(libssl, SSL_set_fd);
NTFERRY_LATE(libssl, SSL_shutdown);
NTFERRY_LATE(libssl, SSL_write);
NTFERRY_LATE(libssl, TLS_server_method);

constexpr int PATIENCE_SECONDS = 10; ///< with a viewer that does not go on
constexpr std::string_view VERSION = "RFB 003.008\n";
constexpr std::uint8_t SECURITY_NONE = 1;
constexpr std::uint8_t SECURITY_VNC = 2;
constexpr std::uint8_t SECURITY_VENCRYPT = 19;
constexpr std::uint32_t X509_NONE = 260;
constexpr std::uint32_t X509_VNC = 261;

SSL_CTX* of(void* context) {
    return static_cast<SSL_CTX*>(context);
}

std::string why() {
    const unsigned long code = ERR_get_error();
    const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
    return text == nullptr ? "is not what is needed" : text;
}

bool send_all(int socket, const void* data, std::size_t size) {
    const auto* at = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t count = ::send(socket, at, size, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        at += count;
        size -= static_cast<std::size_t>(count);
    }
    return true;
}

template <std::size_t size>
bool send_bytes(int socket, const std::array<std::uint8_t, size>& bytes) {
    return send_all(socket, bytes.data(), size);
}

bool take(int socket, void* data, std::size_t size) {
    return ::recv(socket, data, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

bool take_version(int socket) {
    std::array<char, VERSION.size()> version{};
    return take(socket, version.data(), version.size()) &&
           std::string_view(version.data(), version.size()) == VERSION;
}

void be_patient(int socket) {
    const timeval patience{PATIENCE_SECONDS, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

} // namespace

VncTls::VncTls(const std::string& folder) {
    const auto refuse = [&](const std::string& file) {
        const std::string text = why();
        if (context_ != nullptr)
            SSL_CTX_free(of(context_));
        throw Error(folder + "/" + file, text,
                    "the folder of --vnc-tls holds server-cert.pem and server-key.pem (PEM)",
                    ErrorKind::usage);
    };
    context_ = SSL_CTX_new(TLS_server_method());
    if (context_ == nullptr)
        refuse("");
    SSL_CTX_ctrl(of(context_), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
    if (SSL_CTX_use_certificate_chain_file(of(context_), (folder + "/server-cert.pem").c_str()) != 1)
        refuse("server-cert.pem");
    if (SSL_CTX_use_PrivateKey_file(of(context_), (folder + "/server-key.pem").c_str(), SSL_FILETYPE_PEM) !=
            1 ||
        SSL_CTX_check_private_key(of(context_)) != 1)
        refuse("server-key.pem");
    const std::string authority = folder + "/ca-cert.pem";
    if (!std::filesystem::exists(authority))
        return;
    if (SSL_CTX_load_verify_locations(of(context_), authority.c_str(), nullptr) != 1)
        refuse("ca-cert.pem");
    SSL_CTX_set_verify(of(context_), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    asks_ = true;
}

VncTls::~VncTls() {
    SSL_CTX_free(of(context_));
}

TlsViewer::TlsViewer(std::shared_ptr<VncTls> tls, int outer, int inner, bool password)
    : tls_(std::move(tls)), outer_(outer), inner_(inner), password_(password), thread_([this] { run(); }) {}

TlsViewer::~TlsViewer() {
    for (const int socket : {outer_, inner_})
        ::shutdown(socket, SHUT_RDWR);
    thread_.join();
    for (const int socket : {outer_, inner_})
        ::close(socket);
}

void TlsViewer::run() {
    ::pthread_setname_np(::pthread_self(), "vnc-tls");
    // OpenSSL writes without MSG_NOSIGNAL.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    be_patient(outer_);
    be_patient(inner_);
    if (greet_viewer()) {
        SSL* session = SSL_new(of(tls_->context()));
        if (session != nullptr && SSL_set_fd(session, outer_) == 1 && SSL_accept(session) == 1 &&
            greet_server()) {
            carry(session);
            SSL_shutdown(session);
        }
        SSL_free(session);
    }
    for (const int socket : {outer_, inner_})
        ::shutdown(socket, SHUT_RDWR); // libvncserver sees that its viewer is gone
    finished_ = true;
}

/// RFC 6143 7.1.1 and 7.1.2, then VeNCrypt as far as TLS begins.
bool TlsViewer::greet_viewer() const {
    std::array<std::uint8_t, 4> answer{};
    if (!send_all(outer_, VERSION.data(), VERSION.size()) || !take_version(outer_) ||
        !send_bytes<2>(outer_, {1, SECURITY_VENCRYPT}) || !take(outer_, answer.data(), 1) ||
        answer[0] != SECURITY_VENCRYPT)
        return false;
    if (!send_bytes<2>(outer_, {0, 2}) || !take(outer_, answer.data(), 2))
        return false;
    const bool version_fits = answer[0] == 0 && answer[1] == 2;
    const std::array<std::uint8_t, 1> verdict{static_cast<std::uint8_t>(version_fits ? 0 : 0xFF)};
    if (!send_bytes(outer_, verdict) || !version_fits)
        return false;
    const std::uint32_t kind = password_ ? X509_VNC : X509_NONE;
    const auto high = static_cast<std::uint8_t>(kind >> 8U);
    const auto low = static_cast<std::uint8_t>(kind);
    if (!send_bytes<5>(outer_, {1, 0, 0, high, low}) || !take(outer_, answer.data(), 4))
        return false;
    const bool kind_fits = answer == std::array<std::uint8_t, 4>{0, 0, high, low};
    return send_bytes<1>(outer_, {static_cast<std::uint8_t>(kind_fits ? 1 : 0)}) && kind_fits;
}

/// The same towards libvncserver, as a viewer without TLS.
bool TlsViewer::greet_server() const {
    const std::uint8_t wanted = password_ ? SECURITY_VNC : SECURITY_NONE;
    std::uint8_t count = 0;
    std::array<std::uint8_t, 255> kinds{};
    if (!take_version(inner_) || !send_all(inner_, VERSION.data(), VERSION.size()) ||
        !take(inner_, &count, 1) || !take(inner_, kinds.data(), count) ||
        std::memchr(kinds.data(), wanted, count) == nullptr)
        return false;
    return send_all(inner_, &wanted, 1);
}

/// Until one side ends.
void TlsViewer::carry(void* session) const {
    auto* tls = static_cast<SSL*>(session);
    std::array<char, 16384> buffer{};
    for (;;) {
        std::array<pollfd, 2> wait{{{outer_, POLLIN, 0}, {inner_, POLLIN, 0}}};
        const bool pending = SSL_pending(tls) > 0;
        if (::poll(wait.data(), wait.size(), pending ? 0 : -1) < 0 && errno != EINTR)
            return;
        if (pending || wait[0].revents != 0) {
            const int count = SSL_read(tls, buffer.data(), static_cast<int>(buffer.size()));
            if (count <= 0 || !send_all(inner_, buffer.data(), static_cast<std::size_t>(count)))
                return;
        }
        if (wait[1].revents != 0) {
            const ssize_t count = ::recv(inner_, buffer.data(), buffer.size(), 0);
            if (count <= 0 || SSL_write(tls, buffer.data(), static_cast<int>(count)) != count)
                return;
        }
    }
}

} // namespace ntferry::vmm
