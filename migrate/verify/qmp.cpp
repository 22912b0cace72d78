// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/qmp.hpp"

#include "converter/base/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace ntferry::verify {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds answer_time{20000};
constexpr std::size_t longest_message = std::size_t{1} << 22U;

int connect_to(const std::string& path, milliseconds patience) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        throw Error(path, "the socket's path is too long", "use a shorter folder name");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const auto end = Clock::now() + patience;
    for (;;) {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            throw SystemError(path, "open a socket", errno);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
            return fd;
        const int error = errno;
        ::close(fd);
        if (Clock::now() >= end)
            throw SystemError(path, "connect to the machine", error);
        std::this_thread::sleep_for(milliseconds(50));
    }
}

} // namespace

QmpClient::QmpClient(const std::string& socket_path, milliseconds patience)
    : path_(socket_path), fd_(connect_to(socket_path, patience)) {
    try {
        const boost::json::value greeting = receive(answer_time);
        if (!greeting.is_object() || !greeting.as_object().contains("QMP"))
            throw Error(path_, "does not speak QMP");
        execute("qmp_capabilities");
    } catch (...) {
        ::close(fd_);
        throw;
    }
}

QmpClient::~QmpClient() {
    ::close(fd_);
}

void QmpClient::send(const boost::json::value& message) {
    const std::string line = boost::json::serialize(message) + "\n";
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            throw SystemError(path_, "talk to the machine", errno);
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
}

boost::json::value QmpClient::receive(milliseconds patience) {
    const auto end = Clock::now() + patience;
    for (;;) {
        if (const std::size_t newline = buffer_.find('\n'); newline != std::string::npos) {
            const std::string line = buffer_.substr(0, newline);
            buffer_.erase(0, newline + 1);
            boost::system::error_code error;
            boost::json::value message = boost::json::parse(line, error);
            if (error)
                throw Error(path_, "answers with something that is no JSON");
            return message;
        }
        if (buffer_.size() > longest_message)
            throw Error(path_, "sends a message without end");
        const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
        pollfd wait{fd_, POLLIN, 0};
        const int ready = ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return nullptr;
        char chunk[65536];
        const ssize_t got = ::recv(fd_, chunk, sizeof(chunk), 0);
        if (got <= 0)
            throw Error(path_, "the machine has ended");
        buffer_.append(chunk, static_cast<std::size_t>(got));
    }
}

void QmpClient::note_event(const boost::json::value& message) {
    if (message.is_object() && message.as_object().contains("event"))
        events_.emplace_back(boost::json::value_to<std::string>(message.as_object().at("event")));
}

boost::json::value QmpClient::execute(std::string_view command, const boost::json::object& arguments) {
    boost::json::object request{{"execute", command}};
    if (!arguments.empty())
        request["arguments"] = arguments;
    send(request);
    for (;;) {
        const boost::json::value message = receive(answer_time);
        if (!message.is_object())
            throw Error(path_, fmt::format("no answer to {} in {} s", command, answer_time.count() / 1000));
        const boost::json::object& object = message.as_object();
        if (const auto* result = object.if_contains("return"))
            return *result;
        if (const auto* error = object.if_contains("error")) {
            const auto* text = error->is_object() ? error->as_object().if_contains("desc") : nullptr;
            throw Error(path_,
                        fmt::format("{}: {}", command,
                                    text != nullptr && text->is_string() ? std::string_view(text->as_string())
                                                                         : std::string_view("refused")));
        }
        note_event(message);
    }
}

std::vector<std::string> QmpClient::take_events() {
    for (;;) {
        const boost::json::value message = receive(milliseconds(0));
        if (message.is_null())
            break;
        note_event(message);
    }
    return std::exchange(events_, {});
}

} // namespace ntferry::verify
