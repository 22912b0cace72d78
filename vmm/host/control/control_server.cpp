// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/control_server.hpp"

#include "converter/base/error.hpp"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ntferry::vmm {

ControlServer::ControlServer(std::unique_ptr<UnixListener> listener, ControlledMachine& machine,
                             Screen& screen)
    : listener_(std::move(listener)), context_{machine, screen, buttons_,
                                               [this](std::string_view name, boost::json::object data) {
                                                   emit(name, data);
                                               }} {
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_ < 0)
        throw SystemError(listener_->path(), "make an event descriptor", errno);
    thread_ = std::thread([this] { serve(); });
}

ControlServer::~ControlServer() {
    {
        const std::lock_guard<std::mutex> held(lock_);
        stopping_ = true;
    }
    ::eventfd_write(wake_, 1);
    thread_.join();
    for (const Client& client : clients_)
        ::close(client.descriptor);
    ::close(wake_);
}

void ControlServer::emit(std::string_view name, const boost::json::object& data) {
    std::string line = qmp_event(name, data);
    {
        const std::lock_guard<std::mutex> held(lock_);
        if (events_.size() >= max_events)
            return;
        events_.push_back(std::move(line));
    }
    ::eventfd_write(wake_, 1);
}

void ControlServer::serve() {
    for (;;) {
        std::vector<pollfd> watched = {{wake_, POLLIN, 0}, {listener_->descriptor(), POLLIN, 0}};
        if (clients_.size() >= max_clients)
            watched[1].fd = -1;
        for (const Client& client : clients_)
            watched.push_back({client.descriptor,
                               static_cast<short>(client.unsent.empty() ? POLLIN : POLLIN | POLLOUT), 0});
        if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR)
            return;
        if (watched[0].revents != 0) {
            eventfd_t count = 0;
            ::eventfd_read(wake_, &count);
        }
        std::size_t at = 2;
        for (Client& client : clients_) {
            const short happened = watched[at++].revents;
            if ((happened & POLLOUT) != 0)
                write_to(client);
            if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0 && !client.broken)
                read_from(client);
        }
        // A command's events follow its answer.
        send_events();
        if (watched[1].revents != 0)
            take_clients();
        drop_broken();
        const std::lock_guard<std::mutex> held(lock_);
        if (stopping_ && events_.empty())
            return;
    }
}

void ControlServer::take_clients() {
    const int descriptor = listener_->accept();
    if (descriptor < 0)
        return;
    Client& client = clients_.emplace_back();
    client.descriptor = descriptor;
    client.session = std::make_unique<QmpSession>(context_, [&client](const std::string& line) {
        if (client.unsent.size() + line.size() > max_unread)
            client.broken = true;
        else
            client.unsent += line;
    });
    write_to(client);
}

void ControlServer::read_from(Client& client) {
    char buffer[16384];
    iovec bytes{buffer, sizeof buffer};
    alignas(cmsghdr) char control[CMSG_SPACE(ReceivedDescriptors::max_waiting * sizeof(int))];
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t count = ::recvmsg(client.descriptor, &message, MSG_CMSG_CLOEXEC);
    for (cmsghdr* part = count < 0 ? nullptr : CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (std::size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(part) + at, sizeof descriptor);
            client.received->push(descriptor);
        }
    }
    context_.received = client.received.get();
    if (count > 0) {
        client.session->receive(std::string_view(buffer, static_cast<std::size_t>(count)));
        write_to(client);
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        client.broken = true;
    }
    context_.received = nullptr;
}

void ControlServer::write_to(Client& client) {
    while (!client.unsent.empty()) {
        const ssize_t count =
            ::send(client.descriptor, client.unsent.data(), client.unsent.size(), MSG_NOSIGNAL);
        if (count < 0) {
            if (errno != EAGAIN && errno != EINTR)
                client.broken = true;
            return;
        }
        client.unsent.erase(0, static_cast<std::size_t>(count));
    }
}

void ControlServer::send_events() {
    std::vector<std::string> events;
    {
        const std::lock_guard<std::mutex> held(lock_);
        events.swap(events_);
    }
    for (const std::string& event : events)
        for (Client& client : clients_)
            client.session->event(event);
    for (Client& client : clients_)
        if (!client.broken)
            write_to(client);
}

void ControlServer::drop_broken() {
    clients_.remove_if([](const Client& client) {
        if (client.broken)
            ::close(client.descriptor);
        return client.broken;
    });
}

} // namespace ntferry::vmm
