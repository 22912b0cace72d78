// ControlClient: talks QMP with a running machine, ours or QEMU's.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::launch {

/// One connection to a control socket, with the capabilities negotiated.
class ControlClient {
  public:
    /// How long things may take.
    struct Patience {
        std::chrono::milliseconds connect; ///< for the socket to appear, with a machine behind it
        std::chrono::milliseconds answer;
    };
    /// @throws Error when nobody answers there
    explicit ControlClient(std::string socket);
    ControlClient(std::string socket, const Patience& patience);
    ~ControlClient();
    ControlClient(const ControlClient&) = delete;
    ControlClient& operator=(const ControlClient&) = delete;

    /// Runs a command and returns its answer. @throws Error with what the machine said, or when it is gone
    /// @param descriptor an open file that travels with the command; -1: none
    boost::json::value run(std::string_view command, const boost::json::object& arguments = {},
                           int descriptor = -1);
    /// Hands an open file over. Returns the name that other commands know it by. @throws Error
    std::string hand_over(int descriptor, const std::string& called);
    /// What is handed over goes with the connection's machine; this gives it back before. @throws Error
    void take_back(const std::string& name);
    /// Waits for an event of that name, or the end of the connection. Returns its data; nothing when neither
    /// came in time.
    std::optional<boost::json::object> wait_for(std::string_view event, std::chrono::milliseconds time);
    /// Events that came since the last call, in order, whole messages. @throws Error when the machine is gone
    /// and no event is left
    std::vector<boost::json::object> take_events();
    const std::string& socket() const { return socket_; }

  private:
    /// The next message; nothing at the deadline. @throws Error at the end of the connection
    std::optional<boost::json::object> next(std::chrono::steady_clock::time_point deadline);

    std::string socket_;
    std::chrono::milliseconds answer_time_;
    int descriptor_ = -1;
    std::string received_;
    std::vector<boost::json::object> events_; ///< came while an answer was awaited
};

/// A machine found in the run directory.
struct FoundMachine {
    std::string name;
    std::string socket;
};
/// Sockets there, by name; some may be left over from machines that were killed.
std::vector<FoundMachine> find_machines();

} // namespace ntferry::launch
