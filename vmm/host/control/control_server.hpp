// ControlServer: QMP clients of one machine on a unix socket.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/control/qmp_session.hpp"
#include "vmm/host/control/unix_listener.hpp"

#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace ntferry::vmm {

/// One thread serves all clients. Nothing a client does or leaves undone holds up the machine: a client that
/// does not read what it is sent is cut off once max_unread bytes wait for it.
class ControlServer {
  public:
    static constexpr std::size_t max_clients = 32;
    static constexpr std::size_t max_unread = std::size_t{16} << 20U;
    static constexpr std::size_t max_events = 1024; ///< waiting to be sent; more are dropped

    ControlServer(std::unique_ptr<UnixListener> listener, ControlledMachine& machine, Screen& screen);
    /// Sends the events that wait, as far as clients take them at once.
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    /// Any thread, with or without the machine lock.
    void emit(std::string_view name, const boost::json::object& data = {});

  private:
    struct Client {
        int descriptor = -1;
        std::string unsent;
        bool broken = false; ///< to be closed
        std::unique_ptr<QmpSession> session;
        std::unique_ptr<ReceivedDescriptors> received = std::make_unique<ReceivedDescriptors>();
    };
    void serve();
    void take_clients();
    void read_from(Client& client);
    static void write_to(Client& client);
    void send_events();
    void drop_broken();

    std::unique_ptr<UnixListener> listener_;
    unsigned buttons_ = 0;
    QmpContext context_;
    std::list<Client> clients_;

    std::mutex lock_; ///< guards what follows; nothing else is locked while it is held
    std::vector<std::string> events_;
    bool stopping_ = false;

    int wake_ = -1; ///< eventfd
    std::thread thread_;
};

} // namespace ntferry::vmm
