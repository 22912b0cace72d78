// NTFS: clusters in use from $Bitmap, the page file's extents from the root directory. Versions 1.2 to 3.1.
// Layout: NTFS documentation of the Linux-NTFS project. Nothing on the volume is trusted.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/volume_usage.hpp"
#include "converter/volume/ntfs/mft_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace ntferry::capture {
namespace {

namespace ntfs = volume::ntfs;

constexpr std::uint64_t record_log_file = 2;
constexpr std::uint64_t record_volume = 3;
constexpr std::uint64_t record_root = 5;
constexpr std::uint64_t record_bitmap = 6;
constexpr std::uint32_t attribute_volume_information = 0x70;
constexpr std::uint32_t attribute_index_root = 0x90;
constexpr std::uint16_t volume_dirty = 0x0001;
constexpr std::uint64_t reference_mask = 0xFFFFFFFFFFFF; ///< record number; the rest is a sequence number
/// A root directory this large holds a million entries.
constexpr std::uint64_t largest_root_index = 64U << 20U;
constexpr std::size_t step = 1U << 20U;

/// Content of an attribute on the volume, by its runs.
class RunReader {
  public:
    RunReader(block::BlockDevice& volume, const std::vector<ntfs::Run>& runs, std::uint32_t cluster_size)
        : volume_(volume), runs_(runs), cluster_size_(cluster_size) {}

    /// @throws Error when a part is not stored
    void read(std::uint64_t offset, MutableByteView out) {
        while (!out.empty()) {
            const std::uint64_t vcn = offset / cluster_size_;
            const auto run = std::find_if(runs_.begin(), runs_.end(), [&](const ntfs::Run& candidate) {
                return vcn >= candidate.vcn && vcn - candidate.vcn < candidate.length;
            });
            if (run == runs_.end())
                throw Error({}, "an attribute of a system file is not stored whole in its record");
            const std::uint64_t in_run = offset - run->vcn * cluster_size_;
            const std::uint64_t length =
                std::min<std::uint64_t>(out.size(), run->length * cluster_size_ - in_run);
            volume_.read(run->lcn * cluster_size_ + in_run, out.first(length));
            offset += length;
            out = out.subspan(length);
        }
    }

  private:
    block::BlockDevice& volume_;
    const std::vector<ntfs::Run>& runs_;
    std::uint32_t cluster_size_;
};

/// The resident value of the first attribute of this type, from the raw record.
ByteView resident_value(ByteView record, std::uint32_t type) {
    std::size_t at = load_le<std::uint16_t>(record, 0x14);
    while (at + 24 <= record.size()) {
        const auto found = load_le<std::uint32_t>(record, at);
        const auto length = load_le<std::uint32_t>(record, at + 4);
        if (found == 0xFFFFFFFF || length < 24 || length > record.size() - at)
            break;
        if (found == type && record[at + 8] == 0)
            return slice(slice(record, at, length), load_le<std::uint16_t>(record, at + 0x14),
                         load_le<std::uint32_t>(record, at + 0x10));
        at += length;
    }
    return {};
}

const ntfs::RecordAttribute* find_attribute(const ntfs::MftRecord& record, std::uint32_t type,
                                            std::u16string_view name = {}) {
    const auto at =
        std::find_if(record.attributes.begin(), record.attributes.end(),
                     [&](const ntfs::RecordAttribute& a) { return a.type == type && a.name == name; });
    return at == record.attributes.end() ? nullptr : &*at;
}

class NtfsTables {
  public:
    NtfsTables(block::BlockDevice& volume, const volume::Bpb& bpb) : volume_(volume), bpb_(bpb) {
        cluster_size_ = bpb.cluster_size();
        if (bpb.mft_record_size < 512 || bpb.mft_record_size > 65536 || cluster_size_ == 0)
            throw Error({}, "boot sector: sizes are not valid");
        read_mft_runs();
    }

    VolumeUsage usage() {
        VolumeUsage result;
        version(result);
        result.clean = result.clean && log_is_clean();
        std::vector<Skip> free = free_clusters();
        try {
            merge_skips(result.skips, free, page_file());
        } catch (const Error& error) {
            result.note = fmt::format("pagefile.sys is copied: {}", error.problem());
            result.skips = SkipList();
            merge_skips(result.skips, free, {});
        }
        return result;
    }

  private:
    /// Record 0 says where the MFT lies; its mirror is the second chance on a dying disk.
    void read_mft_runs() {
        for (const std::uint64_t cluster : {bpb_.mft_cluster, bpb_.mft_mirror_cluster}) {
            try {
                Bytes bytes(bpb_.mft_record_size);
                volume_.read(checked_mul(cluster, cluster_size_), bytes);
                const auto record = parse(bytes);
                const auto* data = record ? find_attribute(*record, ntfs::attribute_data) : nullptr;
                if (data != nullptr && !data->runs.empty()) {
                    mft_ = data->runs;
                    return;
                }
            } catch (const Error&) { // NOLINT(bugprone-empty-catch): the other one, or the error below
            }
        }
        throw Error({}, "$MFT cannot be read");
    }

    std::optional<ntfs::MftRecord> parse(MutableByteView bytes) const {
        if (!ntfs::apply_fixups(bytes))
            return std::nullopt;
        return ntfs::parse_mft_record(bytes, bpb_.cluster_count);
    }

    /// A base record in use. raw keeps its bytes. @throws Error
    ntfs::MftRecord record(std::uint64_t number, Bytes& raw) {
        raw.resize(bpb_.mft_record_size);
        RunReader(volume_, mft_, cluster_size_).read(checked_mul(number, bpb_.mft_record_size), raw);
        auto parsed = parse(raw);
        if (!parsed || !parsed->in_use)
            throw Error({}, fmt::format("MFT record {} is damaged", number));
        return std::move(*parsed);
    }

    void version(VolumeUsage& result) {
        Bytes raw;
        record(record_volume, raw);
        const ByteView information = resident_value(raw, attribute_volume_information);
        if (information.size() < 12)
            throw Error({}, "$Volume is damaged");
        result.file_system = fmt::format("NTFS {}.{}", information[8], information[9]);
        result.clean = (load_le<std::uint16_t>(information, 10) & volume_dirty) == 0;
    }

    /// The log is clean when no client has it open in the newer of its two restart pages (NT 4.0 and 2000),
    /// or the clean flag is set (XP on), or it is empty (all FF).
    bool log_is_clean() {
        Bytes raw;
        const ntfs::MftRecord log = record(record_log_file, raw);
        const auto* data = find_attribute(log, ntfs::attribute_data);
        if (data == nullptr || data->runs.empty())
            return false;
        std::uint64_t newest = 0;
        bool clean = false;
        for (const std::uint64_t offset : {0U, 4096U}) {
            Bytes page(4096);
            RunReader(volume_, data->runs, cluster_size_).read(offset, page);
            if (std::all_of(page.begin(), page.end(), [](std::uint8_t byte) { return byte == 0xFF; })) {
                clean = clean || newest == 0;
                continue;
            }
            const std::size_t area = load_le<std::uint16_t>(page, 0x18);
            if (std::memcmp(page.data(), "RSTR", 4) != 0 || area > page.size() - 16)
                continue;
            const auto lsn = load_le<std::uint64_t>(page, area);
            const bool closed = load_le<std::uint16_t>(page, area + 0x0C) == 0xFFFF ||
                                (load_le<std::uint16_t>(page, area + 0x0E) & 2U) != 0;
            if (lsn >= newest) {
                newest = lsn;
                clean = closed;
            }
        }
        return clean;
    }

    std::vector<Skip> free_clusters() {
        Bytes raw;
        const ntfs::MftRecord bitmap = record(record_bitmap, raw);
        const auto* data = find_attribute(bitmap, ntfs::attribute_data);
        if (data == nullptr || data->resident || data->data_size < (bpb_.cluster_count + 7) / 8)
            throw Error({}, "$Bitmap is damaged");
        RunReader reader(volume_, data->runs, cluster_size_);
        SkipList free;
        Bytes bytes;
        for (std::uint64_t base = 0; base < bpb_.cluster_count; base += std::uint64_t{bytes.size()} * 8) {
            bytes.assign(std::min<std::uint64_t>(step, (bpb_.cluster_count - base + 63) / 64 * 8), 0xFF);
            reader.read(base / 8, MutableByteView(bytes).first(std::min<std::uint64_t>(
                                      bytes.size(), (bpb_.cluster_count - base + 7) / 8)));
            add_clear_bits(bytes, base, free);
        }
        return free.ranges();
    }

    /// Clear bits are free clusters; the first cluster is bit 0 of byte 0.
    void add_clear_bits(ByteView bytes, std::uint64_t base, SkipList& free) const {
        for (std::size_t at = 0; at < bytes.size(); at += 8) {
            auto clear = ~load_le<std::uint64_t>(bytes, at);
            std::uint64_t cluster = base + std::uint64_t{at} * 8;
            while (clear != 0) {
                const auto skip = static_cast<unsigned>(std::countr_zero(clear));
                clear >>= skip;
                cluster += skip;
                const auto length = static_cast<unsigned>(std::countr_one(clear));
                const std::uint64_t end = std::min(cluster + length, bpb_.cluster_count);
                if (cluster < end)
                    free.add(cluster * cluster_size_, (end - cluster) * cluster_size_, SkipKind::free_space);
                cluster += length;
                clear = length == 64 ? 0 : clear >> length;
            }
        }
    }

    std::vector<Skip> page_file() {
        Bytes raw;
        const ntfs::MftRecord root = record(record_root, raw);
        std::optional<std::uint64_t> reference = find_in_entries(resident_value_of_root(raw));
        const auto* allocation = find_attribute(root, ntfs::attribute_index_allocation, u"$I30");
        if (!reference && allocation != nullptr)
            reference = find_in_blocks(*allocation);
        return reference ? page_file_extents(*reference) : std::vector<Skip>();
    }

    /// Entries of $INDEX_ROOT "$I30": a named attribute, which resident_value() does not take.
    static ByteView resident_value_of_root(ByteView record) {
        std::size_t at = load_le<std::uint16_t>(record, 0x14);
        while (at + 24 <= record.size()) {
            const auto type = load_le<std::uint32_t>(record, at);
            const auto length = load_le<std::uint32_t>(record, at + 4);
            if (type == 0xFFFFFFFF || length < 24 || length > record.size() - at)
                break;
            if (type == attribute_index_root && record[at + 8] == 0) {
                const ByteView value =
                    slice(slice(record, at, length), load_le<std::uint16_t>(record, at + 0x14),
                          load_le<std::uint32_t>(record, at + 0x10));
                return entries_of(value, 0x10);
            }
            at += length;
        }
        return {};
    }

    /// Index entries behind an index header: first entry and length used are relative to the header.
    static ByteView entries_of(ByteView block, std::size_t header) {
        if (block.size() < header + 16)
            return {};
        const ByteView node = block.subspan(header);
        const std::size_t first = load_le<std::uint32_t>(node, 0);
        const std::size_t used = std::min<std::size_t>(load_le<std::uint32_t>(node, 4), node.size());
        return first <= used ? node.subspan(first, used - first) : ByteView();
    }

    static std::optional<std::uint64_t> find_in_entries(ByteView entries) {
        for (std::size_t at = 0; at + 16 <= entries.size();) {
            const auto length = load_le<std::uint16_t>(entries, at + 8);
            const auto key_length = load_le<std::uint16_t>(entries, at + 10);
            if (length < 16 || length > entries.size() - at)
                break;
            if (key_length >= 0x42 && std::size_t{key_length} + 16 <= length &&
                is_page_file_name(entries.subspan(at + 16, key_length)))
                return load_le<std::uint64_t>(entries, at);
            if ((entries[at + 12] & 2U) != 0)
                break; // the last entry has no key
            at += length;
        }
        return std::nullopt;
    }

    /// A FILE_NAME attribute that says pagefile.sys in the root directory.
    static bool is_page_file_name(ByteView key) {
        static constexpr std::string_view wanted = "pagefile.sys";
        if (key.size() < 0x42 || key[0x40] != wanted.size() || key.size() < 0x42 + 2 * wanted.size() ||
            (load_le<std::uint64_t>(key, 0) & reference_mask) != record_root)
            return false;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            const auto unit = load_le<std::uint16_t>(key, 0x42 + 2 * i);
            const auto lower = unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : int{unit};
            if (lower != wanted[i])
                return false;
        }
        return true;
    }

    std::optional<std::uint64_t> find_in_blocks(const ntfs::RecordAttribute& allocation) {
        const std::uint32_t block_size = bpb_.index_block_size;
        if (block_size < 512 || block_size > 65536)
            return std::nullopt;
        RunReader reader(volume_, allocation.runs, cluster_size_);
        const std::uint64_t end = std::min(allocation.data_size, largest_root_index);
        Bytes block(block_size);
        for (std::uint64_t at = 0; at + block_size <= end; at += block_size) {
            reader.read(at, block);
            if (std::memcmp(block.data(), "INDX", 4) != 0 || !undo_fixups(block))
                continue;
            if (const auto found = find_in_entries(entries_of(block, 0x18)))
                return found;
        }
        return std::nullopt;
    }

    /// As of an MFT record, under another name.
    static bool undo_fixups(MutableByteView block) {
        std::memcpy(block.data(), "FILE", 4);
        return ntfs::apply_fixups(block);
    }

    std::vector<Skip> page_file_extents(std::uint64_t reference) {
        Bytes raw;
        const ntfs::MftRecord file = record(reference & reference_mask, raw);
        // Entries of freed index blocks may be stale: the record itself has the last word.
        if (load_le<std::uint16_t>(raw, 0x10) != reference >> 48U || file.directory ||
            file.base_record != 0 || !is_page_file_name(resident_value(raw, ntfs::attribute_file_name)))
            return {};
        const auto* data = find_attribute(file, ntfs::attribute_data);
        if (data == nullptr || data->resident || find_attribute(file, ntfs::attribute_list) != nullptr)
            throw Error({}, "its extents are not in one record");
        std::vector<Skip> extents;
        std::uint64_t clusters = 0;
        for (const ntfs::Run& run : data->runs) {
            clusters += run.length;
            extents.push_back({run.lcn * cluster_size_, run.length * cluster_size_, SkipKind::page_file});
        }
        if (clusters < data->data_size / cluster_size_ || overlaps_system(data->runs))
            throw Error({}, "its extents are damaged");
        return extents;
    }

    /// A damaged volume may give the page file clusters that are not its own; the MFT must never be lost so.
    bool overlaps_system(const std::vector<ntfs::Run>& runs) const {
        const auto meets = [](const ntfs::Run& a, std::uint64_t lcn, std::uint64_t length) {
            return a.lcn < lcn + length && lcn < a.lcn + a.length;
        };
        return std::any_of(runs.begin(), runs.end(), [&](const ntfs::Run& run) {
            return meets(run, 0, 1) || meets(run, bpb_.mft_mirror_cluster, 1) ||
                   std::any_of(mft_.begin(), mft_.end(),
                               [&](const ntfs::Run& mft) { return meets(run, mft.lcn, mft.length); });
        });
    }

    block::BlockDevice& volume_;
    const volume::Bpb& bpb_;
    std::uint32_t cluster_size_ = 0;
    std::vector<ntfs::Run> mft_;
};

} // namespace

VolumeUsage ntfs_usage(block::BlockDevice& volume, const volume::Bpb& bpb) {
    return NtfsTables(volume, bpb).usage();
}

} // namespace ntferry::capture
