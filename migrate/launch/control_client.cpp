// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/control_client.hpp"

#include "converter/base/error.hpp"
#include "converter/base/run_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace ntferry::launch {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds GREETING_TIME{20};
/// Saving a machine takes as long as writing its memory does.
constexpr ControlClient::Patience USUAL_PATIENCE{std::chrono::milliseconds(0), std::chrono::minutes(30)};
constexpr std::chrono::seconds CONNECT_TIME{5};
constexpr std::chrono::milliseconds CONNECT_PAUSE{50};
constexpr std::size_t MAX_LINE = std::size_t{64} << 20U;
constexpr std::size_t MAX_EVENTS = 1024;

std::string text_of(const json::object& message, std::string_view name) {
    const json::value* value = message.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string().c_str()) : std::string();
}

int connect_to(const std::string& path, std::chrono::milliseconds patience) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(path, "too long for a socket", {}, ErrorKind::usage);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const auto end = Clock::now() + patience;
    for (;;) {
        const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw SystemError(path, "make a socket", errno);
        // QEMU serves one client at a time; behind its short queue connect() would wait for ever.
        const timeval longest{CONNECT_TIME.count(), 0};
        ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
        if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
            return descriptor;
        const int error = errno;
        ::close(descriptor);
        if (Clock::now() < end) {
            std::this_thread::sleep_for(CONNECT_PAUSE);
            continue;
        }
        if (error == EAGAIN)
            throw Error(path, "the machine is busy with another client", "try again");
        if (error == ENOENT || error == ECONNREFUSED)
            throw Error(path, "no machine runs here", "ntferry ps lists those that run");
        throw SystemError(path, "connect", error);
    }
}

} // namespace

ControlClient::ControlClient(std::string socket) : ControlClient(std::move(socket), USUAL_PATIENCE) {}

ControlClient::ControlClient(std::string socket, const Patience& patience)
    : socket_(std::move(socket)), answer_time_(patience.answer),
      descriptor_(connect_to(socket_, patience.connect)) {
    try {
        const auto greeting = next(Clock::now() + GREETING_TIME);
        if (!greeting || !greeting->contains("QMP"))
            throw Error(socket_, "what answers here is no machine");
        run("qmp_capabilities");
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

ControlClient::~ControlClient() {
    ::close(descriptor_);
}

std::optional<json::object> ControlClient::next(Clock::time_point deadline) {
    for (;;) {
        if (const std::size_t end = received_.find('\n'); end != std::string::npos) {
            json::error_code error;
            json::value message = json::parse(received_.substr(0, end), error);
            received_.erase(0, end + 1);
            if (error || !message.is_object())
                throw Error(socket_, "the machine sent what is no message");
            return std::move(message.get_object());
        }
        if (received_.size() > MAX_LINE)
            throw Error(socket_, "the machine sent a message without end");
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd watched{descriptor_, POLLIN, 0};
        const int ready = ::poll(&watched, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 3600000)));
        if (ready == 0)
            return std::nullopt;
        char buffer[65536];
        const ssize_t count = ready < 0 ? -1 : ::recv(descriptor_, buffer, sizeof buffer, 0);
        if (count > 0)
            received_.append(buffer, static_cast<std::size_t>(count));
        else if (count == 0 || errno != EINTR)
            throw Error(socket_, "the machine has ended");
    }
}

namespace {

/// One send with a descriptor beside the bytes, unix(7).
ssize_t send_with(int socket, std::string_view bytes, int descriptor) {
    iovec data{const_cast<char*>(bytes.data()), bytes.size()}; // NOLINT: sendmsg does not write to it
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
    return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

constexpr std::string_view HANDED_OVER = "/dev/fdset/";

} // namespace

std::string ControlClient::hand_over(int descriptor, const std::string& called) {
    const json::value answer = run("add-fd", {{"opaque", called}}, descriptor);
    return fmt::format("{}{}", HANDED_OVER, answer.as_object().at("fdset-id").to_number<unsigned>());
}

void ControlClient::take_back(const std::string& name) {
    run("remove-fd", {{"fdset-id", std::stoi(name.substr(HANDED_OVER.size()))}});
}

json::value ControlClient::run(std::string_view command, const json::object& arguments, int descriptor) {
    const std::string line =
        json::serialize(json::object{{"execute", command}, {"arguments", arguments}}) + "\n";
    for (std::size_t done = 0; done < line.size();) {
        const bool with = done == 0 && descriptor >= 0;
        const ssize_t count = with
                                  ? send_with(descriptor_, line, descriptor)
                                  : ::send(descriptor_, line.data() + done, line.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR)
            throw Error(socket_, "the machine has ended");
        done += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
    const auto deadline = Clock::now() + answer_time_;
    while (auto message = next(deadline)) {
        if (const json::value* result = message->if_contains("return"))
            return *result;
        if (const json::value* error = message->if_contains("error")) {
            if (!error->is_object())
                throw Error(socket_, "refused");
            if (text_of(error->get_object(), "class") == "CommandNotFound" && command.starts_with("ntferry-"))
                throw Error(socket_, "this machine runs under QEMU, which cannot do this",
                            "it takes NTFerry's own machine (--engine kvm, on a host with full KVM)",
                            ErrorKind::unsupported);
            throw Error(socket_, text_of(error->get_object(), "desc"));
        }
        if (message->contains("event") && events_.size() < MAX_EVENTS)
            events_.push_back(std::move(*message));
    }
    throw Error(socket_, fmt::format("no answer to {} in {} s", command, answer_time_.count() / 1000));
}

std::vector<json::object> ControlClient::take_events() {
    try {
        while (auto message = next(Clock::now()))
            if (message->contains("event") && events_.size() < MAX_EVENTS)
                events_.push_back(std::move(*message));
    } catch (const Error&) {
        if (events_.empty())
            throw; // the end of the connection comes after what was said before
    }
    return std::exchange(events_, {});
}

std::optional<json::object> ControlClient::wait_for(std::string_view event, std::chrono::milliseconds time) {
    const auto deadline = Clock::now() + time;
    const auto data_of = [](const json::object& message) {
        const json::value* data = message.if_contains("data");
        return data != nullptr && data->is_object() ? data->get_object() : json::object();
    };
    for (const json::object& message : events_)
        if (text_of(message, "event") == event)
            return data_of(message);
    try {
        while (const auto message = next(deadline))
            if (text_of(*message, "event") == event)
                return data_of(*message);
    } catch (const Error&) {
        return json::object(); // the connection ended, and with it the machine
    }
    return std::nullopt;
}

std::vector<FoundMachine> find_machines() {
    std::vector<FoundMachine> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(run_directory(), error))
        if (entry.path().extension() == ".sock")
            found.push_back({entry.path().stem().string(), entry.path().string()});
    std::sort(found.begin(), found.end(),
              [](const FoundMachine& one, const FoundMachine& other) { return one.name < other.name; });
    return found;
}

} // namespace ntferry::launch
