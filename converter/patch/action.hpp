// Action: one change to a captured disk, with its reason, its evidence and what was there before.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"
#include "converter/registry/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ntferry::patch {

/// The hives that rules may change. SAM, SECURITY and the users' own are never written.
enum class HiveId : std::uint8_t { system, software };

/// "SYSTEM", "SOFTWARE".
std::string_view hive_name(HiveId hive) noexcept;

/// A volume of the captured machine: the disk and the partition on it that it starts with.
struct VolumeRef {
    unsigned disk = 0;       ///< as in disks/diskN.vhd
    std::uint64_t start = 0; ///< bytes from the start of the disk
    bool operator==(const VolumeRef&) const = default;
};

/// Where the system that is patched lies.
struct SystemPlace {
    VolumeRef volume; ///< the "boot partition" in Microsoft's words: it holds system_root
    std::string root; ///< "\\WINNT"
};

/// Sets one value; keys on the way are made.
struct SetValue {
    HiveId hive = HiveId::system;
    std::string key;  ///< from the root of the hive: "ControlSet001\\Services\\Atapi"
    std::string name; ///< empty: the default value
    registry::Value value;
    std::optional<registry::Value> old; ///< nothing: the value, maybe its key, was not there
};

/// Removes one value; no error when it is not there.
struct DeleteValue {
    HiveId hive = HiveId::system;
    std::string key;
    std::string name;
    std::optional<registry::Value> old;
};

/// What a file was before.
struct OldFile {
    std::uint64_t size = 0;
    std::string sha256; ///< lower-case hexadecimal
    bool operator==(const OldFile&) const = default;
};

/// Makes or replaces a file.
struct WriteFile {
    VolumeRef volume;
    std::string path; ///< from the root of the volume, '\\' between names
    Bytes content;
    std::string origin;                  ///< where the content comes from, for people
    std::uint32_t attributes = 0;        ///< of a new file, volume::FileAttributes; an old one keeps its own
    std::optional<OldFile> old;          ///< nothing: there was no such file
    std::optional<std::string> old_text; ///< for text files
    bool text = false;                   ///< content is text, worth printing
    std::string sha256() const;
};

/// A copy beside the original, kept for the administrator: "boot.ini.p2v".
struct CopyFile {
    VolumeRef volume;
    std::string from;
    std::string to;
};

struct RenameFile {
    VolumeRef volume;
    std::string from;
    std::string to;
};

/// Overwrites bytes outside of any file: partition types, boot code.
struct SetBytes {
    unsigned disk = 0;
    std::uint64_t offset = 0; ///< bytes from the start of the disk
    Bytes value;
    Bytes old;        ///< as long as value; apply refuses when it is not what is there
    std::string what; ///< "type of partition 1"
};

using Change = std::variant<SetValue, DeleteValue, WriteFile, CopyFile, RenameFile, SetBytes>;

struct Action {
    std::string id;       ///< unique in a plan, the same for the same disk: "storage.atapi.start.1"
    std::string rule;     ///< "storage"; "own" for the administrator's
    std::string reason;   ///< why it is needed, one sentence
    std::string evidence; ///< what on the disk says so: key, file, sector
    Change change;
};

/// "set SYSTEM\\ControlSet001\\Services\\Atapi\\Start".
std::string describe(const Change& change);
/// Old and new in short: "4 -> 0"; empty for changes that have none.
std::string describe_values(const Change& change);
/// "set-value", "write-file", ...: the element of plan and override XML.
std::string_view change_name(const Change& change) noexcept;

/// Lower-case hexadecimal SHA-256.
std::string sha256_hex(ByteView content);

} // namespace ntferry::patch
