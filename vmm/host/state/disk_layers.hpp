// DiskLayers: the differencing VHDs that lie on a machine's disks: snapshots and undo disks.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A snapshot freezes the image that is written at the moment and puts an empty layer on it; the frozen one is
// the snapshot. layers.json in the state folder says which image is the top of each disk; the description of
// the machine goes on naming the lowest one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ntferry::vmm {

struct Snapshot {
    std::string name;
    std::string parent;    ///< the snapshot it was made after; empty: none
    std::int64_t time = 0; ///< seconds since 1970
    bool operator==(const Snapshot&) const = default;
};

/// A value: changes are made to a copy, whose save() makes them true. Image files are made and removed at
/// once; files_made() and files_left say which, so that what fails can be taken back.
class DiskLayers {
  public:
    /// @param folder state folder; what it holds is read
    /// @param bases image of each disk that can be written, by position
    /// @throws Error for a layers.json that is damaged or belongs to other disks
    DiskLayers(std::string folder, std::map<unsigned, std::string> bases);

    /// The image that is written. The base when there are no layers.
    std::string top(unsigned position) const;
    bool has_layers() const;
    std::vector<std::string> bases() const;
    const std::vector<Snapshot>& snapshots() const { return snapshots_; }
    /// The snapshot that the tops were put on; empty: none.
    const std::string& current() const { return current_; }
    bool has_undo() const { return undo_; }

    /// Freezes the tops under a name.
    /// @param files names that the new layers of these disks get: "evening.vhd", or with the state folder in
    /// front
    /// @throws Error: the name is taken or no file name, an image is no VHD
    void freeze(const std::string& name, const std::map<unsigned, std::string>& files = {});
    /// New layers on a snapshot; the old tops are left_over(). @throws Error: no such snapshot
    void go_back(const std::string& name);
    /// The name is given up; merge_unneeded() does the rest. @throws Error: no such snapshot
    void forget(const std::string& name);
    /// A layer on each disk for one run. Nothing when there is one. @throws Error
    void begin_undo();
    /// The run's changes go into what lies below, or nowhere. The disks are closed. @throws Error
    void commit_undo();
    void discard_undo();
    /// Merges layers that no snapshot holds into what lies below them. The disks are closed. Can be run again
    /// after an interruption. @throws Error
    void merge_unneeded();

    /// Files that the last change made.
    const std::vector<std::string>& files_made() const { return made_; }
    /// Removes the files that the last change made: it is not to be.
    void take_back();
    /// Makes the changes true, then removes files that nothing needs any more. @throws Error
    void save();

    static void check_name(const std::string& name);

  private:
    struct Disk {
        std::string base;                           ///< absolute
        std::string top;                            ///< "" for the base, else a file name in the folder
        std::map<std::string, std::string> parents; ///< of each layer
        std::map<std::string, std::string> frozen;  ///< image of each snapshot
    };
    void load();
    void read(const std::string& text);
    void judge(const Disk& disk) const;
    std::string path(const Disk& disk, const std::string& image) const;
    void add_layer(unsigned position, Disk& disk, const std::string& parent, std::string image = {});
    std::string layer_name(const std::string& file) const;
    void drop_top(Disk& disk);
    bool is_frozen(const Disk& disk, const std::string& image) const;
    void merge(Disk& disk, std::string child);
    bool merge_one(Disk& disk);
    const Snapshot& find(const std::string& name) const;

    std::string folder_;
    std::map<unsigned, Disk> disks_;
    std::vector<Snapshot> snapshots_;
    std::string current_;
    bool undo_ = false;
    unsigned next_ = 1;
    std::vector<std::string> made_;
    std::vector<std::string> left_over_;
};

} // namespace ntferry::vmm
