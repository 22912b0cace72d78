// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/disk_set.hpp"

#include "converter/base/text.hpp"
#include "converter/volume/ft/drive_letters.hpp"
#include "converter/volume/open_filesystem.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::nt {
namespace {

constexpr std::size_t volumes_limit = 256; // partitions of all disks; NT has letters for 24

bool has_boot_code(block::BlockDevice& disk) {
    Bytes sector(512);
    disk.read(0, sector);
    return !all_zero(ByteView(sector).first(440));
}

/// Sector 16 of an HPFS volume is its super block (Duncan, "Design goals and implementation of the new High
/// Performance File System", Microsoft Systems Journal 9/1989).
bool is_hpfs(block::BlockDevice& device) {
    constexpr std::uint64_t super_block = 16 * 512;
    Bytes sector(512);
    if (device.size() < super_block + sector.size())
        return false;
    device.read(super_block, sector);
    return load_le<std::uint32_t>(sector, 0) == 0xF995E849 && load_le<std::uint32_t>(sector, 4) == 0xFA53E9C5;
}

/// Whether one of the places for a copy of the boot sector holds one with the same geometry and start.
bool has_good_copy(block::BlockDevice& device, const volume::Bpb& bpb) {
    const std::vector<std::uint64_t> places = volume::backup_boot_sectors(bpb, device.size() / 512U);
    return places.empty() || std::any_of(places.begin(), places.end(), [&](std::uint64_t lba) {
               Bytes sector(512);
               if (lba >= device.size() / 512U)
                   return false;
               device.read(lba * 512U, sector);
               const auto copy = volume::parse_bpb(sector);
               return copy && copy->kind == bpb.kind && copy->serial == bpb.serial &&
                      copy->heads == bpb.heads && copy->sectors_per_track == bpb.sectors_per_track &&
                      copy->hidden_sectors == bpb.hidden_sectors;
           });
}

} // namespace

std::string VolumeFacts::title() const {
    const std::string where =
        ft_volume ? "fault-tolerant set" : fmt::format("disk {} partition {}", disk, arc_number);
    return letter == 0 ? where : fmt::format("{}: ({})", letter, where);
}

DiskSet::DiskSet(std::vector<block::SharedBlockDevice> disks) : devices_(std::move(disks)) {
    for (unsigned number = 0; number < devices_.size(); ++number) {
        const block::SharedBlockDevice& device = devices_[number];
        DiskFacts facts;
        facts.source = device->name();
        facts.bytes = device->size();
        try {
            facts.layout = volume::read_layout(*device);
            facts.geometry = volume::recover_geometry(*device, facts.layout);
            facts.boot_code = has_boot_code(*device);
        } catch (const Error& error) {
            facts.problem = error.problem();
            if (error.kind() == ErrorKind::unsupported && devices_.size() == 1)
                throw;
        }
        for (const volume::Partition& partition : facts.layout.partitions) {
            if (partition.is_extended() || volumes_.size() == volumes_limit)
                continue;
            VolumeFacts one;
            one.disk = number;
            one.partition = partition.index;
            one.arc_number = partition.arc_number;
            one.type = partition.type;
            one.active = partition.active;
            one.ft_member = partition.is_ft_member();
            one.start_lba = partition.start_lba;
            one.sectors = partition.sectors;
            volumes_.push_back(std::move(one));
            files_.emplace_back();
            try {
                open_volume(volumes_.size() - 1, volume::open_partition(device, partition));
            } catch (const Error& error) {
                volumes_.back().problem = error.problem();
            }
        }
        facts_.push_back(std::move(facts));
    }
}

void DiskSet::open_volume(std::size_t volume, const block::SharedBlockDevice& device) {
    VolumeFacts& facts = volumes_[volume];
    Bytes sector(512);
    device->read(0, sector);
    facts.bpb = volume::parse_bpb(sector);
    if (!volume::recognise_filesystem(*device)) {
        facts.hpfs = is_hpfs(*device);
        facts.problem = facts.hpfs ? "HPFS, the file system of OS/2" : "neither FAT nor NTFS";
        return;
    }
    try {
        files_[volume] = volume::open_filesystem(device);
        facts.files = files_[volume]->info();
        facts.boot_copy_good = !facts.bpb || has_good_copy(*device, *facts.bpb);
    } catch (const Error& error) {
        facts.problem = error.problem();
        files_[volume].reset();
    }
}

std::vector<volume::DiskLayout> DiskSet::layouts() const {
    std::vector<volume::DiskLayout> all;
    for (const DiskFacts& disk : facts_)
        all.push_back(disk.layout);
    return all;
}

volume::FileSystem* DiskSet::files(std::size_t volume) {
    return volume < files_.size() ? files_[volume].get() : nullptr;
}

std::optional<std::size_t> DiskSet::by_letter(char letter) const {
    for (std::size_t i = 0; i < volumes_.size(); ++i)
        if (volumes_[i].letter != 0 && text::to_lower(volumes_[i].letter) == text::to_lower(letter))
            return i;
    return std::nullopt;
}

std::optional<std::size_t> DiskSet::by_partition(unsigned disk, unsigned arc_number) const {
    for (std::size_t i = 0; i < volumes_.size(); ++i)
        if (!volumes_[i].ft_volume && volumes_[i].disk == disk && volumes_[i].arc_number == arc_number &&
            arc_number != 0)
            return i;
    return std::nullopt;
}

void DiskSet::use_disk_key(ByteView information, const std::map<std::string, std::string>& device_letters) {
    namespace ft = volume::ft;
    ft::LetterInput input;
    for (std::size_t i = 0; i < devices_.size(); ++i)
        input.disks.push_back({devices_[i], facts_[i].layout});
    input.device_letters = device_letters;
    input.cdroms = device_letters.size();
    std::vector<ft::FaultTolerantSet> sets;
    try {
        if (!information.empty()) {
            input.information = ft::parse_disk_information(information);
            ft_dirty_shutdown_ = input.information->dirty_shutdown;
            for (const std::string& problem : input.information->problems)
                problems_.push_back("DISK\\Information: " + problem);
            sets = ft::find_sets(*input.information);
        }
    } catch (const Error& error) {
        problems_.push_back(fmt::format("DISK\\Information: {}", error.problem()));
    }
    for (const ft::FaultTolerantSet& set : sets) {
        if (ft_.size() == volumes_limit)
            break;
        FtFacts facts;
        facts.kind = std::string(ft::to_string(set.type));
        facts.members = set.members.size();
        for (const ft::SetMember& member : set.members)
            if (member.known && member.state != ft::MemberState::healthy)
                facts.stale.push_back(
                    fmt::format("disk {:08X}, {}", member.signature, ft::to_string(member.state)));
        for (const ft::SetMember& member : set.members)
            for (std::size_t i = 0; i < volumes_.size(); ++i)
                if (!volumes_[i].ft_volume && facts_[volumes_[i].disk].layout.signature == member.signature &&
                    volumes_[i].start_lba * 512U == member.start)
                    facts.volumes.push_back(i);
        facts.complete = facts.volumes.size() == facts.members;
        try {
            ft::AssembledSet assembled = ft::assemble(set, input.disks);
            facts.notes = std::move(assembled.notes);
            VolumeFacts one;
            one.ft_volume = true;
            one.disk = facts.volumes.empty() ? 0 : volumes_[facts.volumes.front()].disk;
            one.sectors = assembled.device->size() / 512U;
            facts.assembled = volumes_.size();
            volumes_.push_back(std::move(one));
            files_.emplace_back();
            open_volume(volumes_.size() - 1, assembled.device);
        } catch (const Error& error) {
            facts.problem = error.problem();
        }
        ft_.push_back(std::move(facts));
    }
    for (const ft::DriveLetter& letter : ft::derive_letters(input)) {
        VolumeFacts* volume = nullptr;
        if (letter.kind == ft::DriveLetter::Kind::set && letter.set < ft_.size() && ft_[letter.set].assembled)
            volume = &volumes_[*ft_[letter.set].assembled];
        else if (letter.kind == ft::DriveLetter::Kind::partition)
            for (VolumeFacts& one : volumes_)
                if (!one.ft_volume && one.disk == letter.disk && one.partition == letter.partition)
                    volume = &one;
        if (volume != nullptr) {
            volume->letter = letter.letter;
            volume->letter_from = letter.reason;
        }
    }
}

} // namespace ntferry::nt
