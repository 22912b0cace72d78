// Which way the parity goes round: the file system in the set knows.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/bpb.hpp"
#include "converter/volume/ft/set_device.hpp"
#include "converter/volume/open_filesystem.hpp"

#include <fmt/format.h>

#include <array>

namespace ntferry::volume::ft {
namespace {

/// FTDISK's as documented first: the first of those that fit equally well is taken.
constexpr std::array layouts{ParityLayout::right_asymmetric_from_last, ParityLayout::right_asymmetric,
                             ParityLayout::left_symmetric, ParityLayout::left_asymmetric,
                             ParityLayout::right_symmetric};

/// Directories looked into: enough to touch many rows, bounded on any volume.
constexpr std::size_t max_directories = 64;

/// Entries that can be described while walking from the root; each lies in some row of the set.
std::size_t count_whole_files(FileSystem& fs) {
    std::size_t whole = 0;
    std::vector<std::string> open{"\\"};
    for (std::size_t i = 0; i < open.size() && i < max_directories; ++i) {
        for (const FileInfo& file : fs.list(open[i])) {
            // An entry whose record lies elsewhere has neither dates nor attributes.
            if (file.modified == 0 && file.attributes == 0)
                continue;
            ++whole;
            if (file.is_directory() && open.size() < max_directories)
                open.push_back(open[i] + "\\" + file.name);
        }
    }
    return whole;
}

/// How well the set reads as a volume under a layout; 0: not at all.
std::size_t score(const block::SharedBlockDevice& set) {
    try {
        std::array<std::uint8_t, 512> boot{};
        set->read(0, boot);
        const std::optional<Bpb> bpb = parse_bpb(boot);
        if (!bpb)
            return 0;
        std::size_t points = 1;
        for (const std::uint64_t lba : backup_boot_sectors(*bpb, set->size() / 512U)) {
            std::array<std::uint8_t, 512> copy{};
            set->read(lba * 512U, copy);
            points += copy == boot ? 4U : 0U;
        }
        const FileSystemPtr fs = open_filesystem(set);
        return points + 16 + count_whole_files(*fs);
    } catch (const Error&) {
        return 1; // a boot sector, and nothing behind it
    }
}

} // namespace

DetectedParity detect_parity_layout(const Members& members) {
    DetectedParity best;
    std::size_t best_score = 0;
    bool tie = false;
    for (const ParityLayout layout : layouts) {
        const std::size_t points = score(make_stripe_with_parity(members, layout));
        if (points > best_score) {
            best.layout = layout;
            best_score = points;
            tie = false;
        } else if (points == best_score) {
            tie = true;
        }
    }
    best.proven = best_score > 16 && !tie;
    if (best.proven)
        best.evidence = fmt::format("the file system is whole with {} parity only", to_string(best.layout));
    else
        best.evidence =
            fmt::format("the file system does not tell; {} parity assumed", to_string(best.layout));
    return best;
}

} // namespace ntferry::volume::ft
