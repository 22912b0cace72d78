// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/remote.hpp"

#include "converter/base/error.hpp"
#include "converter/block/ssh.hpp"
#include "profiles/render_qemu.hpp"

#include <algorithm>

namespace ntferry::launch {
namespace {

constexpr const char* usual_folder = "ntferry";
constexpr int ssh_failed = 255;
constexpr int not_found = 127;

/// ssh's command line without the shell that reading a disk starts.
std::vector<std::string> ssh_of(const block::SshAddress& address) {
    std::vector<std::string> words = address.command();
    words.pop_back();
    return words;
}

std::string last_line(const std::string& text) {
    std::string line = text.substr(0, text.find_last_not_of("\r\n") + 1);
    if (const std::size_t newline = line.rfind('\n'); newline != std::string::npos)
        line.erase(0, newline + 1);
    return line;
}

} // namespace

std::vector<std::string> RemoteHost::command(const std::vector<std::string>& arguments) const {
    // The other side's login shell splits one line into words again.
    std::vector<std::string> words = {program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> whole = ssh;
    whole.push_back(profiles::shell_line(words));
    return whole;
}

cli::ProcessResult RemoteHost::run(const std::vector<std::string>& arguments,
                                   std::optional<std::chrono::milliseconds> limit) const {
    cli::ProcessResult result = cli::run_process(command(arguments), {}, limit);
    if (result.exit_code == ssh_failed)
        throw Error(address, "cannot be reached: " + last_line(result.err),
                    "check that 'ssh " + address + "' works without a password");
    if (result.exit_code == not_found)
        throw Error(address, program + " is not installed there", "install the package ntferry on it");
    return result;
}

std::string RemoteHost::ask(const std::vector<std::string>& arguments,
                            std::initializer_list<int> also) const {
    const cli::ProcessResult result = run(arguments);
    if (result.exit_code != 0 && std::find(also.begin(), also.end(), result.exit_code) == also.end())
        throw Error(address, last_line(result.err).empty() ? "the other side failed" : last_line(result.err),
                    {},
                    result.exit_code == static_cast<int>(ErrorKind::decision) ? ErrorKind::decision
                                                                              : ErrorKind::failed);
    return result.out;
}

RemoteHost parse_host(const std::string& address) {
    RemoteHost host;
    host.address = address;
    if (address.starts_with("ssh://")) {
        const block::SshAddress parsed = block::parse_ssh_address(address);
        host.ssh = ssh_of(parsed);
        host.folder = parsed.path;
        return host;
    }
    const std::size_t colon = address.find(':');
    const std::string target = address.substr(0, colon);
    if (target.empty() || target.starts_with('-') || target.find('/') != std::string::npos)
        throw Error("--host", "'" + address + "' is no host",
                    "write user@host, user@host:FOLDER or ssh://...", ErrorKind::usage);
    block::SshAddress parsed;
    parsed.target = target;
    host.ssh = ssh_of(parsed);
    host.folder = colon == std::string::npos ? usual_folder : address.substr(colon + 1);
    return host;
}

} // namespace ntferry::launch
