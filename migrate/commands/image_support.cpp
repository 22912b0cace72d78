// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/commands/image_support.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <ostream>

namespace ntferry::cli {

std::uint64_t parse_size(const std::string& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string unit(end, text.data() + text.size());
    if (unit.ends_with("iB"))
        unit.resize(unit.size() - 2);
    std::uint64_t factor = 0;
    if (unit.empty() || unit == "B")
        factor = 1;
    else if (unit == "s")
        factor = 512;
    else if (unit == "K" || unit == "k")
        factor = 1U << 10U;
    else if (unit == "M")
        factor = 1U << 20U;
    else if (unit == "G")
        factor = 1U << 30U;
    else if (unit == "T")
        factor = std::uint64_t{1} << 40U;
    if (error != std::errc() || factor == 0 || number > (std::uint64_t{1} << 62U) / factor)
        throw Error(text, "is not a size", "write a number and K, M, G, T or s (sectors)", ErrorKind::usage);
    return number * factor;
}

std::string describe_size(std::uint64_t bytes) {
    static constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < std::size(units)) {
        value /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{} bytes", bytes)
                     : fmt::format("{:.1f} {} ({} bytes)", value, units[unit], bytes);
}

std::string required(const Invocation& invocation, const char* option) {
    if (!invocation.has(option))
        throw Error(option, "is missing", "see --help", ErrorKind::usage);
    return invocation.get<std::string>(option);
}

std::vector<std::string> required_list(const Invocation& invocation, const char* option) {
    if (!invocation.has(option))
        throw Error(option, "is missing", "see --help", ErrorKind::usage);
    return invocation.get<std::vector<std::string>>(option);
}

void add_disk_option(po::options_description& options) {
    options.add_options()("disk", po::value<std::vector<std::string>>()->value_name("SOURCE")->composing(),
                          "a further disk of the server");
}

std::vector<std::string> sources_of(const Invocation& invocation) {
    std::vector<std::string> sources;
    if (invocation.has("source")) {
        const boost::any& given = invocation.options["source"].value();
        if (const auto* many = boost::any_cast<std::vector<std::string>>(&given))
            sources = *many;
        else
            sources.push_back(boost::any_cast<std::string>(given));
    }
    if (sources.empty())
        throw Error("source", "is missing", "name a disk, an image or an address", ErrorKind::usage);
    if (invocation.has("disk"))
        for (const std::string& disk : invocation.get<std::vector<std::string>>("disk"))
            sources.push_back(disk);
    return sources;
}

void print_json(std::ostream& out, const boost::json::value& value) {
    out << boost::json::serialize(value) << '\n';
}

void print_result(const Invocation& invocation, const boost::json::value& object,
                  const std::string& sentence) {
    if (invocation.json)
        print_json(invocation.out, object);
    else if (!invocation.quiet && !sentence.empty())
        invocation.out << sentence << '\n';
}

RemoveUnlessDone::~RemoveUnlessDone() {
    std::error_code ignored;
    if (!path_.empty() && std::filesystem::is_regular_file(path_, ignored))
        std::filesystem::remove(path_, ignored);
}

} // namespace ntferry::cli
