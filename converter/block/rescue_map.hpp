// RescueMap: which parts of a disk were read, in the map file format of GNU ddrescue.
// GNU ddrescue manual 1.27, "Mapfile structure".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::block {

/// What is known about a part of the disk; the characters are ddrescue's.
enum class RescueStatus : char {
    non_tried = '?',
    non_trimmed = '*', ///< a large read failed here
    non_scraped = '/', ///< both edges are trimmed, the inside is to be read sector by sector
    bad_sector = '-',
    finished = '+',
};

struct RescueRange {
    std::uint64_t offset = 0; ///< bytes
    std::uint64_t length = 0; ///< bytes, never 0
    RescueStatus status = RescueStatus::non_tried;
    bool operator==(const RescueRange&) const = default;
    std::uint64_t end() const { return offset + length; }
};

class RescueMap {
  public:
    /// One range of the whole disk.
    explicit RescueMap(std::uint64_t size, RescueStatus status = RescueStatus::non_tried);
    /// Parses a map file. What it does not mention is non-tried. @throws Error with the line number
    static RescueMap parse(std::string_view text, const std::string& name);
    static RescueMap load(const std::string& path);
    /// Replaces the file at once: written beside it, made durable, renamed. A reader never sees half of it.
    void save(const std::string& path) const;

    std::string to_text() const;
    std::uint64_t size() const { return ranges_.empty() ? 0 : ranges_.back().end(); }
    /// Sorted, without gaps, neighbours differ.
    const std::vector<RescueRange>& ranges() const { return ranges_; }
    /// The range that holds this byte. offset < size()
    const RescueRange& at(std::uint64_t offset) const;
    void set(std::uint64_t offset, std::uint64_t length, RescueStatus status);
    /// Grows with non-tried or cuts.
    void resize(std::uint64_t size);
    std::uint64_t bytes(RescueStatus status) const;
    bool complete() const { return bytes(RescueStatus::finished) == size(); }

    /// Comment lines kept in front ("# ..."), our own facts among them.
    std::vector<std::string> comments;
    /// Where and how the run was when the map was saved: the status line.
    std::uint64_t position = 0;
    char phase = '?';
    int pass = 1;

  private:
    std::size_t index_of(std::uint64_t offset) const;
    std::vector<RescueRange> ranges_;
};

} // namespace ntferry::block
