// A disk of another machine over ssh, with nothing on it but sh and dd.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/open.hpp"

#include <string>
#include <vector>

namespace ntferry::block {

struct SshAddress {
    std::string target; ///< [user@]host
    std::string port;   ///< empty: ssh's own choice
    std::string path;   ///< device or file on the other machine
    std::string identity;
    std::string known_hosts;
    /// ssh's command line up to the remote command.
    std::vector<std::string> command() const;
};

/// ssh://[user@]host[:port]/dev/sda[?identity=FILE&known_hosts=FILE]. @throws Error (usage)
SshAddress parse_ssh_address(std::string_view spec);

/// Read-only. Each read is a few dd commands, written ahead to one remote shell so that the line stays busy.
/// A part that dd cannot read is a ReadError. @throws Error
BlockDevicePtr open_ssh(std::string_view spec, bool allow_busy);
/// The same through any command that runs a shell; tests use "sh".
BlockDevicePtr open_remote_shell(const std::vector<std::string>& command, const std::string& name,
                                 const std::string& path, bool allow_busy);

} // namespace ntferry::block
