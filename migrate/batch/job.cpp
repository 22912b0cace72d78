// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/batch/job.hpp"

#include "converter/base/error.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace ntferry::batch {
namespace {

constexpr std::streamoff TAIL = 16 << 10;

/// The last whole lines of a log, newest first.
std::vector<std::string> last_lines(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    file.seekg(0, std::ios::end);
    const std::streamoff size = file.tellg();
    if (!file || size <= 0)
        return {};
    file.seekg(std::max<std::streamoff>(0, size - TAIL));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    std::reverse(lines.begin(), lines.end());
    return lines;
}

/// A line of progress as JSON; an empty object for any other line.
boost::json::object event_of(const std::string& line) {
    if (!line.starts_with('{'))
        return {};
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(line, error);
    return !error && value.is_object() ? value.get_object() : boost::json::object();
}

std::string text_of(const boost::json::object& object, const char* key) {
    const boost::json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

double number_of(const boost::json::object& object, const char* key) {
    const boost::json::value* value = object.if_contains(key);
    boost::system::error_code error;
    const double number = value == nullptr ? 0 : value->to_number<double>(error);
    return error ? 0 : number;
}

} // namespace

std::vector<std::string> job_command(const Server& server, const Layout& layout,
                                     const std::vector<std::string>& program) {
    std::vector<std::string> command = program;
    command.emplace_back("convert");
    command.push_back(server.sources.at(0));
    command.insert(command.end(), {"-o", layout.bundle(server.name), "--json", "--yes"});
    for (std::size_t i = 1; i < server.sources.size(); ++i)
        command.insert(command.end(), {"--disk", server.sources[i]});
    // What an earlier attempt began is gone on with.
    std::error_code ignored;
    if (std::filesystem::exists(layout.bundle(server.name) + "/state/convert.json", ignored))
        command.emplace_back("--resume");
    if (!server.settings.profile.empty())
        command.insert(command.end(), {"--profile", server.settings.profile});
    for (const std::string& medium : server.settings.drivers)
        command.insert(command.end(), {"--drivers", medium});
    for (const auto& [name, value] : server.settings.options)
        command.push_back(value.empty() ? "--" + name : fmt::format("--{}={}", name, value));
    return command;
}

std::optional<FileLock> FileLock::take(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        throw SystemError(path, "create", errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ::close(fd);
        return std::nullopt;
    }
    return FileLock(fd);
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(other.fd_) {
    other.fd_ = -1;
}

FileLock::~FileLock() {
    if (fd_ >= 0)
        ::close(fd_);
}

std::string failure_of(const std::string& log_path, int exit_code) {
    const std::string how = exit_code >= 128 ? fmt::format("ended by signal {}", exit_code - 128)
                                             : fmt::format("ended with exit code {}", exit_code);
    for (const std::string& line : last_lines(log_path))
        if (!line.empty() && !line.starts_with('{'))
            return line.substr(0, 500);
    return how;
}

std::string progress_of(const std::string& log_path) {
    for (const std::string& line : last_lines(log_path)) {
        const boost::json::object event = event_of(line);
        const std::string phase = text_of(event, "phase");
        if (phase.empty())
            continue;
        const double total = number_of(event, "total");
        if (text_of(event, "event") != "progress" || total <= 0)
            return phase;
        return fmt::format("{} {:.0f}%", phase, 100 * number_of(event, "done") / total);
    }
    return {};
}

bool worth_retrying(int exit_code) {
    return exit_code != static_cast<int>(ErrorKind::usage) &&
           exit_code != static_cast<int>(ErrorKind::decision) &&
           exit_code != static_cast<int>(ErrorKind::unsupported) && exit_code != 127;
}

void write_file(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    {
        std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
        file << text;
        file.flush();
        if (!file)
            throw SystemError(path, "write", errno, "is the disk full?");
    }
    if (std::rename(fresh.c_str(), path.c_str()) != 0)
        throw SystemError(path, "replace", errno);
}

} // namespace ntferry::batch
