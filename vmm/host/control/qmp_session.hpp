// QmpSession: the protocol with one client, from bytes to bytes. Knows no sockets.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// QEMU docs/interop/qmp-spec.rst: greeting, capabilities negotiation, {"execute": ..., "arguments": ...,
// "id": ...} answered by {"return": ...} or {"error": {"class": ..., "desc": ...}} with the same id, events
// in between.
#pragma once

#include "vmm/host/control/json_stream.hpp"
#include "vmm/host/control/qmp_command.hpp"

namespace ntferry::vmm {

class QmpSession {
  public:
    /// @param send takes whole lines; sends the greeting at once
    QmpSession(QmpContext& context, std::function<void(const std::string&)> send);
    void receive(std::string_view bytes) { stream_.receive(bytes); }
    /// Not before the client has negotiated.
    void event(const std::string& line);

  private:
    void handle(const boost::json::object& request);
    boost::json::value run(std::string_view name, const boost::json::object& arguments);
    void send_error(const boost::json::value* id, std::string_view kind, std::string_view text);

    QmpContext& context_;
    std::function<void(const std::string&)> send_;
    bool negotiated_ = false;
    JsonStream stream_;
};

/// An event with the time of now, as one line.
std::string qmp_event(std::string_view name, const boost::json::object& data);

} // namespace ntferry::vmm
