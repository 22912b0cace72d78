// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/precheck.hpp"

#include "converter/volume/ntfs/mft_record.hpp"

#include <fmt/format.h>

namespace ntferry::volume::ntfs {
namespace {

constexpr std::uint64_t record_mft = 0;
constexpr std::uint64_t record_attrdef = 4;
constexpr std::uint64_t record_upcase = 10;
constexpr std::uint64_t system_records = 16;

class Checker {
  public:
    Checker(block::BlockDevice& volume, const Bpb& bpb) : volume_(volume), bpb_(bpb) {}

    void run() {
        check_size();
        check_mft();
        // 65,536 UTF-16 units; NT's $AttrDef is 36,000 bytes at most.
        check_loaded_whole(record_upcase, "$UpCase", 131072);
        check_loaded_whole(record_attrdef, "$AttrDef", std::uint64_t{1} << 20U);
    }

  private:
    [[noreturn]] void damaged(const std::string& what) const {
        throw Error(volume_.name(), "the NTFS volume is damaged: " + what,
                    "run chkdsk on the source machine and capture again");
    }

    void check_size() const {
        const std::uint64_t bytes = checked_mul(bpb_.total_sectors, bpb_.bytes_per_sector);
        if (bytes > volume_.size())
            throw Error(volume_.name(),
                        fmt::format("the NTFS volume says it has {} bytes but only {} are there", bytes,
                                    volume_.size()),
                        "the image is truncated, or this is one member of a volume or stripe set");
    }

    MftRecord read_record(std::uint64_t number, std::string_view name) const {
        const std::uint64_t offset = bpb_.mft_cluster * bpb_.cluster_size() + number * bpb_.mft_record_size;
        if (offset + bpb_.mft_record_size > volume_.size())
            damaged(fmt::format("the record of {} lies outside the volume", name));
        Bytes bytes(bpb_.mft_record_size);
        volume_.read(offset, bytes);
        std::optional<MftRecord> record;
        if (apply_fixups(bytes))
            record = parse_mft_record(bytes, bpb_.cluster_count);
        if (!record || !record->in_use)
            damaged(fmt::format("the record of {} is not valid", name));
        return std::move(*record);
    }

    const RecordAttribute& unnamed_data(const MftRecord& record, std::string_view name) const {
        for (const RecordAttribute& attribute : record.attributes)
            if (attribute.type == attribute_data && attribute.name.empty())
                return attribute;
        damaged(fmt::format("{} has no data", name));
    }

    void check_mft() const {
        const MftRecord mft = read_record(record_mft, "$MFT");
        const RecordAttribute& data = unnamed_data(mft, "$MFT");
        // NT's formatter and CONVERT lay the first sixteen records out in one run.
        const bool together =
            !data.runs.empty() && data.runs.front().lcn == bpb_.mft_cluster &&
            data.runs.front().length * bpb_.cluster_size() >= system_records * bpb_.mft_record_size;
        if (!together)
            damaged("the start of $MFT is not where the boot sector says");
        if (data.data_size > volume_.size())
            damaged("$MFT is larger than the volume");
    }

    void check_loaded_whole(std::uint64_t number, std::string_view name, std::uint64_t limit) const {
        const MftRecord record = read_record(number, name);
        const RecordAttribute& data = unnamed_data(record, name);
        if (data.data_size == 0 || data.data_size > limit)
            damaged(fmt::format("{} has {} bytes", name, data.data_size));
    }

    block::BlockDevice& volume_;
    const Bpb& bpb_;
};

} // namespace

void check_volume(block::BlockDevice& volume, const Bpb& bpb) {
    Checker(volume, bpb).run();
}

} // namespace ntferry::volume::ntfs
