// Registry values and changes as XML elements.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/value_xml.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace ntferry::patch {
namespace {

using registry::Value;
using registry::ValueType;

constexpr std::size_t largest_xml = std::size_t{16} << 20U;

constexpr std::array<std::pair<ValueType, std::string_view>, 6> type_words{{
    {ValueType::none, "none"},
    {ValueType::sz, "sz"},
    {ValueType::expand_sz, "expand_sz"},
    {ValueType::binary, "binary"},
    {ValueType::dword, "dword"},
    {ValueType::multi_sz, "multi_sz"},
}};

std::optional<std::uint64_t> parse_number(std::string_view text) {
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        base = 16;
    }
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return number;
}

Bytes parse_hex(std::string_view text, const std::string& where) {
    Bytes bytes;
    std::string digits;
    for (const char c : text)
        if (c != ' ' && c != ',' && c != '\n' && c != '\t' && c != '\r')
            digits += c;
    if (digits.size() % 2 != 0)
        throw Error(where, "hexadecimal data need an even number of digits", {}, ErrorKind::usage);
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        std::uint8_t byte = 0;
        const auto [end, error] = std::from_chars(&digits[i], &digits[i] + 2, byte, 16);
        if (error != std::errc() || end != &digits[i] + 2)
            throw Error(where, fmt::format("'{}' is not hexadecimal", digits.substr(i, 2)), {},
                        ErrorKind::usage);
        bytes.push_back(byte);
    }
    return bytes;
}

/// Text that survives XML and pugixml's attribute normalisation as it is.
bool plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
}

void write_value(pugi::xml_node node, const Value& value, const std::string& prefix) {
    node.append_attribute((prefix + "type").c_str()) = value_type_word(value.type).c_str();
    const std::string text = value_text(value);
    bool faithful = plain(text);
    if (faithful) {
        try {
            faithful = parse_value(value_type_word(value.type), text, "") == value;
        } catch (const Error&) {
            faithful = false;
        }
    }
    if (faithful)
        node.append_attribute((prefix + "value").c_str()) = text.c_str();
    else
        node.append_attribute((prefix + "hex").c_str()) = to_hex(value.data).c_str();
}

Value read_value(const XmlSource& source, pugi::xml_node node, const std::string& prefix) {
    const std::string type = source.required(node, (prefix + "type").c_str());
    if (const auto hex = node.attribute((prefix + "hex").c_str())) {
        Value value = parse_value(type == "dword" ? "binary" : type, "", source.where(node));
        value.data = parse_hex(hex.value(), source.where(node));
        const auto word = std::find_if(type_words.begin(), type_words.end(),
                                       [&](const auto& known) { return known.second == type; });
        if (word != type_words.end())
            value.type = word->first;
        return value;
    }
    if (type == "multi_sz" && prefix.empty() && node.child("string")) {
        std::vector<std::string> strings;
        for (const pugi::xml_node string : node.children("string"))
            strings.emplace_back(string.text().get());
        return Value::multi_sz(strings);
    }
    return parse_value(type, source.required(node, (prefix + "value").c_str()), source.where(node));
}

std::optional<Value> read_old(const XmlSource& source, pugi::xml_node node) {
    return node.attribute("old-type") ? std::optional(read_value(source, node, "old-")) : std::nullopt;
}

HiveId read_hive(const XmlSource& source, pugi::xml_node node) {
    const std::string name = source.required(node, "hive");
    if (text::iequals(name, "SYSTEM"))
        return HiveId::system;
    if (text::iequals(name, "SOFTWARE"))
        return HiveId::software;
    source.fail(node, fmt::format("hive '{}' is not one that is changed", name), "use SYSTEM or SOFTWARE");
}

void write_volume(pugi::xml_node node, const VolumeRef& volume) {
    node.append_attribute("disk") = volume.disk;
    node.append_attribute("start") = static_cast<unsigned long long>(volume.start);
}

VolumeRef read_volume(const XmlSource& source, pugi::xml_node node) {
    VolumeRef volume;
    volume.disk = static_cast<unsigned>(source.number(node, "disk", 0));
    volume.start = source.number(node, "start", 0);
    return volume;
}

void write_file_element(pugi::xml_node node, const WriteFile& file) {
    write_volume(node, file.volume);
    node.append_attribute("path") = file.path.c_str();
    node.append_attribute("size") = static_cast<unsigned long long>(file.content.size());
    node.append_attribute("sha256") = file.sha256().c_str();
    node.append_attribute("origin") = file.origin.c_str();
    if (file.attributes != 0)
        node.append_attribute("attributes") = file.attributes;
    if (file.old) {
        node.append_attribute("old-size") = static_cast<unsigned long long>(file.old->size);
        node.append_attribute("old-sha256") = file.old->sha256.c_str();
    }
    const auto text_child = [&](const char* name, const std::string& content) {
        pugi::xml_node child = node.append_child(name);
        child.append_attribute("hex") =
            to_hex(ByteView(reinterpret_cast<const std::uint8_t*>(content.data()), content.size())).c_str();
        child.append_child(pugi::node_pcdata).set_value(text::printable(content, 65536).c_str());
    };
    if (file.text)
        text_child("text", std::string(file.content.begin(), file.content.end()));
    if (file.old_text)
        text_child("old-text", *file.old_text);
}

WriteFile read_file_element(const XmlSource& source, pugi::xml_node node,
                            const std::function<Bytes(const std::string&)>& read_local) {
    WriteFile file;
    file.volume = read_volume(source, node);
    file.path = source.required(node, "path");
    file.origin = node.attribute("origin").value();
    file.attributes = static_cast<std::uint32_t>(source.number(node, "attributes", 0));
    if (const auto from = node.attribute("from")) {
        file.content = read_local(from.value());
        if (file.origin.empty())
            file.origin = from.value();
    }
    if (const pugi::xml_node text = node.child("text")) {
        file.text = true;
        file.content = parse_hex(text.attribute("hex").value(), source.where(text));
    }
    if (const pugi::xml_node text = node.child("old-text")) {
        const Bytes old = parse_hex(text.attribute("hex").value(), source.where(text));
        file.old_text = std::string(old.begin(), old.end());
    }
    if (node.attribute("old-sha256"))
        file.old = OldFile{source.number(node, "old-size", 0), node.attribute("old-sha256").value()};
    return file;
}

} // namespace

XmlSource::XmlSource(std::string text, std::string name) : text_(std::move(text)), name_(std::move(name)) {
    if (text_.size() > largest_xml)
        throw Error(name_, "is larger than 16 MiB", {}, ErrorKind::usage);
    const pugi::xml_parse_result result = document_.load_buffer(text_.data(), text_.size());
    if (!result) {
        const auto offset =
            std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(result.offset, 0)), text_.size());
        const auto line =
            1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
        throw Error(fmt::format("{}:{}", name_, line),
                    fmt::format("not well-formed XML: {}", result.description()), {}, ErrorKind::usage);
    }
}

std::string XmlSource::where(pugi::xml_node node) const {
    const auto offset =
        std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(node.offset_debug(), 0)), text_.size());
    const auto line =
        1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
    return fmt::format("{}:{}: <{}>", name_, line, node.name());
}

void XmlSource::fail(pugi::xml_node node, const std::string& problem, const std::string& remedy) const {
    throw Error(where(node), problem, remedy, ErrorKind::usage);
}

std::string XmlSource::required(pugi::xml_node node, const char* attribute) const {
    const pugi::xml_attribute found = node.attribute(attribute);
    if (!found)
        fail(node, fmt::format("attribute {} is missing", attribute));
    return found.value();
}

std::uint64_t XmlSource::required_number(pugi::xml_node node, const char* attribute) const {
    const auto value = parse_number(required(node, attribute));
    if (!value)
        fail(node, fmt::format("{} is not a number", attribute));
    return *value;
}

std::uint64_t XmlSource::number(pugi::xml_node node, const char* attribute, std::uint64_t otherwise) const {
    return node.attribute(attribute) ? required_number(node, attribute) : otherwise;
}

std::string value_type_word(ValueType type) {
    for (const auto& [known, word] : type_words)
        if (known == type)
            return std::string(word);
    return fmt::format("0x{:x}", static_cast<std::uint32_t>(type));
}

std::string value_text(const Value& value) {
    switch (value.type) {
    case ValueType::dword:
        if (const auto number = value.as_dword())
            return fmt::format("0x{:08x}", *number);
        return to_hex(value.data);
    case ValueType::sz:
    case ValueType::expand_sz:
        return value.as_string().value_or("");
    case ValueType::multi_sz:
        return fmt::format("{}", fmt::join(value.as_strings(), ";"));
    default:
        return to_hex(value.data);
    }
}

Value parse_value(const std::string& type, const std::string& text, const std::string& where) {
    if (type == "dword") {
        const auto number = parse_number(text);
        if (!number || *number > 0xFFFFFFFFU)
            throw Error(where, fmt::format("'{}' is not a 32-bit number", text), {}, ErrorKind::usage);
        return Value::dword(static_cast<std::uint32_t>(*number));
    }
    if (type == "sz")
        return Value::sz(text);
    if (type == "expand_sz")
        return Value::expand_sz(text);
    if (type == "multi_sz") {
        std::vector<std::string> strings;
        if (!text.empty())
            for (const std::string_view part : text::split(text, ';'))
                strings.emplace_back(part);
        return Value::multi_sz(strings);
    }
    if (type == "binary")
        return Value::binary(parse_hex(text, where));
    Value value;
    value.data = parse_hex(text, where);
    if (type == "none")
        return value;
    const auto number = type.starts_with("0x") ? parse_number(type) : std::nullopt;
    if (!number || *number > 0xFFFFFFFFU)
        throw Error(where, fmt::format("'{}' is not a type of registry value", type),
                    "use dword, sz, expand_sz, multi_sz or binary", ErrorKind::usage);
    value.type = static_cast<ValueType>(*number);
    return value;
}

void write_change(pugi::xml_node parent, const Change& change) {
    pugi::xml_node node = parent.append_child(std::string(change_name(change)).c_str());
    if (const auto* set = std::get_if<SetValue>(&change)) {
        node.append_attribute("hive") = std::string(hive_name(set->hive)).c_str();
        node.append_attribute("key") = set->key.c_str();
        node.append_attribute("name") = set->name.c_str();
        write_value(node, set->value, "");
        if (set->old)
            write_value(node, *set->old, "old-");
    } else if (const auto* removed = std::get_if<DeleteValue>(&change)) {
        node.append_attribute("hive") = std::string(hive_name(removed->hive)).c_str();
        node.append_attribute("key") = removed->key.c_str();
        node.append_attribute("name") = removed->name.c_str();
        if (removed->old)
            write_value(node, *removed->old, "old-");
    } else if (const auto* file = std::get_if<WriteFile>(&change)) {
        write_file_element(node, *file);
    } else if (const auto* copied = std::get_if<CopyFile>(&change)) {
        write_volume(node, copied->volume);
        node.append_attribute("from") = copied->from.c_str();
        node.append_attribute("to") = copied->to.c_str();
    } else if (const auto* renamed = std::get_if<RenameFile>(&change)) {
        write_volume(node, renamed->volume);
        node.append_attribute("from") = renamed->from.c_str();
        node.append_attribute("to") = renamed->to.c_str();
    } else if (const auto* bytes = std::get_if<SetBytes>(&change)) {
        node.append_attribute("disk") = bytes->disk;
        node.append_attribute("offset") = static_cast<unsigned long long>(bytes->offset);
        node.append_attribute("value") = to_hex(bytes->value).c_str();
        node.append_attribute("old") = to_hex(bytes->old).c_str();
        node.append_attribute("what") = bytes->what.c_str();
    }
}

Change read_change(const XmlSource& source, pugi::xml_node node,
                   const std::function<Bytes(const std::string&)>& read_local) {
    const std::string_view kind = node.name();
    if (kind == "set-value")
        return SetValue{read_hive(source, node), source.required(node, "key"), node.attribute("name").value(),
                        read_value(source, node, ""), read_old(source, node)};
    if (kind == "delete-value")
        return DeleteValue{read_hive(source, node), source.required(node, "key"),
                           node.attribute("name").value(), read_old(source, node)};
    if (kind == "write-file")
        return read_file_element(source, node, read_local);
    if (kind == "copy-file")
        return CopyFile{read_volume(source, node), source.required(node, "from"),
                        source.required(node, "to")};
    if (kind == "rename-file")
        return RenameFile{read_volume(source, node), source.required(node, "from"),
                          source.required(node, "to")};
    if (kind == "set-bytes") {
        SetBytes bytes;
        bytes.disk = static_cast<unsigned>(source.number(node, "disk", 0));
        bytes.offset = source.required_number(node, "offset");
        bytes.value = parse_hex(source.required(node, "value"), source.where(node));
        bytes.old = parse_hex(source.required(node, "old"), source.where(node));
        bytes.what = node.attribute("what").value();
        if (bytes.old.size() != bytes.value.size())
            source.fail(node, "value and old differ in length");
        return bytes;
    }
    source.fail(node, "is not a change",
                "use set-value, delete-value, write-file, copy-file, rename-file or set-bytes");
}

} // namespace ntferry::patch
