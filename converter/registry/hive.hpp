// Hive: a registry hive, read through Hivex behind a typed layer.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/base_block.hpp"
#include "converter/registry/value.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntferry::registry {

namespace detail {
struct HiveHandle;
}

/// A key of an open hive; a light value. The hive must outlive it. Everything throws Error for a damaged key.
class Key {
  public:
    std::string name() const;
    /// FILETIME of the last change.
    std::uint64_t last_written() const;
    std::vector<Key> children() const;
    /// Case is ignored.
    std::optional<Key> child(std::string_view name) const;
    /// Path of names with '\\' between; empty gives this key.
    std::optional<Key> find(std::string_view path) const;
    /// Largest value that the typed getters below read, in bytes. A hostile hive has one huge cell and a
    /// thousand values that point to it.
    static constexpr std::size_t typed_limit = 65536;

    /// Names and values; the default value has the name "". Values larger than this many bytes are left out.
    std::vector<std::pair<std::string, Value>> values(std::size_t largest = SIZE_MAX) const;
    std::optional<Value> value(std::string_view name) const;

    // The value in one form, or nothing when it is absent, of another type or larger than typed_limit.
    std::optional<std::uint32_t> dword(std::string_view name) const;
    std::optional<std::string> string(std::string_view name) const;
    std::vector<std::string> strings(std::string_view name) const;

    /// File offset of the key's cell.
    std::size_t offset() const { return node_; }

  private:
    friend class Hive;
    friend class HiveEditor;
    Key(const detail::HiveHandle* handle, std::size_t node) : handle_(handle), node_(node) {}
    [[noreturn]] void fail(std::string_view what) const;
    std::optional<Value> bounded_value(std::string_view name, std::size_t largest) const;
    const detail::HiveHandle* handle_;
    std::size_t node_;
};

/// An open hive, read-only.
class Hive {
  public:
    /// Deepest path that a walk follows; NT's own limit is 512 levels.
    static constexpr std::size_t depth_limit = 512;

    /// Opens a clean image; give it what recover_hive() made.
    /// @param name how messages call it: "SYSTEM"
    /// @throws Error when it is not a hive or damaged where it is opened
    static Hive open(ByteView image, std::string name);
    /// Opens a file as it is.
    static Hive open_file(const std::string& path);

    Hive(Hive&&) noexcept;
    Hive& operator=(Hive&&) noexcept;
    ~Hive();

    const std::string& name() const;
    /// Bytes of the image.
    std::size_t size() const;
    const BaseBlock& base() const;

    Key root() const;
    /// Path from the root: "ControlSet001\\Services\\Atapi".
    std::optional<Key> find(std::string_view path) const;
    std::optional<Value> value(std::string_view path, std::string_view name) const;
    std::optional<std::uint32_t> dword(std::string_view path, std::string_view name) const;
    std::optional<std::string> string(std::string_view path, std::string_view name) const;
    std::vector<std::string> strings(std::string_view path, std::string_view name) const;

    /// Visits every key, parents first: path from the root ("" for it) and key. Return false to skip what is
    /// below.
    /// @throws Error when a key is met twice (the hive refers to itself) or lies too deep
    void walk(const std::function<bool(const std::string& path, const Key& key)>& visit) const;

  private:
    friend class HiveEditor;
    explicit Hive(std::unique_ptr<detail::HiveHandle> handle);
    std::unique_ptr<detail::HiveHandle> handle_;
};

} // namespace ntferry::registry
