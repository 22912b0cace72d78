// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/idle_loop.hpp"

#include <algorithm>
#include <utility>

namespace ntferry::vmm {

bool IdleLoop::look(const ProcessorSample& sample) {
    halts_ = sample.halted;
    in_loop_ = false;
    touches_ = 0;
    if (known_) {
        // Registers that the loop does not use hold what the work before it left there.
        if (sample.halted || !sample.privileged || find(sample.address) == nullptr) {
            miss();
            return false;
        }
        misses_ = 0;
        in_loop_ = true;
        return sample.interruptible;
    }
    if (sample.halted || !sample.privileged) {
        const unsigned doublings = doublings_;
        forget();
        doublings_ = doublings;
        halts_ = sample.halted;
        left_in_row_ = 1; // no use in looking again soon
    } else {
        learn(sample);
    }
    if (--left_in_row_ == 0) {
        left_in_row_ = looks_in_a_row;
        ++row_;
        doublings_ = std::exchange(seen_again_, false) ? 0 : std::min(doublings_ + 1, most_doublings);
    }
    return false;
}

void IdleLoop::touched_device() {
    if (++touches_ < touches_of_work)
        return;
    touches_ = 0;
    if (known_)
        miss();
    else
        forget();
}

IdleLoop::Time IdleLoop::next_look() const {
    if (halts_)
        return hardly;
    if (known_)
        return misses_ < misses_to_relax ? soon : seldom;
    return left_in_row_ < looks_in_a_row ? soon : seldom * (1U << doublings_);
}

IdleLoop::Place* IdleLoop::find(std::uint64_t address) {
    const auto end = places_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto found =
        std::find_if(places_.begin(), end, [&](const Place& place) { return place.address == address; });
    return found == end ? nullptr : &*found;
}

void IdleLoop::learn(const ProcessorSample& sample) {
    ++since_new_;
    // At the same address as just now it may not have run at all in between. Hosts whose processors tell of
    // PAUSE nearly always find a loop there.
    const bool went_on = sample.address != std::exchange(last_, sample.address) || sample.ran;
    Place* place = find(sample.address);
    if (place == nullptr) {
        if (count_ == places_.size())
            count_ = 0; // too long to be one
        places_[count_++] = {sample.address, sample.registers, row_};
        since_new_ = 0;
        return;
    }
    if (place->row == row_ && went_on) {
        const bool same = place->registers == sample.registers;
        ++(same ? place->same : place->different);
        seen_again_ = seen_again_ || same;
    }
    place->registers = sample.registers;
    place->row = row_;
    known_ = convinced();
}

bool IdleLoop::convinced() const {
    unsigned same = 0;
    for (std::size_t n = 0; n < count_; ++n) {
        if (places_[n].different * same_to_another > places_[n].same)
            return false;
        same += places_[n].same;
    }
    return same >= passes_needed && same >= passes_a_place * count_ && since_new_ >= closed_after;
}

void IdleLoop::miss() {
    if (++misses_ >= misses_to_forget)
        forget();
}

} // namespace ntferry::vmm
