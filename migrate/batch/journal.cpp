// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/batch/journal.hpp"

#include "converter/base/error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <chrono>

namespace ntferry::batch {
namespace {

constexpr std::array<const char*, 5> STATES = {"waiting", "running", "done", "failed", "skipped"};
constexpr int BUSY_MS = 10'000;

/// A prepared statement; values are bound in order.
class Statement {
  public:
    Statement(sqlite3* database, const char* sql) : database_(database) {
        check(sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr));
    }
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& bind(const std::string& text) {
        check(sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()),
                                SQLITE_TRANSIENT));
        return *this;
    }
    Statement& bind(std::int64_t number) {
        check(sqlite3_bind_int64(statement_, ++bound_, number));
        return *this;
    }
    bool step() {
        const int result = sqlite3_step(statement_);
        if (result != SQLITE_ROW && result != SQLITE_DONE)
            check(result);
        return result == SQLITE_ROW;
    }
    std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
    std::string text(int column) const {
        const unsigned char* value = sqlite3_column_text(statement_, column);
        return value == nullptr ? std::string() : reinterpret_cast<const char*>(value);
    }

  private:
    void check(int result) const {
        if (result != SQLITE_OK)
            throw Error("journal", sqlite3_errmsg(database_), "is the disk full?");
    }
    sqlite3* database_;
    sqlite3_stmt* statement_ = nullptr;
    int bound_ = 0;
};

JobState state_of(const std::string& text) {
    for (std::size_t i = 0; i < STATES.size(); ++i)
        if (text == STATES[i])
            return static_cast<JobState>(i);
    throw Error("journal", fmt::format("unknown state \"{}\"", text), "it is of another version of NTFerry");
}

} // namespace

const char* to_string(JobState state) {
    return STATES.at(static_cast<std::size_t>(state));
}

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void Journal::Close::operator()(sqlite3* database) const {
    sqlite3_close(database);
}

Journal::Journal(const std::string& path, Mode mode) : path_(path) {
    sqlite3* database = nullptr;
    const int flags = mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    const int result = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
    database_.reset(database);
    if (result != SQLITE_OK)
        fail("open");
    sqlite3_busy_timeout(database, BUSY_MS);
    // A rollback journal, not a write-ahead log: the folder may be on NFS.
    if (mode == Mode::write) {
        run("PRAGMA synchronous=FULL");
        run("CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL)");
        run("CREATE TABLE IF NOT EXISTS jobs(name TEXT PRIMARY KEY, position INTEGER NOT NULL, state TEXT "
            "NOT NULL, "
            "starts INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, "
            "exit_code INTEGER NOT NULL DEFAULT 0, started INTEGER NOT NULL DEFAULT 0, "
            "ended INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL DEFAULT 0, "
            "message TEXT NOT NULL DEFAULT '')");
    }
}

Journal::~Journal() = default;

void Journal::fail(const char* action) const {
    throw Error(path_, fmt::format("{}: {}", action, sqlite3_errmsg(database_.get())),
                "it must be the journal of a batch, and the disk must not be full");
}

void Journal::run(const char* sql) {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        fail("journal");
}

void Journal::begin() {
    run("BEGIN IMMEDIATE");
}
void Journal::commit() {
    run("COMMIT");
}

void Journal::add(const std::string& name, std::size_t position) {
    Statement(database_.get(), "INSERT INTO jobs(name, position, state) VALUES(?, ?, 'waiting') "
                               "ON CONFLICT(name) DO UPDATE SET position = excluded.position")
        .bind(name)
        .bind(static_cast<std::int64_t>(position))
        .step();
}

void Journal::put(const JobRecord& job) {
    Statement(database_.get(),
              "UPDATE jobs SET state=?, starts=?, failures=?, exit_code=?, started=?, ended=?, "
              "not_before=?, message=? WHERE name=?")
        .bind(std::string(to_string(job.state)))
        .bind(static_cast<std::int64_t>(job.starts))
        .bind(static_cast<std::int64_t>(job.failures))
        .bind(static_cast<std::int64_t>(job.exit_code))
        .bind(job.started)
        .bind(job.ended)
        .bind(job.not_before)
        .bind(job.message)
        .bind(job.name)
        .step();
}

std::vector<JobRecord> Journal::jobs() const {
    Statement rows(database_.get(),
                   "SELECT name, state, starts, failures, exit_code, started, ended, not_before, "
                   "message FROM jobs ORDER BY position, name");
    std::vector<JobRecord> jobs;
    while (rows.step()) {
        JobRecord job;
        job.name = rows.text(0);
        job.state = state_of(rows.text(1));
        job.starts = static_cast<unsigned>(rows.number(2));
        job.failures = static_cast<unsigned>(rows.number(3));
        job.exit_code = static_cast<int>(rows.number(4));
        job.started = rows.number(5);
        job.ended = rows.number(6);
        job.not_before = rows.number(7);
        job.message = rows.text(8);
        jobs.push_back(std::move(job));
    }
    return jobs;
}

void Journal::set_meta(const std::string& key, const std::string& value) {
    Statement(database_.get(), "INSERT OR REPLACE INTO meta VALUES(?, ?)").bind(key).bind(value).step();
}

std::optional<std::string> Journal::meta(const std::string& key) const {
    Statement row(database_.get(), "SELECT value FROM meta WHERE key=?");
    row.bind(key);
    if (!row.step())
        return std::nullopt;
    return row.text(0);
}

} // namespace ntferry::batch
