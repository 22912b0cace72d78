// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "vmm/host/display/vnc_server.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

constexpr unsigned FIRST_PORT = 5900;
constexpr unsigned MAX_PORT = 65535;
constexpr int BACKLOG = 8;

unsigned number_of(const std::string& text, const std::string& address) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number > MAX_PORT)
        throw Error(address, "no VNC address", "unix:PATH, :DISPLAY or ADDRESS:PORT", ErrorKind::usage);
    return number;
}

union Address {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

bool is_loopback(const Address& address) {
    if (address.any.sa_family == AF_INET)
        return (ntohl(address.v4.sin_addr.s_addr) >> 24U) == 127;
    return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
}

/// "HOST:PORT", "[V6]:PORT", ":DISPLAY".
Address parse(const std::string& text, socklen_t& length) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos)
        number_of("x", text);
    std::string host = text.substr(0, colon);
    unsigned port = number_of(text.substr(colon + 1), text);
    if (host.empty()) {
        host = "127.0.0.1";
        port += FIRST_PORT;
    }
    if (port > MAX_PORT)
        number_of("x", text);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    Address address{};
    if (::inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(static_cast<std::uint16_t>(port));
        length = sizeof address.v4;
    } else if (::inet_pton(AF_INET6, host.c_str(), &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(static_cast<std::uint16_t>(port));
        length = sizeof address.v6;
    } else {
        number_of("x", text);
    }
    return address;
}

} // namespace

VncListener::VncListener(const std::string& address, std::string password, std::shared_ptr<VncTls> tls)
    : password_(std::move(password)), tls_(std::move(tls)) {
    if (address.starts_with("unix:"))
        unix_ = std::make_unique<UnixListener>(address.substr(5));
    else
        listen_tcp(address);
}

void VncListener::listen_tcp(const std::string& address) {
    socklen_t length = 0;
    const Address where = parse(address, length);
    if (!is_loopback(where) && password_.empty() && (!tls_ || !tls_->asks_for_certificates()))
        throw Error(
            address,
            tls_ ? "TLS alone lets everybody in: a screen for the whole network needs a password or "
                   "viewers' certificates"
                 : "a screen for the whole network needs a password",
            tls_ ? "give --vnc-password FILE, or put ca-cert.pem into the folder of --vnc-tls"
                 : "give --vnc-password FILE (and --vnc-tls FOLDER against listeners), or use a unix socket "
                   "through ssh",
            ErrorKind::usage);
    tcp_ = ::socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (tcp_ < 0)
        throw SystemError(address, "make a socket", errno);
    const int on = 1;
    ::setsockopt(tcp_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(tcp_, &where.any, length) != 0 || ::listen(tcp_, BACKLOG) != 0) {
        const int number = errno;
        ::close(tcp_);
        throw SystemError(address, "listen", number);
    }
}

VncListener::~VncListener() {
    if (tcp_ >= 0)
        ::close(tcp_);
}

int VncListener::accept() const {
    return ::accept4(descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int VncListener::descriptor() const {
    return unix_ ? unix_->descriptor() : tcp_;
}

std::uint16_t VncListener::port() const {
    Address address{};
    socklen_t length = sizeof address;
    if (unix_ || ::getsockname(tcp_, &address.any, &length) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

} // namespace ntferry::vmm
