// One MFT record, parsed without trust: for checks before libntfs-3g sees a volume, and for scanning the
// whole MFT. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::volume::ntfs {

/// Attribute types that are looked at.
enum AttributeType : std::uint32_t {
    attribute_standard_information = 0x10,
    attribute_list = 0x20,
    attribute_file_name = 0x30,
    attribute_data = 0x80,
    attribute_index_allocation = 0xA0,
};

/// A run of clusters; holes are left out.
struct Run {
    std::uint64_t vcn = 0;
    std::uint64_t lcn = 0;
    std::uint64_t length = 0; ///< clusters
};

struct RecordAttribute {
    std::uint32_t type = 0;
    std::u16string name;
    bool resident = true;
    std::uint64_t data_size = 0; ///< bytes; of the whole attribute, in its first part only
    std::vector<Run> runs;       ///< not resident
};

struct MftRecord {
    bool in_use = false;
    bool directory = false;
    std::uint64_t base_record = 0; ///< 0: this is a base record
    std::vector<RecordAttribute> attributes;
};

/// Undoes the update sequence of a record in place. False when it is not whole ("FILE" missing, torn write).
bool apply_fixups(MutableByteView record);

/// @param record fixups applied
/// @param clusters of the volume; runs outside end the list of their attribute
/// @return nothing when the record is not a valid one
std::optional<MftRecord> parse_mft_record(ByteView record, std::uint64_t clusters);

} // namespace ntferry::volume::ntfs
