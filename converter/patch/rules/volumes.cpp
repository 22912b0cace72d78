// Volumes: FT mirrors become plain disks, drive letters stay where they were.
//
// Disks keep their MBR signatures and partitions their places, so letters that DISK\Information fixes stay.
// Without that value NT counts partitions in disk order, and a CD-ROM drive takes the next letter: then they
// are written down. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/boot_code.hpp"
#include "converter/patch/rules/rules.hpp"
#include "converter/volume/ft/assemble.hpp"
#include "converter/volume/ft/drive_letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ntferry::patch {
namespace {

namespace ft = volume::ft;

constexpr const char* disk_key = "DISK";
constexpr std::uint64_t table_offset = 0x1BE;
constexpr std::uint64_t entry_size = 16;
constexpr std::uint64_t type_in_entry = 4;

class VolumeRule {
  public:
    explicit VolumeRule(RuleContext& context) : context_(context), subject_(context.subject()) {}

    void run() {
        write_boot_code();
        if (const auto value = context_.value(HiveId::system, disk_key, "Information");
            value && !value->data.empty()) {
            try {
                information_ = ft::parse_disk_information(value->data);
            } catch (const Error& error) {
                context_.note(
                    fmt::format("DISK\\Information is damaged ({}): letters follow the order of partitions",
                                error.problem()));
                return;
            }
            break_mirrors();
            tell_sets();
        } else {
            pin_letters();
        }
    }

  private:
    /// A disk that was never partitioned as a boot disk has none: a mirror's second half (KB Q117131).
    void write_boot_code() {
        constexpr std::size_t code_area = 440;
        Bytes area(code_area);
        subject_.volumes().disk(0).read(0, area);
        if (!all_zero(area))
            return;
        Bytes code(code_area);
        std::copy(boot_code().begin(), boot_code().end(), code.begin());
        context_.add("volumes.boot-code",
                     SetBytes{0, 0, std::move(code), std::move(area), "boot code of disk 0"},
                     {"the BIOS needs code in the first sector to start the active partition",
                      "the first 440 bytes of disk 0 are zeros"});
    }

    /// The byte of the partition table that holds a partition's type.
    static std::uint64_t type_offset(const volume::Partition& partition) {
        return partition.ebr_lba * 512 + table_offset + partition.slot * entry_size + type_in_entry;
    }

    /// A partition by the signature of its disk and its start.
    const volume::Partition* find(std::uint32_t signature, std::uint64_t start, unsigned& disk) const {
        for (disk = 0; disk < subject_.volumes().disk_count(); ++disk) {
            const volume::DiskLayout& layout = subject_.volumes().layout(disk);
            if (layout.signature != signature)
                continue;
            for (const volume::Partition& partition : layout.partitions)
                if (partition.offset() == start)
                    return &partition;
        }
        return nullptr;
    }

    void break_mirrors() {
        std::set<std::uint16_t> groups;
        for (const ft::DiskRecord& record : information_.disks)
            for (const ft::PartitionRecord& partition : record.partitions)
                if (partition.is_member() && partition.set_type == ft::SetType::mirror) {
                    groups.insert(partition.group);
                    make_plain(record.signature, partition);
                }
        if (groups.empty())
            return;
        ft::DiskInformation plain = information_;
        for (const std::uint16_t group : groups)
            ft::remove_set(plain, ft::SetType::mirror, group);
        // No mirror is left, however the records refer to their members.
        std::erase_if(plain.sets, [](const ft::SetRecord& set) { return set.type == ft::SetType::mirror; });
        keep_letter_of_primary(plain);
        context_.set(HiveId::system, "volumes.information", disk_key, "Information",
                     registry::Value::binary(ft::serialise(plain)),
                     {"the mirror is broken: each member is a plain volume, the first keeps the letter",
                      fmt::format("DISK\\Information names {} mirror set(s)", groups.size())});
        context_.note("the mirror was broken: attach the first disk only, or both as plain disks; their "
                      "contents are the "
                      "same, the capture files keep the mirror as it was");
    }

    void make_plain(std::uint32_t signature, const ft::PartitionRecord& record) {
        unsigned disk = 0;
        const volume::Partition* partition = find(signature, record.start, disk);
        if (partition == nullptr || !partition->is_ft_member())
            return;
        context_.add(fmt::format("volumes.type.{}.{}", disk, partition->index),
                     SetBytes{disk,
                              type_offset(*partition),
                              {partition->base_type()},
                              {partition->type},
                              fmt::format("type of partition {} of disk {}", partition->arc_number, disk)},
                     {"a mirror of one disk is a plain disk; FTDISK would report a missing member",
                      fmt::format("type {:02X}, DISK\\Information: member {} of mirror {}", partition->type,
                                  record.member, record.group)});
    }

    /// Both halves had one letter: the half that the system runs from keeps it.
    void keep_letter_of_primary(ft::DiskInformation& plain) const {
        const std::uint32_t primary = subject_.volumes().layout(subject_.system().volume.disk).signature;
        for (ft::DiskRecord& record : plain.disks) {
            if (record.signature == primary)
                continue;
            for (ft::PartitionRecord& partition : record.partitions) {
                const ft::PartitionRecord* before = information_.find(record.signature, partition.start);
                if (before != nullptr && before->is_member() && before->set_type == ft::SetType::mirror)
                    partition.letter = 0;
            }
        }
    }

    /// Stripe and volume sets work where all their disks are attached: FTDISK puts them together by the
    /// signatures, wherever the disks hang. What is missing would be missed by programs, not by the start.
    void tell_sets() {
        for (const ft::FaultTolerantSet& set : ft::find_sets(information_)) {
            if (set.type == ft::SetType::mirror)
                continue;
            std::size_t there = 0;
            std::string missing;
            for (const ft::SetMember& member : set.members) {
                unsigned disk = 0;
                if (member.known && find(member.signature, member.start, disk) != nullptr)
                    ++there;
                else
                    missing += fmt::format("{}{:08X}", missing.empty() ? "" : ", ", member.signature);
            }
            const std::string name =
                fmt::format("the {}{} over {} partitions", ft::to_string(set.type),
                            set.letter == 0 ? "" : fmt::format(" {}:", set.letter), set.members.size());
            if (there == set.members.size())
                context_.note(fmt::format("{} stays: its disks are all here, each becomes a disk of the "
                                          "machine, and FTDISK finds them by their signatures",
                                          name));
            else if (set.type == ft::SetType::stripe_with_parity && there + 1 == set.members.size())
                context_.note(fmt::format("{} lacks one of its disks (signature {}) and works without it: "
                                          "regenerate it in Disk Administrator",
                                          name, missing));
            else
                context_.decide(
                    fmt::format("ft-set-{}-{}", static_cast<unsigned>(set.type), set.group),
                    fmt::format("{} lacks {} of its disks", name, set.members.size() - there),
                    fmt::format("DISK\\Information; signatures {} are not among the disks given (--disk)",
                                missing),
                    {{"without", "carry the server without this volume; the other disks can be captured and "
                                 "attached later"}});
        }
    }

    void pin_letters() {
        ft::LetterInput input;
        for (unsigned disk = 0; disk < subject_.volumes().disk_count(); ++disk)
            input.disks.push_back({nullptr, subject_.volumes().layout(disk)});
        ft::DiskInformation pinned;
        std::string letters;
        for (const ft::DriveLetter& letter : ft::derive_letters(input)) {
            if (letter.kind != ft::DriveLetter::Kind::partition)
                continue;
            const volume::DiskLayout& layout = subject_.volumes().layout(static_cast<unsigned>(letter.disk));
            const volume::Partition& partition = layout.partitions.at(letter.partition);
            if (layout.signature == 0)
                return; // FTDISK knows disks by their signature: nothing to pin to
            ft::pin_letter(pinned, layout.signature, partition.offset(), partition.bytes(), letter.letter);
            letters += fmt::format("{}{}:", letters.empty() ? "" : " ", letter.letter);
        }
        // One volume is C: whatever happens.
        if (letters.size() <= 2)
            return;
        context_.set(
            HiveId::system, "volumes.information", disk_key, "Information",
            registry::Value::binary(ft::serialise(pinned)),
            {fmt::format("the letters {} stay whatever disks are attached later; a system whose letter moves "
                         "stops with C000021A (KB Q145578)",
                         letters),
             "DISK\\Information does not exist"});
    }

    RuleContext& context_;
    Subject& subject_;
    ft::DiskInformation information_;
};

} // namespace

void plan_volumes(RuleContext& context) {
    VolumeRule(context).run();
}

} // namespace ntferry::patch
