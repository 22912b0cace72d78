// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/power.hpp"

#include <thread>

namespace ntferry::launch {
namespace {

constexpr std::chrono::seconds between_keys{3}; ///< NT draws a dialog

bool is_ours(ControlClient& client) {
    const boost::json::value version = client.run("query-version");
    const auto* package = version.is_object() ? version.as_object().if_contains("package") : nullptr;
    return package != nullptr && *package == "ntferry";
}

void press(ControlClient& client, std::initializer_list<const char*> keys) {
    boost::json::array list;
    for (const char* key : keys)
        list.push_back({{"type", "qcode"}, {"data", key}});
    client.run("send-key", {{"keys", std::move(list)}});
}

} // namespace

void ask_guest_to_shut_down(ControlClient& client, const std::stop_token& stop) {
    if (is_ours(client)) {
        client.run("system_powerdown");
        return;
    }
    press(client, {"ctrl", "alt", "delete"});
    for (const char* key : {"s", "ret"}) {
        for (auto left = between_keys; left.count() > 0 && !stop.stop_requested();
             left -= std::chrono::seconds(1))
            std::this_thread::sleep_for(std::chrono::seconds(1));
        if (stop.stop_requested())
            return;
        if (*key == 's')
            press(client, {"alt", "s"});
        else
            press(client, {"ret"});
    }
}

} // namespace ntferry::launch
