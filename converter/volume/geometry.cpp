// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/geometry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace ntferry::volume {
namespace {

using Candidate = std::pair<std::uint32_t, std::uint32_t>; // heads, sectors

/// A statement about the geometry. Votes name heads and sectors; pairs tie a CHS to an LBA.
struct Statement {
    enum class Kind { bpb, end_of_cylinder, pair } kind;
    std::string text;
    std::uint32_t heads = 0;
    std::uint32_t sectors = 0;
    Chs chs;
    std::uint64_t lba = 0;
    int weight = 1;

    bool holds(const Candidate& c) const {
        if (kind != Kind::pair)
            return heads == c.first && sectors == c.second;
        return chs.head < c.first && chs.sector <= c.second && chs_to_lba(chs, c.first, c.second) == lba;
    }
};

/// Addresses at cylinder 1023 say "beyond": tools and INT 13h clip there.
bool saturated(const Chs& chs) {
    return chs.cylinder >= 1023;
}

bool usable(std::uint32_t heads, std::uint32_t sectors) {
    return heads >= 1 && heads <= 256 && sectors >= 1 && sectors <= 63;
}

std::string chs_text(const Chs& chs) {
    return fmt::format("{}/{}/{}", chs.cylinder, chs.head, chs.sector);
}

void add_entry_statements(const Partition& p, std::vector<Statement>& out) {
    const std::string who = fmt::format("partition {}", p.index + 1);
    const auto add_pair = [&](const Chs& chs, std::uint64_t lba, std::string_view which) {
        if (chs.sector == 0 || saturated(chs))
            return;
        // An address in cylinder 0 says nothing about heads unless the head is 0 or carries over.
        out.push_back({Statement::Kind::pair,
                       fmt::format("{}: {} CHS {} is sector {}", who, which, chs_text(chs), lba), 0, 0, chs,
                       lba, chs.cylinder > 0 ? 3 : 1});
    };
    // Logical drives' CHS in an EBR are absolute under NT; other tools differ, the vote sorts it out.
    add_pair(p.start_chs, p.start_lba, "start");
    add_pair(p.end_chs, p.start_lba + p.sectors - 1, "end");
    const Chs& end = p.end_chs;
    if (!usable(end.head + 1U, end.sector))
        return;
    // 1023/254/63 is what every tool writes for "too far"; 1023 with another head still carries the tool's
    // heads.
    if (saturated(end) && end.head >= 254)
        return;
    out.push_back({Statement::Kind::end_of_cylinder,
                   fmt::format("{}: ends at CHS {}, as with {} heads, {} sectors", who, chs_text(end),
                               end.head + 1U, end.sector),
                   end.head + 1U, end.sector, end, 0, saturated(end) ? 1 : 2});
}

std::vector<Statement> collect(const DiskLayout& layout, const std::vector<PartitionBpb>& bpbs) {
    std::vector<Statement> statements;
    const Partition* active = layout.active();
    for (const PartitionBpb& entry : bpbs) {
        const Bpb& bpb = entry.bpb;
        if (!usable(bpb.heads, bpb.sectors_per_track))
            continue;
        const bool boots = active != nullptr && active->index == entry.partition;
        statements.push_back({Statement::Kind::bpb,
                              fmt::format("partition {}: BPB says {} heads, {} sectors", entry.partition + 1,
                                          bpb.heads, bpb.sectors_per_track),
                              bpb.heads,
                              bpb.sectors_per_track,
                              {},
                              0,
                              boots ? 8 : 4});
    }
    for (const Partition& partition : layout.partitions)
        if (partition.sectors != 0)
            add_entry_statements(partition, statements);
    return statements;
}

/// Every geometry that some statement proposes: votes directly, pairs solved for heads at each track length.
std::set<Candidate> candidates(const std::vector<Statement>& statements) {
    std::set<Candidate> set;
    for (const Statement& s : statements) {
        if (s.kind != Statement::Kind::pair) {
            set.insert({s.heads, s.sectors});
            continue;
        }
        if (s.chs.cylinder == 0)
            continue;
        for (std::uint32_t sectors = s.chs.sector; sectors <= 63; ++sectors) {
            // lba = (c * H + h) * S + s - 1
            if (s.lba + 1 < s.chs.sector)
                break;
            const std::uint64_t tracks_exact = s.lba + 1 - s.chs.sector;
            if (tracks_exact % sectors != 0)
                continue;
            const std::uint64_t tracks = tracks_exact / sectors;
            if (tracks < s.chs.head || (tracks - s.chs.head) % s.chs.cylinder != 0)
                continue;
            const std::uint64_t heads = (tracks - s.chs.head) / s.chs.cylinder;
            if (heads > s.chs.head && heads <= 256)
                set.insert({static_cast<std::uint32_t>(heads), sectors});
        }
    }
    return set;
}

int score(const Candidate& candidate, const std::vector<Statement>& statements) {
    int total = 0;
    for (const Statement& s : statements)
        if (s.holds(candidate))
            total += s.weight;
    return total;
}

/// Of candidates with equal support the translations that BIOSes really use win.
int familiarity(const Candidate& candidate) {
    static constexpr std::array<std::uint32_t, 8> heads{255, 240, 128, 64, 32, 16, 15, 8};
    int rank = candidate.second == 63 ? 20 : candidate.second == 32 ? 10 : 0;
    const auto* known = std::find(heads.begin(), heads.end(), candidate.first);
    if (known != heads.end())
        rank += static_cast<int>(heads.end() - known);
    return rank;
}

} // namespace

Geometry recover_geometry(const DiskLayout& layout, const std::vector<PartitionBpb>& bpbs) {
    const std::vector<Statement> statements = collect(layout, bpbs);
    Geometry geometry;
    Candidate best{255, 63};
    int best_score = 0;
    for (const Candidate& candidate : candidates(statements)) {
        const int points = score(candidate, statements);
        if (points > best_score || (points == best_score && familiarity(candidate) > familiarity(best))) {
            best = candidate;
            best_score = points;
        }
    }
    geometry.heads = best.first;
    geometry.sectors = best.second;
    const std::uint64_t cylinders = layout.disk_sectors / (std::uint64_t{best.first} * best.second);
    geometry.cylinders = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(cylinders, 1, 1024));

    bool from_bpb = false;
    bool from_table = false;
    for (const Statement& s : statements) {
        if (!s.holds(best)) {
            // A partition need not end on a cylinder; only its address pair can then be wrong.
            if (s.kind != Statement::Kind::end_of_cylinder)
                geometry.contradictions.push_back(s.text);
            continue;
        }
        geometry.evidence.push_back(s.text);
        (s.kind == Statement::Kind::bpb ? from_bpb : from_table) = true;
    }
    if (best_score == 0)
        geometry.confidence = GeometryConfidence::none;
    else if (from_bpb && from_table && geometry.contradictions.empty())
        geometry.confidence = GeometryConfidence::certain;
    else
        geometry.confidence = GeometryConfidence::likely;
    return geometry;
}

Geometry recover_geometry(block::BlockDevice& disk, const DiskLayout& layout) {
    std::vector<PartitionBpb> bpbs;
    for (const Partition& partition : layout.partitions) {
        if (partition.is_extended() || partition.start_lba >= layout.disk_sectors)
            continue;
        std::array<std::uint8_t, 512> sector{};
        try {
            disk.read(partition.offset(), sector);
        } catch (const block::ReadError&) {
            continue; // a bad boot sector does not stop the others from voting
        }
        if (std::optional<Bpb> bpb = parse_bpb(sector))
            bpbs.push_back({partition.index, std::move(*bpb)});
    }
    return recover_geometry(layout, bpbs);
}

} // namespace ntferry::volume
