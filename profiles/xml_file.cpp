// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/xml_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>

namespace ntferry::profiles {
namespace {

constexpr std::size_t MAX_BYTES = 1U << 20U;

} // namespace

bool parse_number(std::string_view text, std::uint64_t& value) {
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool parse_size(std::string_view text, std::uint64_t& bytes) {
    unsigned shift = 0;
    if (!text.empty()) {
        switch (text.back()) {
        case 'K':
        case 'k':
            shift = 10;
            break;
        case 'M':
        case 'm':
            shift = 20;
            break;
        case 'G':
        case 'g':
            shift = 30;
            break;
        case 'T':
        case 't':
            shift = 40;
            break;
        default:
            break;
        }
    }
    if (shift != 0)
        text.remove_suffix(1);
    std::uint64_t value = 0;
    if (!parse_number(text, value) || value > (~std::uint64_t{0} >> shift))
        return false;
    bytes = value << shift;
    return true;
}

std::string format_size(std::uint64_t bytes) {
    constexpr char suffix[] = {'T', 'G', 'M', 'K'};
    for (unsigned i = 0; i < 4; ++i) {
        const unsigned shift = 40 - 10 * i;
        if (bytes != 0 && (bytes & ((std::uint64_t{1} << shift) - 1)) == 0)
            return fmt::format("{}{}", bytes >> shift, suffix[i]);
    }
    return std::to_string(bytes);
}

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    constexpr std::string_view blank = " \t\r\n";
    for (std::size_t at = text.find_first_not_of(blank); at != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(blank, at), text.size());
        words.emplace_back(text.substr(at, end - at));
        at = text.find_first_not_of(blank, end);
    }
    return words;
}

XmlFile XmlFile::read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw SystemError(path, "open", errno);
    constexpr std::size_t step = 4U << 10U;
    std::string text;
    while (in && text.size() <= MAX_BYTES) {
        const std::size_t done = text.size();
        text.resize(done + step);
        in.read(text.data() + done, static_cast<std::streamsize>(step));
        text.resize(done + static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad())
        throw SystemError(path, "read", errno);
    return parse(std::move(text), path);
}

XmlFile XmlFile::parse(std::string text, std::string name) {
    XmlFile file;
    file.name_ = std::move(name);
    file.text_ = std::move(text);
    if (file.text_.size() > MAX_BYTES)
        throw Error(file.name_, "larger than 1 MiB: not a file of ours", {}, ErrorKind::usage);
    const pugi::xml_parse_result result = file.document_.load_buffer(file.text_.data(), file.text_.size());
    if (!result)
        throw Error(fmt::format("{}:{}", file.name_, file.line(result.offset)),
                    fmt::format("not well-formed XML: {}", result.description()), {}, ErrorKind::usage);
    return file;
}

unsigned XmlFile::line(std::ptrdiff_t offset) const {
    const auto end = std::clamp<std::ptrdiff_t>(offset, 0, static_cast<std::ptrdiff_t>(text_.size()));
    return static_cast<unsigned>(1 + std::count(text_.begin(), text_.begin() + end, '\n'));
}

pugi::xml_node XmlFile::root(const char* element) const {
    const pugi::xml_node node = document_.document_element();
    if (std::string_view(node.name()) != element)
        throw error(node, "wrong root element", fmt::format("allowed: <{}>", element));
    return node;
}

Error XmlFile::error(const pugi::xml_node& node, std::string_view problem, std::string_view allowed) const {
    return Error(fmt::format("{}:{}: <{}>", name_, line(node.offset_debug()), node.name()),
                 std::string(problem), std::string(allowed), ErrorKind::usage);
}

void XmlFile::check_attributes(const pugi::xml_node& node, std::initializer_list<const char*> allowed) const {
    for (const pugi::xml_attribute& attribute : node.attributes())
        if (std::none_of(allowed.begin(), allowed.end(),
                         [&](std::string_view name) { return name == attribute.name(); }))
            throw error(node, fmt::format("unknown attribute {}", attribute.name()),
                        fmt::format("allowed: {}", fmt::join(allowed, ", ")));
}

void XmlFile::check_children(const pugi::xml_node& node, std::initializer_list<const char*> allowed) const {
    for (const pugi::xml_node& child : node.children()) {
        if (child.type() == pugi::node_pcdata && allowed.size() == 0)
            continue;
        if (std::none_of(allowed.begin(), allowed.end(),
                         [&](std::string_view name) { return name == child.name(); }))
            throw error(child.type() == pugi::node_element ? child : node,
                        child.type() == pugi::node_element
                            ? fmt::format("unknown element in <{}>", node.name())
                            : std::string("text where elements belong"),
                        fmt::format("allowed: <{}>", fmt::join(allowed, ">, <")));
    }
}

std::string XmlFile::required(const pugi::xml_node& node, const char* attribute) const {
    const pugi::xml_attribute found = node.attribute(attribute);
    if (!found || *found.value() == '\0')
        throw error(node, fmt::format("attribute {} is missing", attribute));
    return found.value();
}

std::uint64_t XmlFile::number(const pugi::xml_node& node, const char* attribute, std::uint64_t fallback,
                              std::uint64_t minimum, std::uint64_t maximum) const {
    const pugi::xml_attribute found = node.attribute(attribute);
    if (!found)
        return fallback;
    std::uint64_t value = 0;
    if (!parse_number(found.value(), value) || value < minimum || value > maximum)
        throw error(node, fmt::format("{}=\"{}\"", attribute, found.value()),
                    fmt::format("allowed: {} to {}", minimum, maximum));
    return value;
}

std::uint64_t XmlFile::size(const pugi::xml_node& node, const char* attribute, std::uint64_t fallback,
                            std::uint64_t minimum, std::uint64_t maximum) const {
    const pugi::xml_attribute found = node.attribute(attribute);
    if (!found)
        return fallback;
    std::uint64_t value = 0;
    if (!parse_size(found.value(), value) || value < minimum || value > maximum)
        throw error(node, fmt::format("{}=\"{}\"", attribute, found.value()),
                    fmt::format("allowed: {} to {}", format_size(minimum), format_size(maximum)));
    return value;
}

bool XmlFile::boolean(const pugi::xml_node& node, const char* attribute, bool fallback) const {
    return choice(node, attribute, fallback ? 1 : 0, {"no", "yes"}) == 1;
}

std::size_t XmlFile::choice(const pugi::xml_node& node, const char* attribute, std::size_t fallback,
                            const std::vector<std::string>& allowed) const {
    const pugi::xml_attribute found = node.attribute(attribute);
    if (!found)
        return fallback;
    const auto at = std::find(allowed.begin(), allowed.end(), found.value());
    if (at == allowed.end())
        throw error(node, fmt::format("{}=\"{}\"", attribute, found.value()),
                    fmt::format("allowed: {}", fmt::join(allowed, ", ")));
    return static_cast<std::size_t>(at - allowed.begin());
}

} // namespace ntferry::profiles
