// How a long call tells where it is. A terminal bar, a log, JSON events and the wizard implement it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace ntferry {

/// Where a long call is. Byte counts; zero where a count has no meaning for the phase.
struct ProgressState {
    std::uint64_t done = 0;    ///< bytes dealt with so far, skipped ones included
    std::uint64_t total = 0;   ///< bytes to deal with
    std::uint64_t skipped = 0; ///< bytes that needed no work (free space, zeros)
    std::uint64_t errors = 0;  ///< unreadable bytes
};

/// Listener of a long call. Called from one thread at a time, often: an implementation limits its own output
/// rate.
class Progress {
  public:
    virtual ~Progress() = default;
    /// A phase starts: "capture", "verify", "pass 2: around errors".
    virtual void phase(std::string_view name, std::uint64_t total) = 0;
    virtual void update(const ProgressState& state) = 0;
    /// A line worth keeping: a bad sector, a retry, a decision.
    virtual void note(std::string_view line) = 0;
    /// The phase ended well.
    virtual void done() = 0;
};

/// Listens to nothing.
class SilentProgress final : public Progress {
  public:
    void phase(std::string_view, std::uint64_t) override {}
    void update(const ProgressState&) override {}
    void note(std::string_view) override {}
    void done() override {}
};

} // namespace ntferry
