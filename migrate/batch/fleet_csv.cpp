// Fleets from CSV (RFC 4180, comma or semicolon).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/batch/fleet.hpp"

#include "profiles/xml_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::batch {
namespace {

struct Row {
    std::size_t line = 0; ///< where it starts
    std::vector<std::string> fields;
};

std::vector<Row> split(const std::string& csv, char separator, const std::string& name) {
    std::vector<Row> rows;
    Row row{1, {}};
    std::string field;
    bool quoted = false;
    std::size_t line = 1;
    const auto end_row = [&] {
        row.fields.push_back(std::move(field));
        field.clear();
        if (row.fields.size() > 1 || !row.fields[0].empty())
            rows.push_back(std::move(row));
        row = Row{line + 1, {}};
    };
    for (std::size_t i = 0; i < csv.size(); ++i) {
        const char c = csv[i];
        if (quoted) {
            if (c == '"' && i + 1 < csv.size() && csv[i + 1] == '"')
                field += csv[++i];
            else if (c == '"')
                quoted = false;
            else
                field += c;
        } else if (c == '"' && field.empty()) {
            quoted = true;
        } else if (c == separator) {
            row.fields.push_back(std::move(field));
            field.clear();
        } else if (c == '\n') {
            end_row();
        } else if (c != '\r') {
            field += c;
        }
        line += c == '\n' ? 1 : 0;
    }
    if (quoted)
        throw Error(fmt::format("{}:{}", name, row.line), "a quoted field does not end",
                    "write \" at its end", ErrorKind::usage);
    end_row();
    return rows;
}

void set(Server& server, const std::string& column, const std::string& value, const std::string& where) {
    if (column == "name") {
        server.name = value;
    } else if (column == "source") {
        server.sources = profiles::split_words(value);
    } else if (column == "after") {
        server.after = profiles::split_words(value);
    } else if (value.empty()) {
        return; // an empty cell: the default
    } else if (column == "profile") {
        server.settings.profile = value;
    } else if (column == "drivers") {
        server.settings.drivers = profiles::split_words(value);
    } else if (column == "retries") {
        std::uint64_t number = 0;
        if (!profiles::parse_number(value, number) || number > 100)
            throw Error(where, fmt::format("retries \"{}\"", value), "allowed: 0 to 100", ErrorKind::usage);
        server.settings.retries = static_cast<unsigned>(number);
    } else {
        server.settings.options[column] = value;
    }
}

} // namespace

Fleet parse_fleet_csv(const std::string& csv, const std::string& name) {
    const std::string first = csv.substr(0, csv.find('\n'));
    const char separator =
        std::count(first.begin(), first.end(), ';') > std::count(first.begin(), first.end(), ',') ? ';' : ',';
    const std::vector<Row> rows = split(csv, separator, name);
    if (rows.empty())
        throw Error(name, "is empty", "XML, or CSV with a first line 'name,source,after,profile'",
                    ErrorKind::usage);
    const std::vector<std::string>& columns = rows[0].fields;
    for (const char* needed : {"name", "source"})
        if (std::find(columns.begin(), columns.end(), needed) == columns.end())
            throw Error(
                fmt::format("{}:1", name), fmt::format("no column is called {}", needed),
                "the first line names the columns: name,source,after,profile,drivers,retries, options of "
                "'ntferry convert'",
                ErrorKind::usage);
    for (const std::string& column : columns)
        if (column.empty() ||
            column.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos ||
            column.front() == '-')
            throw Error(fmt::format("{}:1", name), fmt::format("\"{}\" is no name for a column", column),
                        "lower-case letters, digits and -", ErrorKind::usage);
    Fleet fleet;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        const std::string where = fmt::format("{}:{}", name, rows[i].line);
        if (rows[i].fields.size() != columns.size())
            throw Error(where, fmt::format("{} fields, not {}", rows[i].fields.size(), columns.size()), {},
                        ErrorKind::usage);
        if (fleet.servers.size() == MAX_SERVERS)
            throw Error(where, "too many servers", fmt::format("{} at most", MAX_SERVERS), ErrorKind::usage);
        Server server;
        for (std::size_t column = 0; column < columns.size(); ++column)
            set(server, columns[column], rows[i].fields[column], where);
        fleet.servers.push_back(std::move(server));
    }
    validate(fleet, name);
    return fleet;
}

} // namespace ntferry::batch
