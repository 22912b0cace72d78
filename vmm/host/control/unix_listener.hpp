// A unix socket that others of the same user may connect to.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace ntferry::vmm {

/// A listening stream socket with mode 0600 from the first moment on; its name goes with the object. A name
/// left over from a process that was killed is taken over.
class UnixListener {
  public:
    /// @throws Error when the path is too long, another process listens there, or it cannot be made
    explicit UnixListener(std::string path);
    ~UnixListener();
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;

    int descriptor() const { return descriptor_; }
    const std::string& path() const { return path_; }
    /// The next connection, non-blocking; -1 when there is none.
    int accept() const;

  private:
    std::string path_;
    int descriptor_ = -1;
};

} // namespace ntferry::vmm
