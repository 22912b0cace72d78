// Medium: somewhere driver and system files can come from: an NT CD, a service pack, the captured disk
// itself. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"
#include "converter/volume/filesystem.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::patch {

enum class MediumKind : std::uint8_t {
    installed,    ///< the captured disk
    service_pack, ///< an extracted service pack
    setup_cd,     ///< a Windows NT setup CD
    cache,        ///< files kept from earlier migrations
    other,        ///< a folder or image of something else: vendor floppies, a single driver
};

std::string_view medium_kind_name(MediumKind kind) noexcept;

struct MediumFile {
    std::string path;       ///< inside the medium, as stored, '/' between names
    std::uint64_t size = 0; ///< bytes as stored, that is packed
};

/// What is known of a medium as a whole.
struct MediumInfo {
    std::string name; ///< as messages call it: the path that the administrator gave
    MediumKind kind = MediumKind::other;
    std::optional<unsigned> service_pack; ///< 0 is the first release
    bool terminal_server = false;         ///< Terminal Server Edition has files of its own for everything
};

/// Everything throws Error naming the medium and the path.
class Medium {
  public:
    Medium() = default;
    Medium(const Medium&) = delete;
    Medium& operator=(const Medium&) = delete;
    virtual ~Medium() = default;

    virtual const MediumInfo& info() const = 0;
    /// All files, read once.
    virtual const std::vector<MediumFile>& files() const = 0;
    /// Content as stored.
    virtual Bytes read(const std::string& path) const = 0;
    /// Service pack of one file where the medium holds several; its own otherwise.
    virtual std::optional<unsigned> service_pack_of(const std::string& path) const;
    virtual bool terminal_server_of(const std::string& path) const;
};

using MediumPtr = std::shared_ptr<Medium>;

/// A folder or an ISO 9660 image (Joliet and Rock Ridge names too); what it is a medium of is found by its
/// content.
/// @throws Error when it is neither
MediumPtr open_medium(const std::string& path);

/// The folders of an installed system in which usable copies lie (drivers, \I386, what service packs saved,
/// DRVLIB). The file system must outlive the medium.
MediumPtr installed_medium(volume::FileSystem& files, std::string_view system_root,
                           std::optional<unsigned> service_pack, bool terminal_server);

/// Fills kind, service pack and edition from the files of a medium: CDROM_S.40 and its like with TXTSETUP.SIF
/// mark a CD, UPDATE.INF a service pack.
MediumInfo recognise_medium(std::string name, const Medium& medium);

} // namespace ntferry::patch
