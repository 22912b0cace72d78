// Registry values and changes as XML elements, shared by plans and overrides.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/action.hpp"

#include <pugixml.hpp>

#include <functional>
#include <string>

namespace ntferry::patch {

/// A parsed file that can say where an element is.
class XmlSource {
  public:
    /// @throws Error (usage) with the line when text is not well-formed, or larger than 16 MiB
    XmlSource(std::string text, std::string name);
    pugi::xml_node root() const { return document_.document_element(); }
    const std::string& name() const { return name_; }
    /// "FILE:LINE: <element>".
    std::string where(pugi::xml_node node) const;
    /// @throws Error (usage)
    [[noreturn]] void fail(pugi::xml_node node, const std::string& problem,
                           const std::string& remedy = {}) const;
    std::string required(pugi::xml_node node, const char* attribute) const;
    std::uint64_t required_number(pugi::xml_node node, const char* attribute) const;
    std::uint64_t number(pugi::xml_node node, const char* attribute, std::uint64_t otherwise) const;

  private:
    std::string text_;
    std::string name_;
    pugi::xml_document document_;
};

/// "dword", "sz", "expand_sz", "multi_sz", "binary", ...; "0x..." for other types.
std::string value_type_word(registry::ValueType type);
/// Text form of a value: "0x00000004", text, "a;b", hexadecimal.
std::string value_text(const registry::Value& value);
/// The reverse. @throws Error (usage) with where in front
registry::Value parse_value(const std::string& type, const std::string& text, const std::string& where);

void write_change(pugi::xml_node parent, const Change& change);
/// @param read_local reads the file that <write-file from=""> names
Change read_change(const XmlSource& source, pugi::xml_node node,
                   const std::function<Bytes(const std::string&)>& read_local);

} // namespace ntferry::patch
