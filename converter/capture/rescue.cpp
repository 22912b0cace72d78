// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/rescue.hpp"

#include "converter/capture/source_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::capture {
namespace {

using block::RescueRange;
using block::RescueStatus;

constexpr std::uint64_t longest_jump = 64U << 20U;

class Rescue {
  public:
    Rescue(block::BlockDevice& source, Target& target, Progress& progress, const std::stop_token& stop)
        : source_(source), target_(target), progress_(progress), stop_(stop),
          sector_(std::clamp<std::uint64_t>(source.logical_block_size(), 512, 4096)), buffer_(error_step) {}

    std::uint64_t run(unsigned retries) {
        if (has(RescueStatus::non_tried)) {
            phase("pass 2: backwards", '?', 2);
            backwards();
            progress_.done();
        }
        if (has(RescueStatus::non_tried)) {
            phase("pass 3: what was jumped over", '?', 3);
            forwards();
            progress_.done();
        }
        if (has(RescueStatus::non_trimmed)) {
            phase("pass 4: trimming", '*', 1);
            for (const RescueRange& range : ranges(RescueStatus::non_trimmed))
                trim(range);
            progress_.done();
        }
        if (has(RescueStatus::non_scraped)) {
            phase("pass 5: sector by sector", '/', 1);
            for (const RescueRange& range : ranges(RescueStatus::non_scraped))
                for (std::uint64_t at = range.offset; at < range.end(); at += step_at(at, range.end()))
                    try_sector(at, step_at(at, range.end()));
            progress_.done();
        }
        for (unsigned retry = 1; retry <= retries && has(RescueStatus::bad_sector); ++retry) {
            phase(fmt::format("retry {} of {}", retry, retries), '-', static_cast<int>(retry));
            again(retry % 2 == 0);
            progress_.done();
        }
        return read_;
    }

  private:
    bool has(RescueStatus status) { return target_.map().bytes(status) != 0; }

    /// A copy: the map changes while it is worked off.
    std::vector<RescueRange> ranges(RescueStatus status) {
        std::vector<RescueRange> found;
        for (const RescueRange& range : target_.map().ranges())
            if (range.status == status)
                found.push_back(range);
        return found;
    }

    void phase(const std::string& name, char status, int pass) {
        target_.map().phase = status;
        target_.map().pass = pass;
        progress_.phase(name, source_.size());
        bad_ = 0;
        for (const RescueRange& range : target_.map().ranges())
            bad_ += range.status == RescueStatus::finished || range.status == RescueStatus::non_tried
                        ? 0
                        : range.length;
    }

    /// Up to the next sector boundary, not beyond end.
    std::uint64_t step_at(std::uint64_t at, std::uint64_t end) const {
        return std::min(end - at, sector_ - at % sector_);
    }

    /// Reads and stores a part. False when the medium refused it.
    bool attempt(std::uint64_t offset, std::uint64_t length, RescueStatus before, RescueStatus on_error) {
        if (stop_.stop_requested())
            throw Interrupted(source_.name(), "go on with --resume");
        const MutableByteView part = MutableByteView(buffer_).first(length);
        const bool counted = before != RescueStatus::non_tried;
        bool good = true;
        try {
            source_.read(offset, part);
            read_ += length;
            target_.store(offset, part);
            bad_ -= counted ? length : 0;
        } catch (const block::ReadError& error) {
            if (source_is_gone(error))
                throw;
            target_.mark(offset, length, on_error);
            bad_ += counted ? 0 : length;
            good = false;
        }
        done_ = offset + length;
        progress_.update({.done = done_, .total = source_.size(), .errors = bad_});
        target_.save_if_due();
        return good;
    }

    void backwards() {
        std::vector<RescueRange> todo = ranges(RescueStatus::non_tried);
        std::uint64_t nothing_above = source_.size();
        std::uint64_t jump = 0;
        for (auto range = todo.rbegin(); range != todo.rend(); ++range) {
            for (std::uint64_t end = range->end(); end > range->offset;) {
                const std::uint64_t begin = std::max(range->offset, (end - 1) / error_step * error_step);
                if (begin < nothing_above) {
                    if (attempt(begin, end - begin, RescueStatus::non_tried, RescueStatus::non_trimmed)) {
                        jump = 0;
                        nothing_above = begin;
                    } else {
                        jump = std::clamp(jump * 2, error_step, longest_jump);
                        nothing_above = begin > jump ? begin - jump : 0;
                    }
                }
                end = begin;
            }
        }
    }

    void forwards() {
        for (const RescueRange& range : ranges(RescueStatus::non_tried))
            for (std::uint64_t at = range.offset; at < range.end();) {
                const std::uint64_t length = std::min(range.end() - at, error_step - at % error_step);
                attempt(at, length, RescueStatus::non_tried, RescueStatus::non_trimmed);
                at += length;
            }
    }

    bool try_sector(std::uint64_t at, std::uint64_t length) {
        return attempt(at, length, RescueStatus::bad_sector, RescueStatus::bad_sector);
    }

    /// From either edge inwards up to the first bad sector.
    void trim(const RescueRange& range) {
        std::uint64_t begin = range.offset;
        std::uint64_t end = range.end();
        bool good = true;
        while (good && begin < end) {
            const std::uint64_t length = step_at(begin, end);
            good = try_sector(begin, length);
            begin += length;
        }
        good = true;
        while (good && begin < end) {
            const std::uint64_t at = std::max(begin, (end - 1) / sector_ * sector_);
            good = try_sector(at, end - at);
            end = at;
        }
        if (begin < end)
            target_.mark(begin, end - begin, RescueStatus::non_scraped);
    }

    void again(bool backward) {
        std::vector<RescueRange> todo = ranges(RescueStatus::bad_sector);
        if (backward)
            std::reverse(todo.begin(), todo.end());
        for (const RescueRange& range : todo) {
            if (!backward) {
                for (std::uint64_t at = range.offset; at < range.end(); at += step_at(at, range.end()))
                    try_sector(at, step_at(at, range.end()));
                continue;
            }
            for (std::uint64_t end = range.end(); end > range.offset;) {
                const std::uint64_t at = std::max(range.offset, (end - 1) / sector_ * sector_);
                try_sector(at, end - at);
                end = at;
            }
        }
    }

    block::BlockDevice& source_;
    Target& target_;
    Progress& progress_;
    const std::stop_token& stop_;
    std::uint64_t sector_;
    Bytes buffer_;
    std::uint64_t read_ = 0;
    std::uint64_t bad_ = 0;
    std::uint64_t done_ = 0;
};

} // namespace

std::uint64_t rescue(block::BlockDevice& source, Target& target, unsigned retries, Progress& progress,
                     const std::stop_token& stop) {
    return Rescue(source, target, progress, stop).run(retries);
}

} // namespace ntferry::capture
