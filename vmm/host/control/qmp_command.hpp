// One QMP command: a name and what it does. The table is in qmp_commands.cpp.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/control/controlled_machine.hpp"
#include "vmm/host/control/descriptor_sets.hpp"
#include "vmm/host/display/screen.hpp"

#include <boost/json.hpp>

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ntferry::vmm {

/// An answer of the kind "error". The class is one of QMP's: GenericError, CommandNotFound, DeviceNotFound.
class QmpError : public std::runtime_error {
  public:
    QmpError(std::string kind, const std::string& text) : std::runtime_error(text), kind_(std::move(kind)) {}
    explicit QmpError(const std::string& text) : QmpError("GenericError", text) {}
    const std::string& kind() const noexcept { return kind_; }

  private:
    std::string kind_;
};

/// What a command works on.
struct QmpContext {
    ControlledMachine& machine;
    Screen& screen;
    unsigned& buttons; ///< mouse buttons that clients hold down
    /// Sends an event to all clients.
    std::function<void(std::string_view name, boost::json::object data)> emit;
    DescriptorSets descriptors{};
    /// What came with the bytes of the client that is served now.
    ReceivedDescriptors* received = nullptr;
};

/// The arguments of one command. @throws QmpError for what is missing or of another type
class QmpArguments {
  public:
    explicit QmpArguments(const boost::json::object& values) : values_(values) {}
    std::string text(std::string_view name) const;
    std::string text(std::string_view name, const std::string& otherwise) const;
    bool flag(std::string_view name, bool otherwise) const;
    std::int64_t number(std::string_view name, std::int64_t otherwise) const;
    const boost::json::array& list(std::string_view name) const;
    const boost::json::value* find(std::string_view name) const { return values_.if_contains(name); }
    const boost::json::object& all() const { return values_; }

  private:
    const boost::json::object& values_;
};

struct QmpCommand {
    std::string_view name;
    /// Names of all arguments it takes, separated by blanks; another one is an error.
    std::string_view arguments;
    boost::json::value (*run)(QmpContext&, const QmpArguments&);
};

/// All commands but qmp_capabilities, which belongs to the session.
std::span<const QmpCommand> qmp_commands();

// Groups, one file each; the table refers to them.
namespace qmp {
boost::json::value send_key(QmpContext&, const QmpArguments&);
boost::json::value input_send_event(QmpContext&, const QmpArguments&);
boost::json::value type_text(QmpContext&, const QmpArguments&);
boost::json::value screendump(QmpContext&, const QmpArguments&);
boost::json::value screen_text(QmpContext&, const QmpArguments&);
boost::json::value query_block(QmpContext&, const QmpArguments&);
boost::json::value query_named_block_nodes(QmpContext&, const QmpArguments&);
boost::json::value eject(QmpContext&, const QmpArguments&);
boost::json::value change_medium(QmpContext&, const QmpArguments&);
boost::json::value add_descriptor(QmpContext&, const QmpArguments&);
boost::json::value remove_descriptor(QmpContext&, const QmpArguments&);
boost::json::value snapshot_sync(QmpContext&, const QmpArguments&);
boost::json::value resources(QmpContext&, const QmpArguments&);
boost::json::value human_monitor(QmpContext&, const QmpArguments&);
/// Keys by names joined with "-": "ctrl-alt-delete". @throws QmpError
void send_key_names(QmpContext& context, const std::string& names);
/// Writes a picture of the screen. @throws Error, QmpError
void write_screen(QmpContext& context, const std::string& path, const std::string& format);
} // namespace qmp

} // namespace ntferry::vmm
