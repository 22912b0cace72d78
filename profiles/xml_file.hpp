// XmlFile: an XML file whose every complaint names file, line, element and what is allowed.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/error.hpp"

#include <pugixml.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::profiles {

/// A parsed XML document that remembers where things stand. Files are read up to 1 MiB, entities and
/// document types are not processed.
class XmlFile {
  public:
    static XmlFile read(const std::string& path);
    /// @param name how messages call the text
    static XmlFile parse(std::string text, std::string name);

    const std::string& name() const { return name_; }
    /// The root element. @throws Error unless it is called so
    pugi::xml_node root(const char* element) const;

    /// "NAME:LINE: <element>: problem; allowed".
    Error error(const pugi::xml_node& node, std::string_view problem, std::string_view allowed = {}) const;
    /// @throws Error for an attribute or a child element that is not listed
    void check_attributes(const pugi::xml_node& node, std::initializer_list<const char*> allowed) const;
    void check_children(const pugi::xml_node& node, std::initializer_list<const char*> allowed) const;

    std::string required(const pugi::xml_node& node, const char* attribute) const;
    /// Decimal or 0x number within limits; fallback when the attribute is missing.
    std::uint64_t number(const pugi::xml_node& node, const char* attribute, std::uint64_t fallback,
                         std::uint64_t minimum, std::uint64_t maximum) const;
    /// Bytes with a suffix K, M, G or T.
    std::uint64_t size(const pugi::xml_node& node, const char* attribute, std::uint64_t fallback,
                       std::uint64_t minimum, std::uint64_t maximum) const;
    bool boolean(const pugi::xml_node& node, const char* attribute, bool fallback) const;
    /// Index of the attribute's value in the list of allowed ones.
    std::size_t choice(const pugi::xml_node& node, const char* attribute, std::size_t fallback,
                       const std::vector<std::string>& allowed) const;

  private:
    unsigned line(std::ptrdiff_t offset) const;

    std::string name_;
    std::string text_;
    pugi::xml_document document_;
};

/// "64M" -> 67108864. False when it is not a size.
bool parse_size(std::string_view text, std::uint64_t& bytes);
/// 67108864 -> "64M".
std::string format_size(std::uint64_t bytes);
/// Decimal or 0x number. False when it is not one.
bool parse_number(std::string_view text, std::uint64_t& value);
/// Words separated by white space.
std::vector<std::string> split_words(std::string_view text);

} // namespace ntferry::profiles
