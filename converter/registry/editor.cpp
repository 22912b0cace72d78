// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/editor.hpp"

#include "converter/base/text.hpp"
#include "converter/registry/cells.hpp"
#include "converter/registry/hive_handle.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ntferry::registry {
namespace {

/// Offset of the value's cell, or 0. Hivex handles of values are file offsets of their cells.
hive_value_h find_value(const detail::HiveHandle& handle, std::size_t node, std::string_view name) {
    return hivex_node_get_value(handle.hivex, node, std::string(name).c_str());
}

/// Types without a name in Hivex occur; its enum may not be assigned them.
void copy_type(ValueType type, hive_type& into) {
    const auto number = static_cast<std::uint32_t>(type);
    static_assert(sizeof into == sizeof number);
    std::memcpy(&into, &number, sizeof number);
}

} // namespace

HiveEditor::HiveEditor(Bytes image, std::string name, std::size_t size_limit)
    : image_(std::move(image)), name_(std::move(name)), size_limit_(size_limit),
      original_size_(image_.size()) {
    const BaseBlock base = parse_base_block(image_, name_);
    original_sequence_ = base.primary_sequence;
    std::vector<std::string> problems = cells::foreign_features(image_, base);
    if (!problems.empty())
        throw Error(name_, problems.front(), "it was not written by NT 4.0 and is not changed",
                    ErrorKind::unsupported);
    problems = cells::check_cells(image_, base);
    if (!problems.empty())
        throw Error(name_, "the hive is damaged: " + problems.front(), "it is not changed");
    hive_ = std::make_unique<Hive>(Hive::open(image_, name_));
}

HiveEditor::~HiveEditor() = default;
HiveEditor::HiveEditor(HiveEditor&&) noexcept = default;
HiveEditor& HiveEditor::operator=(HiveEditor&&) noexcept = default;

const Hive& HiveEditor::hive() {
    if (!hive_)
        hive_ = std::make_unique<Hive>(Hive::open(image_, name_));
    return *hive_;
}

Key HiveEditor::require(std::string_view key) {
    if (const std::optional<Key> found = hive().find(key))
        return *found;
    throw Error(name_, fmt::format("there is no key {}", text::printable(key)));
}

detail::HiveHandle& HiveEditor::writer() {
    if (!writing_) {
        hive_.reset(new Hive(std::make_unique<detail::HiveHandle>(image_, name_, true)));
        writing_ = true;
    }
    changed_ = true;
    return *hive_->handle_;
}

void HiveEditor::settle() {
    if (!writing_)
        return;
    detail::HiveHandle& handle = *hive_->handle_;
    const detail::MemoryFile out({});
    if (hivex_commit(handle.hivex, out.path().c_str(), 0) != 0)
        handle.fail("cannot be written");
    Bytes image = out.read_all();
    for (const std::size_t nk : touched_)
        cells::normalise_subkeys(image, nk);
    touched_.clear();
    check_size(image.size());
    image_ = std::move(image);
    writing_ = false;
    hive_.reset();
}

void HiveEditor::check_size(std::size_t size) const {
    if (size > size_limit_ && size > original_size_)
        throw Error(
            name_,
            fmt::format("the hive would grow to {:.1f} MB, past the {:.1f} MB that NTLDR can be trusted with",
                        static_cast<double>(size) / 1048576, static_cast<double>(size_limit_) / 1048576),
            "remove what made it grow (shares, printers, DHCP leases) on the server and capture again",
            ErrorKind::decision);
}

void HiveEditor::set(std::string_view key_path, std::string_view name, const Value& value) {
    const Key key = require(key_path);
    if (const std::optional<Value> old = key.value(name)) {
        if (*old == value)
            return;
        // In place first: the cell does not move.
        const std::size_t vk = find_value(*hive_->handle_, key.offset(), name);
        settle();
        if (const auto written = cells::overwrite_value(image_, vk, value); !written.empty()) {
            changed_ = true;
            // Hivex reads through a shared mapping of the memory file: it follows what is written there, and
            // a hive of megabytes is not opened anew for four bytes.
            for (const auto& [offset, length] : written)
                hive().handle_->file.write_at(offset, ByteView(image_).subspan(offset, length));
            if (require(key_path).value(name) != value)
                hive_.reset();
            if (require(key_path).value(name) != value)
                throw Error(name_, fmt::format("{}\\{} does not read back as written",
                                               text::printable(key_path), text::printable(name)));
            return;
        }
    }
    detail::HiveHandle& handle = writer();
    const Key node = require(key_path);
    const std::string name_text(name);
    Bytes data = value.data;
    data.push_back(0); // never empty: Hivex reads from the pointer
    hive_set_value set_value{};
    set_value.key = const_cast<char*>(name_text.c_str());
    copy_type(value.type, set_value.t);
    set_value.len = value.data.size();
    set_value.value = reinterpret_cast<char*>(data.data());
    if (hivex_node_set_value(handle.hivex, node.offset(), &set_value, 0) != 0)
        handle.fail(fmt::format("{}\\{} cannot be set", text::printable(key_path), text::printable(name)));
}

void HiveEditor::set_dword(std::string_view key, std::string_view name, std::uint32_t number) {
    set(key, name, Value::dword(number));
}

bool HiveEditor::add_key(std::string_view path) {
    if (hive().find(path))
        return false;
    detail::HiveHandle& handle = writer();
    std::size_t node = handle.root;
    for (const std::string_view part : text::split(path, '\\')) {
        if (part.empty())
            continue;
        const std::string name(part);
        std::size_t next = hivex_node_get_child(handle.hivex, node, name.c_str());
        if (next == 0) {
            next = hivex_node_add_child(handle.hivex, node, name.c_str());
            if (next == 0)
                handle.fail(fmt::format("the key {} cannot be made", text::printable(path)));
            touched_.insert(node);
        }
        node = next;
    }
    return true;
}

bool HiveEditor::delete_value(std::string_view key_path, std::string_view name) {
    const std::optional<Key> found = hive().find(key_path);
    if (!found || !found->value(name))
        return false;
    detail::HiveHandle& handle = writer();
    const Key key = require(key_path);
    // Hivex has no call for one value: the others are written anew.
    std::vector<std::pair<std::string, Value>> rest = key.values();
    std::erase_if(rest, [&](const auto& one) { return text::iequals(one.first, name); });
    std::vector<hive_set_value> values;
    for (auto& [value_name, value] : rest) {
        hive_set_value one{};
        one.key = value_name.data();
        copy_type(value.type, one.t);
        one.len = value.data.size();
        value.data.push_back(0);
        one.value = reinterpret_cast<char*>(value.data.data());
        values.push_back(one);
    }
    if (hivex_node_set_values(handle.hivex, key.offset(), values.size(), values.data(), 0) != 0)
        handle.fail(
            fmt::format("{}\\{} cannot be deleted", text::printable(key_path), text::printable(name)));
    return true;
}

bool HiveEditor::delete_key(std::string_view path) {
    if (!hive().find(path))
        return false;
    // A hostile hive must not make Hivex recurse for ever: the walk refuses cycles and great depth first.
    hive().walk([](const std::string&, const Key&) { return true; });
    detail::HiveHandle& handle = writer();
    const Key key = require(path);
    if (key.offset() == handle.root)
        throw Error(name_, "the root key cannot be deleted");
    if (hivex_node_delete_child(handle.hivex, key.offset()) != 0)
        handle.fail(fmt::format("the key {} cannot be deleted", text::printable(path)));
    touched_.erase(key.offset());
    return true;
}

std::size_t HiveEditor::growth() {
    settle();
    return image_.size() > original_size_ ? image_.size() - original_size_ : 0;
}

Bytes HiveEditor::commit() {
    settle();
    if (!changed_)
        return image_;
    seal_base_block(image_, original_sequence_ + 1);
    const BaseBlock base = parse_base_block(image_, name_);
    std::vector<std::string> problems = check_bins(image_, base);
    for (std::string& problem : cells::check_cells(image_, base))
        problems.push_back(std::move(problem));
    for (std::string& problem : cells::foreign_features(image_, base))
        problems.push_back(std::move(problem));
    if (!problems.empty())
        throw Error(name_, "the edited hive fails its check: " + problems.front());
    hive_.reset();
    hive().walk([](const std::string&, const Key&) { return true; });
    return image_;
}

} // namespace ntferry::registry
