// boot.ini: what NTLDR offers. Parsed for reading, and edited with every original line kept.
//
// CRLF text in the OEM code page. Sources: KB Q102873 (ARC paths), Q170756 (switches), Q155222.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::nt {

/// multi: through the BIOS. scsi: through NTBOOTDD.SYS. signature: Windows 2000 and later, NT 4.0 cannot.
enum class ArcKind : std::uint8_t { multi, scsi, signature };

struct ArcPath {
    ArcKind kind = ArcKind::multi;
    std::uint32_t adapter = 0;   ///< multi(X) scsi(X), or the disk signature
    std::uint32_t disk = 0;      ///< disk(Y): always 0 with multi, the SCSI ID with scsi
    std::uint32_t rdisk = 0;     ///< rdisk(Z): BIOS disk with multi, LUN with scsi
    std::uint32_t partition = 1; ///< partition(W), from 1; types 05 and 00 do not count
    std::string directory;       ///< "\\WINNT"
    bool operator==(const ArcPath&) const = default;

    /// "multi(0)disk(0)rdisk(0)partition(1)\WINNT".
    std::string text() const;
};

/// Nothing for what is no ARC path ("C:\").
std::optional<ArcPath> parse_arc_path(std::string_view text);

struct BootSwitch {
    std::string name;  ///< upper case, without '/': "MAXMEM"
    std::string value; ///< behind '=' or ':'
    bool operator==(const BootSwitch&) const = default;
};

struct BootEntry {
    std::size_t line = 0; ///< index into BootIni::lines
    std::string path;     ///< as written
    std::optional<ArcPath> arc;
    std::string title; ///< UTF-8, without quotes
    std::vector<BootSwitch> switches;

    const BootSwitch* find(std::string_view name) const;
};

/// One line as it stands in the file.
struct BootLine {
    Bytes raw;        ///< without its end
    Bytes end;        ///< CR LF, LF, CR or nothing
    std::string text; ///< UTF-8, trimmed
};

struct BootIni {
    std::vector<BootLine> lines;
    std::optional<std::uint32_t> timeout; ///< seconds
    std::string default_path;             ///< as written; empty: none
    std::optional<ArcPath> default_arc;
    std::vector<BootEntry> entries;    ///< in menu order
    std::vector<std::string> problems; ///< what NTLDR would trip over, one line each

    /// The entry that default names, or the first, as NTLDR picks it; nullptr when there is none.
    const BootEntry* default_entry() const;
};

/// Never fails: what cannot be understood is told in problems and kept in lines.
BootIni parse_boot_ini(ByteView file);

/// Changes boot.ini and keeps the rest of it byte for byte: comments, order, line ends, unknown lines.
class BootIniEditor {
  public:
    explicit BootIniEditor(ByteView file);

    void set_timeout(std::uint32_t seconds);
    /// @param path as an entry writes it
    void set_default(std::string_view path);
    /// Puts an entry before the first; options as written: "/sos /basevideo".
    void insert_first(std::string_view path, std::string_view title, std::string_view options);
    /// Puts an entry behind the entry of this index, counted as parse_boot_ini() counts.
    void insert_after(std::size_t entry, std::string_view path, std::string_view title,
                      std::string_view options);
    /// Takes an entry's line out.
    void remove(std::size_t entry);
    Bytes bytes() const;

  private:
    std::size_t section_line(std::string_view section);
    void set_key(std::string_view section, std::string_view key, std::string_view value);
    void insert_line(std::size_t at, std::string_view text);
    std::vector<BootLine> lines_;
};

} // namespace ntferry::nt
