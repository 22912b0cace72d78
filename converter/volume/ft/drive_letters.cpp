// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ft/drive_letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace ntferry::volume::ft {
namespace {

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
}

class Assigner {
  public:
    explicit Assigner(const LetterInput& input) : input_(input) {}

    std::vector<DriveLetter> run() {
        const std::map<std::size_t, char> pinned = pinned_cdroms();
        for (const auto& [number, letter] : pinned)
            taken_.insert(letter);
        sets_from_registry();
        partitions_from_registry();
        for (std::size_t d = 0; d < input_.disks.size(); ++d)
            first_primary(d);
        for_each_open(true, "logical drive");
        for_each_open(false, "further primary partition");
        cdroms(pinned);
        std::sort(letters_.begin(), letters_.end(),
                  [](const DriveLetter& a, const DriveLetter& b) { return a.letter < b.letter; });
        return std::move(letters_);
    }

  private:
    using Place = std::pair<std::size_t, unsigned>;

    char next_free() const {
        for (char letter = 'C'; letter <= 'Z'; ++letter)
            if (taken_.count(letter) == 0)
                return letter;
        return 0;
    }

    /// Takes a letter; false when it is gone already.
    bool give(DriveLetter entry) {
        if (entry.letter < 'A' || entry.letter > 'Z' || !taken_.insert(entry.letter).second)
            return false;
        letters_.push_back(std::move(entry));
        return true;
    }

    const PartitionRecord* record_of(const Disk& disk, const Partition& partition) const {
        if (!input_.information || disk.layout.signature == 0)
            return nullptr;
        return input_.information->find(disk.layout.signature, partition.offset());
    }

    void sets_from_registry() {
        if (!input_.information)
            return;
        const std::vector<FaultTolerantSet> sets = find_sets(*input_.information);
        for (std::size_t s = 0; s < sets.size(); ++s) {
            bool here = false;
            DriveLetter entry;
            for (const SetMember& member : sets[s].members)
                for (std::size_t d = 0; d < input_.disks.size(); ++d)
                    for (const Partition& partition : input_.disks[d].layout.partitions)
                        if (member.known && input_.disks[d].layout.signature == member.signature &&
                            partition.offset() == member.start && !partition.is_extended()) {
                            settled_.insert({d, partition.index});
                            if (!here) {
                                entry.disk = d;
                                entry.partition = partition.index;
                            }
                            here = true;
                        }
            if (!here || sets[s].letter == 0)
                continue;
            entry.letter = sets[s].letter;
            entry.kind = DriveLetter::Kind::set;
            entry.set = s;
            entry.from_registry = true;
            entry.reason = fmt::format("DISK\\Information: {} {}", to_string(sets[s].type), sets[s].group);
            give(std::move(entry));
        }
    }

    void partitions_from_registry() {
        for (std::size_t d = 0; d < input_.disks.size(); ++d)
            for (const Partition& partition : input_.disks[d].layout.partitions) {
                const PartitionRecord* record = record_of(input_.disks[d], partition);
                if (record == nullptr || settled_.count({d, partition.index}) != 0 || partition.is_extended())
                    continue;
                if (!record->assign_letter) {
                    settled_.insert({d, partition.index});
                    continue;
                }
                if (record->letter == 0)
                    continue;
                DriveLetter entry;
                entry.letter = record->letter;
                entry.disk = d;
                entry.partition = partition.index;
                entry.from_registry = true;
                entry.reason = fmt::format("DISK\\Information: disk {:08X}, offset {}",
                                           input_.disks[d].layout.signature, partition.offset());
                if (give(std::move(entry)))
                    settled_.insert({d, partition.index});
            }
    }

    bool open(std::size_t disk, const Partition& partition) const {
        return partition.known_to_nt4() && !partition.is_ft_member() && !partition.is_extended() &&
               partition.arc_number != 0 && settled_.count({disk, partition.index}) == 0;
    }

    void give_next(std::size_t disk, const Partition& partition, std::string reason) {
        DriveLetter entry;
        entry.letter = next_free();
        entry.disk = disk;
        entry.partition = partition.index;
        entry.reason = std::move(reason);
        settled_.insert({disk, partition.index});
        give(std::move(entry));
    }

    void first_primary(std::size_t d) {
        const Partition* first = nullptr;
        for (const Partition& partition : input_.disks[d].layout.partitions) {
            if (partition.logical || !partition.known_to_nt4())
                continue;
            if (partition.active) {
                first = &partition;
                break;
            }
            if (first == nullptr)
                first = &partition;
        }
        if (first != nullptr && open(d, *first))
            give_next(d, *first, fmt::format("first primary partition of disk {}", d));
    }

    void for_each_open(bool logical, std::string_view what) {
        for (std::size_t d = 0; d < input_.disks.size(); ++d)
            for (const Partition& partition : input_.disks[d].layout.partitions)
                if (partition.logical == logical && open(d, partition))
                    give_next(d, partition, fmt::format("{} of disk {}", what, d));
    }

    /// "\device\CdRom0" = "G:"; registry names ignore case.
    std::map<std::size_t, char> pinned_cdroms() const {
        static constexpr std::string_view prefix = "\\DEVICE\\CDROM";
        std::map<std::size_t, char> pinned;
        for (const auto& [name, value] : input_.device_letters) {
            std::string key = name;
            std::transform(key.begin(), key.end(), key.begin(), upper);
            const std::string digits = key.size() > prefix.size() ? key.substr(prefix.size()) : "";
            const bool number = !digits.empty() && digits.size() <= 3 &&
                                digits.find_first_not_of("0123456789") == std::string::npos;
            if (key.rfind(prefix, 0) != 0 || !number || value.empty())
                continue;
            const char letter = upper(value[0]);
            if (letter >= 'C' && letter <= 'Z')
                pinned.emplace(std::stoul(digits), letter);
        }
        return pinned;
    }

    void cdroms(const std::map<std::size_t, char>& pinned) {
        for (const auto& [number, letter] : pinned) {
            if (number >= input_.cdroms)
                continue;
            taken_.erase(letter);
            DriveLetter entry;
            entry.letter = letter;
            entry.kind = DriveLetter::Kind::cdrom;
            entry.cdrom = number;
            entry.from_registry = true;
            entry.reason = fmt::format("DISK\\\\device\\CdRom{}", number);
            give(std::move(entry));
        }
        for (std::size_t number = 0; number < input_.cdroms; ++number) {
            if (pinned.count(number) != 0)
                continue;
            DriveLetter entry;
            entry.letter = next_free();
            entry.kind = DriveLetter::Kind::cdrom;
            entry.cdrom = number;
            entry.reason = "CD-ROMs come after all partitions";
            give(std::move(entry));
        }
    }

    const LetterInput& input_;
    std::vector<DriveLetter> letters_;
    std::set<char> taken_;
    std::set<Place> settled_;
};

} // namespace

std::vector<DriveLetter> derive_letters(const LetterInput& input) {
    return Assigner(input).run();
}

} // namespace ntferry::volume::ft
