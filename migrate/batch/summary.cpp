// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/batch/summary.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ntferry::batch {
namespace {

double seconds(const JobRecord& job) {
    return job.ended > job.started && job.started > 0 ? static_cast<double>(job.ended - job.started) / 1000
                                                      : 0;
}

std::string cell(std::string text) {
    // Messages come from disks of others: =, +, - and @ start formulas in spreadsheets.
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
        text.insert(0, 1, '\'');
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

std::string html(const std::string& text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
        case '&':
            result += "&amp;";
            break;
        case '<':
            result += "&lt;";
            break;
        case '>':
            result += "&gt;";
            break;
        case '"':
            result += "&quot;";
            break;
        default:
            result += c;
        }
    }
    return result;
}

/// One printable line, safe for a terminal.
std::string plain(const std::string& text, std::size_t width) {
    std::string result;
    for (const char c : text.substr(0, width))
        result += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    return result;
}

} // namespace

int exit_code_of(const Counts& counts) {
    constexpr std::size_t most = 25;
    return counts.failed == 0 ? 0 : 100 + static_cast<int>(std::min(counts.failed, most));
}

Counts count(const std::vector<JobRecord>& jobs) {
    Counts counts;
    for (const JobRecord& job : jobs)
        ++(job.state == JobState::waiting   ? counts.waiting
           : job.state == JobState::running ? counts.running
           : job.state == JobState::done    ? counts.done
                                            : counts.failed);
    return counts;
}

std::string sentence(const Counts& counts) {
    std::string text = fmt::format("{} of {} converted", counts.done,
                                   counts.done + counts.failed + counts.running + counts.waiting);
    if (counts.failed > 0)
        text += fmt::format(", {} failed", counts.failed);
    if (counts.running > 0)
        text += fmt::format(", {} under way", counts.running);
    if (counts.waiting > 0)
        text += fmt::format(", {} to do", counts.waiting);
    return text;
}

std::string summary_json(const std::vector<JobRecord>& jobs) {
    const Counts counts = count(jobs);
    boost::json::array list;
    for (const JobRecord& job : jobs)
        list.push_back(boost::json::object{{"name", job.name},
                                           {"state", to_string(job.state)},
                                           {"starts", job.starts},
                                           {"failures", job.failures},
                                           {"exit_code", job.exit_code},
                                           {"seconds", seconds(job)},
                                           {"message", job.message}});
    return boost::json::serialize(boost::json::object{{"servers", jobs.size()},
                                                      {"done", counts.done},
                                                      {"failed", counts.failed},
                                                      {"running", counts.running},
                                                      {"waiting", counts.waiting},
                                                      {"jobs", list}});
}

std::string summary_csv(const std::vector<JobRecord>& jobs) {
    std::string text = "name,state,starts,failures,exit_code,seconds,message\r\n";
    for (const JobRecord& job : jobs)
        text += fmt::format("{},{},{},{},{},{:.1f},{}\r\n", cell(job.name), to_string(job.state), job.starts,
                            job.failures, job.exit_code, seconds(job), cell(job.message));
    return text;
}

std::string summary_html(const std::vector<JobRecord>& jobs) {
    std::string text = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>NTFerry batch</title>\n"
        "<style>body{{font-family:sans-serif;margin:2em}}td,th{{padding:.2em .8em;text-align:left}}"
        ".failed,.skipped{{background:#fdd}}.done{{background:#dfd}}</style>\n"
        "<h1>{}</h1>\n<table><tr><th>Server<th>State<th>Starts<th>Seconds<th>Message</tr>\n",
        sentence(count(jobs)));
    for (const JobRecord& job : jobs) {
        // A converted server has a report of its own in its bundle.
        const std::string name = job.state == JobState::done
                                     ? fmt::format("<a href=\"{0}/report.html\">{0}</a>", html(job.name))
                                     : html(job.name);
        text += fmt::format("<tr class=\"{0}\"><td>{1}<td>{0}<td>{2}<td>{3:.1f}<td>{4}</tr>\n",
                            to_string(job.state), name, job.starts, seconds(job), html(job.message));
    }
    return text + "</table>\n";
}

void write_summary(const std::vector<JobRecord>& jobs, const Layout& layout) {
    write_file(layout.summary("json"), summary_json(jobs) + "\n");
    write_file(layout.summary("csv"), summary_csv(jobs));
    write_file(layout.summary("html"), summary_html(jobs));
}

std::string status_table(const std::vector<JobRecord>& jobs, const Layout& layout, std::size_t lines) {
    std::vector<JobRecord> sorted = jobs;
    const auto rank = [](const JobRecord& job) {
        return job.state == JobState::running   ? 0
               : job.state == JobState::failed  ? 1
               : job.state == JobState::skipped ? 2
               : job.state == JobState::waiting ? 3
                                                : 4;
    };
    if (lines != 0) // what matters first when not all fits
        std::stable_sort(sorted.begin(), sorted.end(),
                         [&](const JobRecord& a, const JobRecord& b) { return rank(a) < rank(b); });
    std::string text = sentence(count(jobs)) + "\n";
    for (std::size_t i = 0; i < sorted.size() && (lines == 0 || i < lines); ++i) {
        const JobRecord& job = sorted[i];
        constexpr std::string_view usual = "ntferry: convert: ";
        std::string detail = job.state == JobState::running ? progress_of(layout.log(job.name)) : job.message;
        if (detail.starts_with(usual))
            detail.erase(0, usual.size());
        text += fmt::format("{:<24} {:<8} {}\n", plain(job.name, 24), to_string(job.state),
                            plain(detail, lines == 0 ? detail.size() : 44));
    }
    return text;
}

} // namespace ntferry::batch
