// DescriptorSets: open files that clients hand over, named /dev/fdset/N as in QEMU.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// QEMU docs: qapi/misc.json, add-fd. A machine behind its walls cannot open what its owner can; the owner's
// program opens it and sends the descriptor with the command (SCM_RIGHTS, unix(7)).
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace ntferry::vmm {

class DescriptorSets {
  public:
    static constexpr std::size_t max_sets = 64;

    DescriptorSets() = default;
    ~DescriptorSets();
    DescriptorSets(const DescriptorSets&) = delete;
    DescriptorSets& operator=(const DescriptorSets&) = delete;

    /// Takes over a descriptor under a new number. @param opaque what messages call it
    /// @throws Error when there are too many; the descriptor is closed then
    unsigned add(int descriptor, const std::string& opaque);
    /// False when there is no such set.
    bool remove(unsigned set);
    /// A copy of the descriptor behind "/dev/fdset/N", to be closed by the caller; -1 for any other name.
    /// @throws Error for a set that does not exist
    int open(std::string_view name) const;
    /// What the client called it; the name itself when it is none of ours.
    std::string title_of(const std::string& name) const;

  private:
    struct Entry {
        int descriptor = -1;
        std::string opaque;
    };
    const Entry* find(std::string_view name) const;
    std::map<unsigned, Entry> sets_;
    unsigned next_ = 1;
};

/// Descriptors that came with a client's bytes and were not asked for yet.
class ReceivedDescriptors {
  public:
    static constexpr std::size_t max_waiting = 4;
    ReceivedDescriptors() = default;
    ~ReceivedDescriptors();
    ReceivedDescriptors(const ReceivedDescriptors&) = delete;
    ReceivedDescriptors& operator=(const ReceivedDescriptors&) = delete;
    /// Takes over; what is too much is closed.
    void push(int descriptor);
    /// The oldest, for the caller to close; -1 when there is none.
    int take();

  private:
    std::deque<int> waiting_;
};

} // namespace ntferry::vmm
