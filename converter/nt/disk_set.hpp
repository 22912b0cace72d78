// DiskSet: the disks of one server, their partitions and the file systems on them, opened for reading.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/volume/filesystem.hpp"
#include "converter/volume/geometry.hpp"
#include "converter/volume/mbr.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::nt {

struct DiskFacts {
    std::string source; ///< as the device calls itself
    std::uint64_t bytes = 0;
    volume::DiskLayout layout; ///< empty where there is no table; problem says why
    volume::Geometry geometry;
    std::string problem;    ///< why the table could not be read; empty: it could
    bool boot_code = false; ///< the first 440 bytes of the MBR are not all zeros
};

/// Members of a fault-tolerant set that were found, and how it is put together.
struct FtFacts {
    std::string kind;                     ///< "mirror", "stripe", "stripe with parity", "volume set"
    std::size_t members = 0;              ///< announced
    std::vector<std::size_t> volumes;     ///< indexes into DiskSet::volumes() of the partitions found
    bool complete = false;                ///< all members found, or one half of a mirror
    std::vector<std::string> notes;       ///< what was missing, stale or assumed
    std::vector<std::string> stale;       ///< members that FTDISK no longer writes: "disk 1A2B3C4D, orphaned"
    std::string problem;                  ///< why it cannot be put together
    std::optional<std::size_t> assembled; ///< index of the assembled volume
};

struct VolumeFacts {
    unsigned disk = 0;
    unsigned partition = 0; ///< index into the layout of the disk
    unsigned arc_number = 0;
    std::uint8_t type = 0;
    bool active = false;
    bool ft_member = false;
    bool ft_volume = false; ///< an assembled fault-tolerant set, not a partition
    std::uint64_t start_lba = 0;
    std::uint64_t sectors = 0;
    char letter = 0;                             ///< 'C', 0: none
    std::string letter_from;                     ///< "DISK\Information", "order of partitions"
    std::optional<volume::FileSystemInfo> files; ///< nothing where no file system could be opened
    std::optional<volume::Bpb> bpb;
    /// False where the file system keeps a copy of its boot sector and none is found that agrees with it.
    bool boot_copy_good = true;
    bool hpfs = false;   ///< OS/2's file system, which NT 4.0 no longer reads
    std::string problem; ///< why not

    /// "disk 0 partition 1", with the letter where there is one: "C: (disk 0 partition 1)".
    std::string title() const;
};

class DiskSet {
  public:
    /// Reads partition tables and opens every NTFS and FAT volume. Damage of one disk or volume is told in
    /// its facts and does not keep the others from being read.
    explicit DiskSet(std::vector<block::SharedBlockDevice> disks);

    const std::vector<DiskFacts>& disks() const { return facts_; }
    const std::vector<VolumeFacts>& volumes() const { return volumes_; }
    const std::vector<FtFacts>& ft_sets() const { return ft_; }
    /// Layouts in disk order.
    std::vector<volume::DiskLayout> layouts() const;

    /// The files of a volume, or nullptr where it has none that can be read.
    volume::FileSystem* files(std::size_t volume);
    std::optional<std::size_t> by_letter(char letter) const;
    std::optional<std::size_t> by_partition(unsigned disk, unsigned arc_number) const;

    /// Gives letters and puts fault-tolerant sets together after HKLM\SYSTEM\DISK.
    /// @param information the value Information, or empty when there is none
    /// @param device_letters its other values: "\device\CdRom0" = "G:"
    void use_disk_key(ByteView information, const std::map<std::string, std::string>& device_letters);
    /// What was wrong with DISK\Information.
    const std::vector<std::string>& problems() const { return problems_; }
    /// DISK\Information says that FTDISK was not shut down: it synchronises its sets at the next start.
    bool ft_dirty_shutdown() const { return ft_dirty_shutdown_; }

  private:
    void open_volume(std::size_t volume, const block::SharedBlockDevice& device);
    std::vector<block::SharedBlockDevice> devices_;
    std::vector<DiskFacts> facts_;
    std::vector<VolumeFacts> volumes_;
    std::vector<FtFacts> ft_;
    std::vector<volume::FileSystemPtr> files_; ///< parallel to volumes_
    std::vector<std::string> problems_;
    bool ft_dirty_shutdown_ = false;
};

} // namespace ntferry::nt
