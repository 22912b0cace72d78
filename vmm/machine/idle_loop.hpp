// IdleLoop: recognises a processor that waits in a loop instead of in HLT.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// NT's MPS HAL never executes HLT (profiles/nt4-mps.xml): an idle processor goes round a few instructions of
// the kernel and of the HAL that look whether there is something to do. Looked at from time to time it is
// always at one of a few addresses, in ring 0, and whenever it comes past one of them again soon after, every
// register and flag is what it was. A loop that computes or counts changes a register or a flag, one that
// waits for a device exits.
//
// Such a processor may wait as if it had executed HLT: with interrupts enabled and nothing else that writes
// memory, the loop can only end by an interrupt. DMA ends the wait, and other processors: see IdleGroup.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ntferry::vmm {

/// A processor between two instructions.
struct ProcessorSample {
    std::uint64_t address = 0;   ///< linear, of the next instruction
    std::uint64_t registers = 0; ///< hash of the general registers and the arithmetic flags
    bool privileged = false;     ///< ring 0
    bool interruptible = false;  ///< an interrupt that came now would be taken now
    bool halted = false;         ///< waits in HLT inside KVM, and costs nothing there
    bool ran = false;            ///< certainly executed instructions since the look before
};

class IdleLoop {
  public:
    using Time = std::chrono::microseconds;
    /// The longest wait. What could change a loop's mind without ending its wait is looked at that often: a
    /// local APIC's pending bits, for example.
    static constexpr Time nap{10000};
    /// Until the next look: soon in a row of looks and at one that has just been idle, seldom at one that
    /// works; after rows in which it never came past a place twice up to eight times as long.
    static constexpr Time soon{100};
    static constexpr Time seldom{30000};
    static constexpr Time hardly{1000000}; ///< at one that halts

    /// A look at the running processor. Returns whether it may wait now.
    bool look(const ProcessorSample& sample);
    /// It touched a device. A clock's interrupt does so now and then, a loop that waits for a device all the
    /// time.
    void touched_device();
    /// After what time to look again.
    Time next_look() const;
    bool known() const { return known_; }
    /// Whether the last look found it in the loop, be it where an interrupt would be taken or not.
    bool in_loop() const { return in_loop_; }
    void forget() { *this = {}; }

  private:
    static constexpr std::size_t most_places = 40; ///< instructions of the loop
    static constexpr unsigned looks_in_a_row = 12; ///< soon one after the other
    static constexpr unsigned passes_needed = 48;  ///< seen twice in a row of looks, and the same
    static constexpr unsigned passes_a_place = 8;  ///< on average
    static constexpr unsigned same_to_another = 6; ///< at a place: interrupts may come in between
    static constexpr unsigned closed_after = 32;   ///< looks without a new place
    static constexpr unsigned misses_to_relax = 8;
    static constexpr unsigned misses_to_forget = 1000;
    static constexpr unsigned most_doublings = 3;   ///< of seldom
    static constexpr unsigned touches_of_work = 64; ///< between two looks

    struct Place {
        std::uint64_t address = 0;
        std::uint64_t registers = 0;
        unsigned row = 0;       ///< of looks, in which it was seen last
        unsigned same = 0;      ///< how often it was seen again in that row with the same registers
        unsigned different = 0; ///< or with other ones
    };
    Place* find(std::uint64_t address);
    void learn(const ProcessorSample& sample);
    bool convinced() const;
    void miss();

    bool known_ = false;
    bool in_loop_ = false;
    bool halts_ = false;
    std::array<Place, most_places> places_{};
    std::size_t count_ = 0;  ///< of places_
    std::uint64_t last_ = 0; ///< address of the look before
    unsigned row_ = 1;
    unsigned left_in_row_ = looks_in_a_row;
    bool seen_again_ = false; ///< a place in this row, with the same registers
    unsigned doublings_ = 0;
    unsigned since_new_ = 0; ///< looks since the last new place
    unsigned misses_ = 0;
    unsigned touches_ = 0;
};

} // namespace ntferry::vmm
