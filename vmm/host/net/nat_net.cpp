// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/net/nat_net.hpp"

#include "converter/base/shared_library.hpp"

#include <fmt/format.h>
#include <libslirp.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <utility>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace ntferry::vmm::net {
namespace {

constexpr SharedLibrary libslirp{"libslirp.so.0", "libslirp0"};
NTFERRY_LATE(libslirp, slirp_new);
NTFERRY_LATE(libslirp, slirp_cleanup);
NTFERRY_LATE(libslirp, slirp_input);
NTFERRY_LATE(libslirp, slirp_add_hostfwd);
NTFERRY_LATE(libslirp, slirp_pollfds_fill);
NTFERRY_LATE(libslirp, slirp_pollfds_poll);

constexpr std::uint32_t network = 0x0A000200; // 10.0.2.0
constexpr std::uint32_t guest_address = network + 15;

in_addr ipv4(std::uint32_t host_order) {
    return in_addr{htonl(host_order)};
}

std::int64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string option(const std::map<std::string, std::string>& options, const char* name) {
    const auto at = options.find(name);
    return at == options.end() ? std::string() : at->second;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

int to_poll_events(int slirp_events) {
    int events = 0;
    if ((slirp_events & SLIRP_POLL_IN) != 0)
        events |= POLLIN;
    if ((slirp_events & SLIRP_POLL_OUT) != 0)
        events |= POLLOUT;
    if ((slirp_events & SLIRP_POLL_PRI) != 0)
        events |= POLLPRI;
    return events;
}

int to_slirp_events(int events) {
    int result = 0;
    if ((events & POLLIN) != 0)
        result |= SLIRP_POLL_IN;
    if ((events & POLLOUT) != 0)
        result |= SLIRP_POLL_OUT;
    if ((events & POLLPRI) != 0)
        result |= SLIRP_POLL_PRI;
    if ((events & POLLERR) != 0)
        result |= SLIRP_POLL_ERR;
    if ((events & POLLHUP) != 0)
        result |= SLIRP_POLL_HUP;
    return result;
}

} // namespace

/// A timer that libslirp asked for.
struct NatNet::SlirpTimer {
    SlirpTimerCb callback = nullptr;
    void* argument = nullptr;
    std::int64_t deadline_ms = -1; ///< on the monotonic clock, -1: not armed
};

struct NatNet::Callbacks {
    static NatNet& self(void* opaque) { return *static_cast<NatNet*>(opaque); }
    static ssize_t send_packet(const void* data, std::size_t length, void* opaque) {
        self(opaque).queue_.push(ByteView(static_cast<const std::uint8_t*>(data), length));
        return static_cast<ssize_t>(length);
    }
    static void guest_error(const char*, void*) {}
    static std::int64_t clock_get_ns(void*) { return monotonic_ns(); }
    static void* timer_new(SlirpTimerCb callback, void* argument, void* opaque) {
        auto timer = std::make_unique<SlirpTimer>();
        timer->callback = callback;
        timer->argument = argument;
        return self(opaque).timers_.emplace_back(std::move(timer)).get();
    }
    static void timer_free(void* timer, void* opaque) {
        std::erase_if(self(opaque).timers_, [&](const auto& owned) { return owned.get() == timer; });
    }
    static void timer_mod(void* timer, std::int64_t expire_ms, void* opaque) {
        static_cast<SlirpTimer*>(timer)->deadline_ms = expire_ms;
        self(opaque).wake();
    }
    static void register_poll_fd(int, void*) {}
    static void unregister_poll_fd(int, void*) {}
    static void notify(void* opaque) { self(opaque).wake(); }

    static constexpr SlirpCb table() {
        SlirpCb callbacks{};
        callbacks.send_packet = send_packet;
        callbacks.guest_error = guest_error;
        callbacks.clock_get_ns = clock_get_ns;
        callbacks.timer_new = timer_new;
        callbacks.timer_free = timer_free;
        callbacks.timer_mod = timer_mod;
        callbacks.register_poll_fd = register_poll_fd;
        callbacks.unregister_poll_fd = unregister_poll_fd;
        callbacks.notify = notify;
        return callbacks;
    }
};

NatNet::NatNet(const std::map<std::string, std::string>& options, const NetHost& host)
    : host_(host), filter_(option(options, "allow"), network, option(options, "dns") == "yes"),
      slirp_(nullptr, slirp_cleanup), wake_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_event_ < 0)
        throw SystemError("nat", "cannot make an event", errno);
    try {
        static constexpr SlirpCb callbacks = Callbacks::table();
        SlirpConfig config{};
        config.version = 4;
        config.in_enabled = true;
        config.vnetwork = ipv4(network);
        config.vnetmask = ipv4(0xFFFFFF00);
        config.vhost = ipv4(network + 2);
        config.vdhcp_start = ipv4(guest_address);
        config.vnameserver = ipv4(network + 3);
        config.disable_host_loopback = true;
        config.disable_dns = option(options, "dns") != "yes";
        slirp_.reset(slirp_new(&config, &callbacks, this));
        if (!slirp_)
            throw Error("nat", "libslirp does not start");
        for (const std::string& item : split(option(options, "forward"), ','))
            if (!item.empty())
                add_forward(item);
    } catch (...) {
        close(wake_event_);
        throw;
    }
}

void NatNet::attach(NetReceiver* receiver) {
    queue_.attach(receiver);
    if (receiver != nullptr && !thread_.joinable())
        thread_ = std::thread([this] { run(); });
}

NatNet::~NatNet() {
    leaving_ = true;
    wake();
    if (thread_.joinable())
        thread_.join();
    queue_.attach(nullptr);
    slirp_.reset();
    close(wake_event_);
}

/// "tcp:[ADDRESS:]PORT:GUESTPORT"; without an address only the host itself may connect.
void NatNet::add_forward(const std::string& item) {
    const auto wrong = [&](const std::string& why) {
        return Error("forward", fmt::format("'{}': {}", item, why),
                     "write tcp:[ADDRESS:]PORT:GUESTPORT or udp:...", ErrorKind::usage);
    };
    const std::vector<std::string> parts = split(item, ':');
    if ((parts.size() != 3 && parts.size() != 4) || (parts[0] != "tcp" && parts[0] != "udp"))
        throw wrong("is not a forward");
    in_addr address{htonl(INADDR_LOOPBACK)};
    if (parts.size() == 4 && inet_pton(AF_INET, parts[1].c_str(), &address) != 1)
        throw wrong(fmt::format("'{}' is not an IPv4 address", parts[1]));
    const auto port = [&](const std::string& text) {
        std::uint16_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value == 0)
            throw wrong(fmt::format("'{}' is not a port", text));
        return value;
    };
    const std::uint16_t outside = port(parts[parts.size() - 2]);
    const std::uint16_t inside = port(parts.back());
    const bool udp = parts[0] == "udp";
    if (slirp_add_hostfwd(slirp_.get(), udp ? 1 : 0, address, outside, ipv4(guest_address), inside) < 0)
        throw SystemError("forward", fmt::format("cannot listen on {} port {}", parts[0], outside), errno,
                          "choose a free port");
    if (udp)
        filter_.allow_udp_source(inside);
}

void NatNet::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_event_, &one, sizeof one);
}

void NatNet::send_frame(ByteView frame) {
    if (!filter_.permits(frame)) {
        ++refused_;
        return;
    }
    slirp_input(slirp_.get(), frame.data(), static_cast<int>(frame.size()));
    // The thread is woken for new sockets and for data that one of them has no room for, not for each frame
    // of a stream.
    if (out_dated_)
        return;
    fill(wanted_);
    if (!watch_.covers(wanted_)) {
        out_dated_ = true;
        wake();
    }
}

/// libslirp numbers its sockets by their places in the list that was filled last: only the same list will do.
bool NatNet::Watch::covers(const Watch& other) const {
    return until_ms <= other.until_ms &&
           std::equal(events.begin(), events.end(), other.events.begin(), other.events.end(),
                      [](const pollfd& a, const pollfd& b) { return a.fd == b.fd && a.events == b.events; });
}

void NatNet::fill(Watch& watch) {
    const auto add = [](int fd, int events, void* opaque) {
        auto& list = *static_cast<std::vector<pollfd>*>(opaque);
        list.push_back({fd, static_cast<short>(to_poll_events(events)), 0});
        return static_cast<int>(list.size() - 1);
    };
    watch.events.assign(1, pollfd{wake_event_, POLLIN, 0});
    int timeout = 1;
    // While frames wait for the guest nothing more is taken from the sockets: TCP holds back the far end.
    if (!queue_.full()) {
        std::uint32_t slirp_timeout = 60'000;
        slirp_pollfds_fill(slirp_.get(), &slirp_timeout, add, &watch.events);
        timeout = poll_timeout(slirp_timeout);
    }
    watch.until_ms = monotonic_ns() / 1'000'000 + timeout;
}

int NatNet::poll_timeout(std::uint32_t slirp_timeout) const {
    std::int64_t timeout = std::min<std::uint32_t>(slirp_timeout, 60'000);
    const std::int64_t now = monotonic_ns() / 1'000'000;
    for (const auto& timer : timers_)
        if (timer->deadline_ms >= 0)
            timeout = std::min(timeout, std::max<std::int64_t>(0, timer->deadline_ms - now));
    return static_cast<int>(timeout);
}

void NatNet::expire_timers() {
    const std::int64_t now = monotonic_ns() / 1'000'000;
    // A callback may make, move and free timers.
    for (std::size_t i = 0; i < timers_.size(); ++i) {
        SlirpTimer& timer = *timers_[i];
        if (timer.deadline_ms < 0 || timer.deadline_ms > now)
            continue;
        timer.deadline_ms = -1;
        timer.callback(timer.argument);
    }
}

void NatNet::run() {
    pthread_setname_np(pthread_self(), "net");
    const auto happened = [](int index, void* opaque) {
        const auto& list = *static_cast<std::vector<pollfd>*>(opaque);
        const auto at = static_cast<std::size_t>(index);
        return at < list.size() ? to_slirp_events(list[at].revents)
                                : 0; // none are listed while the queue is full
    };
    std::vector<pollfd> wait;
    std::unique_lock lock(host_.machine_lock);
    while (!leaving_) {
        fill(watch_);
        out_dated_ = false;
        wait = watch_.events;
        const auto timeout = std::max<std::int64_t>(0, watch_.until_ms - monotonic_ns() / 1'000'000);
        lock.unlock();
        int ready = poll(wait.data(), wait.size(), static_cast<int>(timeout));
        if (wait[0].revents != 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t read_back = read(wake_event_, &count, sizeof count);
        }
        lock.lock();
        queue_.drain();
        if (out_dated_) { // the list that was waited for is not the one that was filled last
            fill(watch_);
            wait = watch_.events;
            ready = poll(wait.data(), wait.size(), 0);
        }
        if (wait.size() > 1 || ready <= 0)
            slirp_pollfds_poll(slirp_.get(), ready < 0 ? 1 : 0, happened, &wait);
        expire_timers();
    }
}

} // namespace ntferry::vmm::net
