// Registry: which machines belong to this host, and which other hosts are known.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace ntferry::launch {

struct RegisteredMachine {
    std::string name;
    std::string bundle; ///< absolute
};

/// A folder with one symbolic link per machine and a file of hosts, so that a look with ls tells everything.
class Registry {
  public:
    /// @param folder by default $NTFERRY_STATE, /var/lib/ntferry for root, $XDG_STATE_HOME/ntferry or
    /// ~/.local/state/ntferry for others
    explicit Registry(std::string folder = {});

    /// @throws Error (decision) when another bundle has the name
    void add(const std::string& name, const std::string& bundle);
    void remove(const std::string& name);
    /// By name.
    std::vector<RegisteredMachine> machines() const;
    /// A bundle by its machine's name, or the folder itself when `what` is one. @throws Error (usage)
    std::string bundle_of(const std::string& what) const;

    std::vector<std::string> hosts() const;
    void add_host(const std::string& host);

  private:
    std::string folder_;
};

} // namespace ntferry::launch
