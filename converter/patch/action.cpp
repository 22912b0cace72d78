// Actions in words.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/action.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

namespace ntferry::patch {
namespace {

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

std::string value_path(HiveId hive, const std::string& key, const std::string& name) {
    return fmt::format("{}\\{}\\{}", hive_name(hive), key, name.empty() ? "(default)" : name);
}

std::string shown(const std::optional<registry::Value>& value) {
    return value ? value->describe() : "(none)";
}

} // namespace

std::string_view hive_name(HiveId hive) noexcept {
    return hive == HiveId::system ? "SYSTEM" : "SOFTWARE";
}

std::string WriteFile::sha256() const {
    return sha256_hex(content);
}

std::string describe(const Change& change) {
    return std::visit(
        Overloaded{
            [](const SetValue& c) { return "set " + value_path(c.hive, c.key, c.name); },
            [](const DeleteValue& c) { return "delete " + value_path(c.hive, c.key, c.name); },
            [](const WriteFile& c) { return fmt::format("{} file {}", c.old ? "replace" : "add", c.path); },
            [](const CopyFile& c) { return fmt::format("keep {} as {}", c.from, c.to); },
            [](const RenameFile& c) { return fmt::format("rename {} to {}", c.from, c.to); },
            [](const SetBytes& c) {
                return fmt::format("set {} (disk {}, byte {})", c.what, c.disk, c.offset);
            },
        },
        change);
}

std::string describe_values(const Change& change) {
    return std::visit(Overloaded{
                          [](const SetValue& c) { return shown(c.old) + " -> " + c.value.describe(); },
                          [](const DeleteValue& c) { return shown(c.old) + " -> (none)"; },
                          [](const WriteFile& c) {
                              const std::string made =
                                  fmt::format("{} bytes, {}", c.content.size(), c.origin);
                              return c.old ? fmt::format("{} bytes -> {}", c.old->size, made) : made;
                          },
                          [](const CopyFile&) { return std::string(); },
                          [](const RenameFile&) { return std::string(); },
                          [](const SetBytes& c) { return to_hex(c.old) + " -> " + to_hex(c.value); },
                      },
                      change);
}

std::string_view change_name(const Change& change) noexcept {
    constexpr std::array<std::string_view, std::variant_size_v<Change>> names{
        "set-value", "delete-value", "write-file", "copy-file", "rename-file", "set-bytes"};
    return names[change.index()];
}

std::string sha256_hex(ByteView content) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(content.data(), content.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        throw Error("SHA-256", "OpenSSL cannot compute it");
    return to_hex(ByteView(digest.data(), length));
}

} // namespace ntferry::patch
