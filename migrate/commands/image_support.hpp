// What the image commands share: sizes, names, JSON.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/command.hpp"

#include "converter/block/open.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string>

namespace ntferry::cli {

/// "8G", "512M", "63s" (sectors), "4096": bytes; units are powers of 1024. @throws Error (usage)
std::uint64_t parse_size(const std::string& text);
/// "8.0 GiB (8589934592 bytes)".
std::string describe_size(std::uint64_t bytes);
/// The positional argument. @throws Error (usage) when it was not given
std::string required(const Invocation& invocation, const char* option);
std::vector<std::string> required_list(const Invocation& invocation, const char* option);
/// --disk SOURCE, repeatable: what every command has that looks at a whole server.
void add_disk_option(po::options_description& options);
/// "source", one or many, and every --disk. @throws Error (usage) without a source
std::vector<std::string> sources_of(const Invocation& invocation);
/// One line of JSON.
void print_json(std::ostream& out, const boost::json::value& value);
/// What a command did: the object with --json, nothing with --quiet, else the sentence (empty: nothing).
void print_result(const Invocation& invocation, const boost::json::value& object,
                  const std::string& sentence);

/// Removes a file that a failed command leaves behind, unless keep() was called.
class RemoveUnlessDone {
  public:
    explicit RemoveUnlessDone(std::string path) : path_(std::move(path)) {}
    ~RemoveUnlessDone();
    RemoveUnlessDone(const RemoveUnlessDone&) = delete;
    RemoveUnlessDone& operator=(const RemoveUnlessDone&) = delete;
    void keep() { path_.clear(); }

  private:
    std::string path_;
};

} // namespace ntferry::cli
