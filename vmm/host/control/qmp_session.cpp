// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_session.hpp"

#include "converter/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace ntferry::vmm {
namespace {

namespace json = boost::json;

std::string line_of(const json::object& message) {
    return json::serialize(message) + "\r\n";
}

/// Whether a blank-separated list has the word.
bool lists(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == word)
            return true;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

} // namespace

std::string qmp_event(std::string_view name, const json::object& data) {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    json::object event{
        {"timestamp", json::object{{"seconds", now / 1000000}, {"microseconds", now % 1000000}}},
        {"event", name}};
    if (!data.empty())
        event["data"] = data;
    return line_of(event);
}

QmpSession::QmpSession(QmpContext& context, std::function<void(const std::string&)> send)
    : context_(context), send_(std::move(send)),
      stream_([this](const json::object& request) { handle(request); },
              [this](const std::string& why) { send_error(nullptr, "GenericError", why); }) {
    send_(line_of(
        {{"QMP", json::object{{"version",
                               json::object{{"qemu", json::object{{"major", 7}, {"minor", 2}, {"micro", 0}}},
                                            {"package", "ntferry"}}},
                              {"capabilities", json::array()}}}}));
}

void QmpSession::event(const std::string& line) {
    if (negotiated_)
        send_(line);
}

void QmpSession::send_error(const json::value* id, std::string_view kind, std::string_view text) {
    json::object answer{{"error", json::object{{"class", kind}, {"desc", text}}}};
    if (id != nullptr)
        answer["id"] = *id;
    send_(line_of(answer));
}

json::value QmpSession::run(std::string_view name, const json::object& arguments) {
    if (!negotiated_) {
        if (name != "qmp_capabilities")
            throw QmpError("CommandNotFound", "Expecting capabilities negotiation with 'qmp_capabilities'");
        if (const json::value* enable = arguments.if_contains("enable");
            enable != nullptr && (!enable->is_array() || !enable->get_array().empty()))
            throw QmpError("None of these capabilities is offered");
        negotiated_ = true;
        return json::object{};
    }
    if (name == "qmp_capabilities")
        throw QmpError("CommandNotFound", "Capabilities negotiation is already complete, command ignored");
    for (const QmpCommand& command : qmp_commands()) {
        if (command.name != name)
            continue;
        for (const auto& argument : arguments)
            if (!lists(command.arguments, argument.key()))
                throw QmpError(fmt::format("Parameter '{}' is unexpected",
                                           std::string_view(argument.key().data(), argument.key().size())));
        return command.run(context_, QmpArguments(arguments));
    }
    throw QmpError("CommandNotFound", fmt::format("The command {} has not been found", name));
}

void QmpSession::handle(const json::object& request) {
    const json::value* id = request.if_contains("id");
    try {
        const json::value* name = request.if_contains("execute");
        if (name == nullptr)
            throw QmpError("QMP input lacks member 'execute'");
        if (!name->is_string())
            throw QmpError("QMP input member 'execute' must be a string");
        for (const auto& member : request)
            if (member.key() != "execute" && member.key() != "arguments" && member.key() != "id")
                throw QmpError(fmt::format("QMP input member '{}' is unexpected",
                                           std::string_view(member.key().data(), member.key().size())));
        json::object arguments;
        if (const json::value* given = request.if_contains("arguments")) {
            if (!given->is_object())
                throw QmpError("QMP input member 'arguments' must be an object");
            arguments = given->get_object();
        }
        const json::string& text = name->get_string();
        json::object answer{{"return", run(std::string_view(text.data(), text.size()), arguments)}};
        if (id != nullptr)
            answer["id"] = *id;
        send_(line_of(answer));
    } catch (const QmpError& error) {
        send_error(id, error.kind(), error.what());
    } catch (const Error& error) {
        send_error(id, "GenericError", error.what());
    } catch (const std::system_error& error) {
        send_error(id, "GenericError", error.what());
    }
}

} // namespace ntferry::vmm
