// QmpClient: talks to a control socket that speaks QMP: QEMU's or ntferry-vmm's.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::verify {

class QmpClient {
  public:
    /// Connects and negotiates; waits for the socket to appear.
    /// @throws Error when nobody answers in time
    QmpClient(const std::string& socket_path, std::chrono::milliseconds patience);
    ~QmpClient();
    QmpClient(const QmpClient&) = delete;
    QmpClient& operator=(const QmpClient&) = delete;

    /// The "return" member. @throws Error with the other side's words, or when it does not answer in time
    boost::json::value execute(std::string_view command, const boost::json::object& arguments = {});
    /// Names of the events that came since the last call, in order.
    std::vector<std::string> take_events();

  private:
    /// One message; null when none came in time.
    boost::json::value receive(std::chrono::milliseconds patience);
    void send(const boost::json::value& message);
    void note_event(const boost::json::value& message);

    std::string path_;
    int fd_ = -1;
    std::string buffer_;
    std::vector<std::string> events_;
};

} // namespace ntferry::verify
