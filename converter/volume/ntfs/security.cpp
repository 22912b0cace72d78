// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/security.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace ntferry::volume::ntfs {
namespace {

// Control bits.
constexpr std::uint16_t dacl_present = 0x0004;
constexpr std::uint16_t sacl_present = 0x0010;
constexpr std::uint16_t self_relative = 0x8000;

// ACE types and flags.
constexpr std::uint8_t ace_allowed = 0;
constexpr std::uint8_t ace_audit = 2;
constexpr std::uint8_t object_inherit = 0x01;
constexpr std::uint8_t container_inherit = 0x02;
constexpr std::uint8_t no_propagate = 0x04;
constexpr std::uint8_t inherit_only = 0x08;
constexpr std::uint8_t audit_flags = 0xC0;

// Access rights.
constexpr std::uint32_t generic_all = 0x10000000;
constexpr std::uint32_t generic_execute = 0x20000000;
constexpr std::uint32_t generic_write = 0x40000000;
constexpr std::uint32_t generic_read = 0x80000000;
constexpr std::uint32_t generic_bits = generic_all | generic_execute | generic_write | generic_read;
constexpr std::uint32_t file_all_access = 0x001F01FF;
constexpr std::uint32_t file_generic_read = 0x00120089;
constexpr std::uint32_t file_generic_write = 0x00120116;
constexpr std::uint32_t file_generic_execute = 0x001200A0;

constexpr std::size_t header_bytes = 20;
constexpr std::size_t acl_header = 8;
constexpr std::size_t ace_header = 8; ///< type, flags, size, mask
constexpr std::uint8_t most_sub_authorities = 15;
/// An ACL's size is a 16-bit number.
constexpr std::size_t largest_acl = 0xFFFF;

constexpr std::array<std::uint8_t, 16> administrators{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 0x02, 0, 0};
constexpr std::array<std::uint8_t, 12> local_system{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
constexpr std::array<std::uint8_t, 12> creator_owner{1, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0};
constexpr std::array<std::uint8_t, 12> creator_group{1, 1, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0};

bool same(ByteView a, ByteView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

/// The SID at an offset, when all of it is there.
std::optional<ByteView> sid_at(ByteView bytes, std::size_t offset) {
    if (offset < header_bytes || offset > bytes.size() || bytes.size() - offset < 8)
        return std::nullopt;
    const ByteView sid = bytes.subspan(offset);
    const std::size_t length = 8 + std::size_t{4} * sid[1];
    if (sid[0] != 1 || sid[1] == 0 || sid[1] > most_sub_authorities || sid.size() < length)
        return std::nullopt;
    return sid.first(length);
}

struct Ace {
    std::uint8_t type = ace_allowed;
    std::uint8_t flags = 0;
    std::uint32_t mask = 0;
    ByteView sid;
};

/// The entries of the list at an offset; the first that is not valid ends it.
std::vector<Ace> entries(ByteView descriptor, std::size_t offset) {
    std::vector<Ace> list;
    if (offset < header_bytes || offset > descriptor.size() || descriptor.size() - offset < acl_header)
        return list;
    ByteView acl = descriptor.subspan(offset);
    const std::size_t size = load_le<std::uint16_t>(acl, 2);
    const unsigned count = load_le<std::uint16_t>(acl, 4);
    if (size < acl_header || size > acl.size())
        return list;
    acl = acl.first(size);
    std::size_t at = acl_header;
    for (unsigned i = 0; i < count && size - at >= ace_header + 8; ++i) {
        const std::size_t length = load_le<std::uint16_t>(acl, at + 2);
        if (length < ace_header + 8 || length > size - at)
            break;
        const ByteView sid = acl.subspan(at + ace_header, length - ace_header);
        const std::size_t sid_length = 8 + std::size_t{4} * sid[1];
        if (acl[at] <= ace_audit && sid[0] == 1 && sid[1] <= most_sub_authorities && sid_length <= sid.size())
            list.push_back(
                {acl[at], acl[at + 1], load_le<std::uint32_t>(acl, at + 4), sid.first(sid_length)});
        at += length;
    }
    return list;
}

std::uint32_t file_rights(std::uint32_t mask) {
    std::uint32_t rights = mask & ~generic_bits;
    if ((mask & generic_all) != 0)
        rights |= file_all_access;
    if ((mask & generic_read) != 0)
        rights |= file_generic_read;
    if ((mask & generic_write) != 0)
        rights |= file_generic_write;
    if ((mask & generic_execute) != 0)
        rights |= file_generic_execute;
    return rights;
}

class Acl {
  public:
    void add(std::uint8_t type, std::uint8_t flags, std::uint32_t mask, ByteView sid) {
        const std::size_t length = ace_header + sid.size();
        if (acl_header + bytes_.size() + length > largest_acl)
            return;
        const std::size_t at = bytes_.size();
        bytes_.resize(at + ace_header);
        bytes_[at] = type;
        bytes_[at + 1] = flags;
        store_le<std::uint16_t>(bytes_, at + 2, static_cast<std::uint16_t>(length));
        store_le<std::uint32_t>(bytes_, at + 4, mask);
        bytes_.insert(bytes_.end(), sid.begin(), sid.end());
        ++count_;
    }
    bool empty() const { return count_ == 0; }
    Bytes bytes() const {
        Bytes out(acl_header);
        out[0] = 2; // ACL_REVISION
        store_le<std::uint16_t>(out, 2, static_cast<std::uint16_t>(acl_header + bytes_.size()));
        store_le<std::uint16_t>(out, 4, count_);
        out.insert(out.end(), bytes_.begin(), bytes_.end());
        return out;
    }

  private:
    Bytes bytes_;
    std::uint16_t count_ = 0;
};

/// What the entries of a folder's list hand down.
Acl handed_down(const std::vector<Ace>& folder, bool directory, ByteView owner, ByteView group) {
    Acl list;
    for (const Ace& ace : folder) {
        const std::uint8_t audit = ace.flags & audit_flags;
        const bool goes_on = directory && (ace.flags & no_propagate) == 0;
        const std::uint8_t further = ace.flags & (object_inherit | container_inherit);
        const bool here = (ace.flags & (directory ? container_inherit : object_inherit)) != 0;
        if (!here) {
            // For files further down only.
            if (goes_on && further != 0)
                list.add(ace.type, static_cast<std::uint8_t>(audit | further | inherit_only), ace.mask,
                         ace.sid);
            continue;
        }
        ByteView sid = ace.sid;
        if (same(sid, creator_owner))
            sid = owner;
        else if (same(sid, creator_group))
            sid = group;
        const std::uint32_t mask = file_rights(ace.mask);
        const bool changed = !same(sid, ace.sid) || mask != ace.mask;
        if (goes_on && !changed) {
            list.add(ace.type, static_cast<std::uint8_t>(audit | further), mask, sid);
            continue;
        }
        list.add(ace.type, audit, mask, sid);
        if (goes_on)
            list.add(ace.type, static_cast<std::uint8_t>(audit | further | inherit_only), ace.mask, ace.sid);
    }
    return list;
}

} // namespace

Bytes inherited_descriptor(ByteView folder, bool directory) {
    const ByteView owner = administrators;
    ByteView group = administrators;
    Acl dacl;
    Acl sacl;
    if (folder.size() >= header_bytes && folder[0] == 1) {
        const auto control = load_le<std::uint16_t>(folder, 2);
        if (const auto found = sid_at(folder, load_le<std::uint32_t>(folder, 8)))
            group = *found;
        if ((control & sacl_present) != 0)
            sacl = handed_down(entries(folder, load_le<std::uint32_t>(folder, 12)), directory, owner, group);
        if ((control & dacl_present) != 0)
            dacl = handed_down(entries(folder, load_le<std::uint32_t>(folder, 16)), directory, owner, group);
    }
    if (dacl.empty()) {
        dacl.add(ace_allowed, 0, file_all_access, administrators);
        dacl.add(ace_allowed, 0, file_all_access, local_system);
    }
    Bytes out(header_bytes);
    out[0] = 1; // SECURITY_DESCRIPTOR_REVISION
    std::uint16_t control = self_relative | dacl_present;
    const auto append = [&](std::size_t field, ByteView part) {
        store_le<std::uint32_t>(out, field, static_cast<std::uint32_t>(out.size()));
        out.insert(out.end(), part.begin(), part.end());
        while (out.size() % 4 != 0)
            out.push_back(0);
    };
    if (!sacl.empty()) {
        control |= sacl_present;
        append(12, sacl.bytes());
    }
    append(16, dacl.bytes());
    append(4, owner);
    append(8, group);
    store_le<std::uint16_t>(out, 2, control);
    return out;
}

} // namespace ntferry::volume::ntfs
