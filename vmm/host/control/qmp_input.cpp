// QMP commands for keys and mouse: send-key, input-send-event, ntferry-type.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_command.hpp"
#include "vmm/host/display/keyboard.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::vmm::qmp {
namespace {

namespace json = boost::json;

constexpr std::size_t MAX_KEYS = 16;    ///< pressed together
constexpr std::size_t MAX_EVENTS = 256; ///< of one input-send-event
constexpr std::size_t MAX_TEXT = 4096;  ///< bytes of one ntferry-type
constexpr std::int64_t MAX_HOLD_MS = 5000;
constexpr std::int64_t MAX_MOTION = 4096;

XtCode key_named(const std::string& name) {
    const auto code = xt_of_name(name);
    if (!code)
        throw QmpError(fmt::format("Invalid parameter '{}'", name));
    return *code;
}

/// A KeyValue: {"type": "qcode", "data": "ret"} or {"type": "number", "data": 28}.
XtCode key_of(const json::value& value) {
    if (!value.is_object())
        throw QmpError("Invalid parameter type for 'keys', expected: object");
    const QmpArguments key(value.get_object());
    const std::string type = key.text("type");
    if (type == "qcode")
        return key_named(key.text("data"));
    if (type != "number")
        throw QmpError(fmt::format("Invalid parameter '{}'", type));
    const std::int64_t number = key.number("data", -1);
    const auto code =
        number < 0 || number > 0xFF ? std::nullopt : xt_of_number(static_cast<std::uint32_t>(number));
    if (!code)
        throw QmpError(fmt::format("Invalid parameter '{}'", number));
    return *code;
}

/// One input event, checked before any is carried out.
struct InputEvent {
    enum class Kind : std::uint8_t { key, button, motion } kind = Kind::key;
    XtCode code = 0;
    bool down = false;
    unsigned button = 0;
    int wheel = 0;
    int dx = 0;
    int dy = 0;
};

InputEvent event_of(const json::value& value) {
    if (!value.is_object())
        throw QmpError("Invalid parameter type for 'events', expected: object");
    const QmpArguments outer(value.get_object());
    const std::string type = outer.text("type");
    const json::value* inner = outer.find("data");
    if (inner == nullptr || !inner->is_object())
        throw QmpError("Parameter 'data' is missing");
    const QmpArguments data(inner->get_object());
    InputEvent event;
    if (type == "key") {
        const json::value* key = data.find("key");
        if (key == nullptr)
            throw QmpError("Parameter 'key' is missing");
        event.code = key_of(*key);
        event.down = data.flag("down", false);
    } else if (type == "btn") {
        event.kind = InputEvent::Kind::button;
        event.down = data.flag("down", false);
        const std::string button = data.text("button");
        if (button == "left")
            event.button = 1;
        else if (button == "right")
            event.button = 2;
        else if (button == "middle")
            event.button = 4;
        else if (button == "wheel-up")
            event.wheel = -1;
        else if (button == "wheel-down")
            event.wheel = 1;
        else
            throw QmpError(fmt::format("Invalid parameter '{}'", button));
    } else if (type == "rel") {
        event.kind = InputEvent::Kind::motion;
        const auto distance = static_cast<int>(std::clamp(data.number("value", 0), -MAX_MOTION, MAX_MOTION));
        (data.text("axis") == "y" ? event.dy : event.dx) = distance;
    } else {
        // A PS/2 mouse has no absolute positions.
        throw QmpError(fmt::format("Input events of type '{}' have no device", type));
    }
    return event;
}

} // namespace

void send_key_names(QmpContext& context, const std::string& names) {
    std::vector<XtCode> keys;
    for (std::size_t at = 0; at <= names.size();) {
        const std::size_t end = std::min(names.find('-', at), names.size());
        keys.push_back(key_named(names.substr(at, end - at)));
        at = end + 1;
        if (keys.size() > MAX_KEYS)
            throw QmpError("Too many keys");
    }
    press_together(context.machine, keys);
}

json::value send_key(QmpContext& context, const QmpArguments& arguments) {
    std::vector<XtCode> keys;
    const json::array& list = arguments.list("keys");
    if (list.empty() || list.size() > MAX_KEYS)
        throw QmpError("Too many keys, or none");
    for (const json::value& value : list)
        keys.push_back(key_of(value));
    const std::int64_t hold = std::clamp<std::int64_t>(arguments.number("hold-time", 100), 1, MAX_HOLD_MS);
    press_together(context.machine, keys, std::chrono::milliseconds(hold));
    return json::object{};
}

json::value input_send_event(QmpContext& context, const QmpArguments& arguments) {
    const json::array& list = arguments.list("events");
    if (list.size() > MAX_EVENTS)
        throw QmpError("Too many events");
    std::vector<InputEvent> events;
    for (const json::value& value : list)
        events.push_back(event_of(value));
    context.machine.locked([&] {
        InputSink& input = context.machine.input();
        unsigned buttons = context.buttons;
        int dx = 0;
        int dy = 0;
        for (const InputEvent& event : events) {
            switch (event.kind) {
            case InputEvent::Kind::key:
                input.key(event.code, event.down);
                break;
            case InputEvent::Kind::motion:
                dx += event.dx;
                dy += event.dy;
                break;
            case InputEvent::Kind::button:
                buttons = event.down ? buttons | event.button : buttons & ~event.button;
                input.mouse(dx, dy, event.down ? event.wheel : 0, buttons);
                dx = dy = 0;
                break;
            }
        }
        if (dx != 0 || dy != 0)
            input.mouse(dx, dy, 0, buttons);
        context.buttons = buttons;
    });
    return json::object{};
}

json::value type_text(QmpContext& context, const QmpArguments& arguments) {
    const std::string text = arguments.text("text");
    if (text.size() > MAX_TEXT)
        throw QmpError(fmt::format("At most {} bytes at a time", MAX_TEXT));
    type_keys(context.machine, KeyboardLayout(arguments.text("layout", "us")).keys_of_text(text));
    return json::object{};
}

} // namespace ntferry::vmm::qmp
