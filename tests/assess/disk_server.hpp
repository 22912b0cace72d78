// A lookalike server whose disks are changed in memory: conditions that no lookalike shows by itself.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/assess/assess.hpp"
#include "converter/registry/editor.hpp"
#include "converter/volume/filesystem.hpp"
#include "converter/volume/mbr.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ntferry::test {

/// A disk whose changes stay in memory. It may be larger than what lies below.
class Overlay final : public block::BlockDevice {
  public:
    explicit Overlay(block::SharedBlockDevice below) : below_(std::move(below)), size_(below_->size()) {}
    /// An empty one.
    Overlay(std::string name, std::uint64_t size) : name_(std::move(name)), size_(size) {}

    std::string name() const override { return below_ ? below_->name() : name_; }
    std::uint64_t size() const override { return size_; }
    bool writable() const override { return true; }
    void read(std::uint64_t offset, MutableByteView out) override;
    void write(std::uint64_t offset, ByteView data) override;
    void resize(std::uint64_t size) { size_ = size; }

  private:
    static constexpr std::uint64_t page = 4096;
    Bytes& touch(std::uint64_t number);
    void read_below(std::uint64_t offset, MutableByteView out) const;
    block::SharedBlockDevice below_;
    std::string name_;
    std::uint64_t size_;
    std::map<std::uint64_t, Bytes> pages_;
};

class DiskServer {
  public:
    explicit DiskServer(const std::string& variant, unsigned disks = 1);

    Overlay& disk(unsigned number = 0) { return *disks_.at(number); }
    std::vector<std::shared_ptr<Overlay>>& disks() { return disks_; }
    /// Adds an empty disk with a partition table and a signature of its own.
    Overlay& add_disk(std::uint64_t size = 1U << 20U);

    // Sectors. Numbers are bytes of the disk.
    void put(std::uint64_t offset, ByteView bytes) { disk().write(offset, bytes); }
    void put8(std::uint64_t offset, std::uint8_t value);
    void put16(std::uint64_t offset, std::uint16_t value);
    void put32(std::uint64_t offset, std::uint32_t value);
    void zero(std::uint64_t offset, std::uint64_t length);
    /// An entry of the first disk's partition table; slot 0 to 3.
    void partition(unsigned slot, std::uint8_t type, std::uint32_t start, std::uint32_t sectors);
    /// First sector of a partition of the first disk, by its position in the table.
    std::uint64_t start(unsigned index = 0);
    /// Moves a primary partition, its content and its hidden sectors elsewhere; the disk grows as needed.
    void move_partition(unsigned slot, std::uint32_t start);

    // Files of a partition of the first disk; opened for one change after the other.
    void files(const std::function<void(volume::FileSystem&)>& change, unsigned index = 0);
    Bytes file(const std::string& path, unsigned index = 0);
    void write(const std::string& path, ByteView content, unsigned index = 0);
    void write(const std::string& path, const std::string& content, unsigned index = 0);
    void remove(const std::string& path, unsigned index = 0);
    /// boot.ini with one entry: its ARC path and its switches.
    void boot_ini(const std::string& path, const std::string& switches = "", const std::string& more = "");
    /// Changes bytes of the MFT record of a file: the value of the first attribute of this type.
    void mft_value(const std::string& name, std::uint32_t attribute,
                   const std::function<void(MutableByteView)>& change, unsigned index = 0);

    // Hives below \WINNT\system32\config. SYSTEM.ALT follows SYSTEM.
    void hive(const std::string& name, const std::function<void(registry::HiveEditor&)>& change,
              unsigned index = 0);
    void system(const std::function<void(registry::HiveEditor&)>& change) { hive("SYSTEM", change); }
    void software(const std::function<void(registry::HiveEditor&)>& change) { hive("SOFTWARE", change); }
    /// A value in ControlSet001.
    void set(const std::string& key, const std::string& name, const registry::Value& value);
    void set(const std::string& key, const std::string& name, std::uint32_t number);
    void drop(const std::string& key);
    void drop(const std::string& key, const std::string& value);
    void service(const std::string& name, std::uint32_t type, std::uint32_t start,
                 const std::string& group = "", const std::string& image = "",
                 std::uint32_t error_control = 1);
    /// The base block's fields, with the checksum made right; `grow` bytes of free cells at the end.
    void base_block(const std::string& hive, const std::function<void(MutableByteView)>& change,
                    std::size_t grow = 0);
    void disk_information(const std::function<void(Bytes&)>& change);

    nt::Inspection inspect(const profiles::Profile& profile);

  private:
    std::vector<std::shared_ptr<Overlay>> disks_;
};

} // namespace ntferry::test
