// Journal: where every job of a batch is, in SQLite, so that a batch goes on after a kill or a reboot.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace ntferry::batch {

enum class JobState : std::uint8_t {
    waiting, ///< not started yet, or to be tried again
    running,
    done,
    failed,
    skipped, ///< a server it waits for failed
};
const char* to_string(JobState state);

struct JobRecord {
    std::string name;
    JobState state = JobState::waiting;
    unsigned starts = 0;         ///< how often it was started, interruptions included
    unsigned failures = 0;       ///< how often it ended with an error
    int exit_code = 0;           ///< of the last end
    std::int64_t started = 0;    ///< ms since 1970 of the last start; 0: never
    std::int64_t ended = 0;      ///< ms since 1970 of the last end
    std::int64_t not_before = 0; ///< ms since 1970: when it may be tried again
    std::string message;         ///< why it failed, one line
};

/// Every change is on the disk when the call returns.
class Journal {
  public:
    enum class Mode : std::uint8_t { write, read };
    /// Creates the file in mode write. @throws Error when it is not a journal
    Journal(const std::string& path, Mode mode);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Adds a job that is not there yet; position orders them.
    void add(const std::string& name, std::size_t position);
    void put(const JobRecord& job);
    /// In the order of the fleet.
    std::vector<JobRecord> jobs() const;

    void set_meta(const std::string& key, const std::string& value);
    std::optional<std::string> meta(const std::string& key) const;

    /// Many changes at once.
    void begin();
    void commit();

  private:
    void run(const char* sql);
    [[noreturn]] void fail(const char* action) const;

    struct Close {
        void operator()(sqlite3* database) const;
    };
    std::string path_;
    std::unique_ptr<sqlite3, Close> database_;
};

/// Now, in ms since 1970.
std::int64_t now_ms();

} // namespace ntferry::batch
