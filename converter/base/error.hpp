// One way to fail: an exception that says what, where and what to do about it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace ntferry {

/// What a failure means to the caller; the value is the exit code of the program.
enum class ErrorKind : int {
    failed = 1,        ///< the outside did not cooperate: I/O, corrupt data, missing file
    usage = 2,         ///< the command line or a file written by the user is wrong
    decision = 3,      ///< the administrator has to choose; nothing was done
    unsupported = 4,   ///< understood, but not something NTFerry does
    interrupted = 130, ///< stopped by a signal or a stop token
};

/// Anything that can fail because of the outside world throws this; assertions are for our own mistakes only.
///
/// what() is one line: "where: problem; remedy". The program puts its name and command in front of it.
class Error : public std::runtime_error {
  public:
    /// @param where   file, device, key or sector; may be empty while the caller is still to say it (see
    /// within())
    /// @param problem what is wrong, lower case, no full stop
    /// @param remedy  what the user can do, may be empty
    Error(std::string where, std::string problem, std::string remedy = {},
          ErrorKind kind = ErrorKind::failed);

    const std::string& where() const noexcept { return where_; }
    const std::string& problem() const noexcept { return problem_; }
    const std::string& remedy() const noexcept { return remedy_; }
    ErrorKind kind() const noexcept { return kind_; }

    /// The same error seen from further out: "outer: where: problem; remedy".
    Error within(std::string_view outer) const;

  private:
    std::string where_;
    std::string problem_;
    std::string remedy_;
    ErrorKind kind_;
};

/// A failed system call: problem is "action: strerror(code)".
class SystemError : public Error {
  public:
    SystemError(std::string where, std::string_view action, int error_number, std::string remedy = {});
    int error_number() const noexcept { return error_number_; }

  private:
    int error_number_;
};

/// Thrown where a long call noticed its stop token.
class Interrupted : public Error {
  public:
    explicit Interrupted(std::string where, std::string remedy = {});
};

} // namespace ntferry
