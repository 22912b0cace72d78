// Machine: a profile and a description made into a running virtual machine.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profiles/machine.hpp"
#include "profiles/profile.hpp"
#include "vmm/bus/backends.hpp"
#include "vmm/bus/clock.hpp"
#include "vmm/bus/device.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::vmm {

/// What the machine's devices talk to. Missing ones are: a drive without medium, a line that ends nowhere.
struct MachineBackends {
    std::unique_ptr<DiskBackend> disks[4]; ///< by position; see profiles::DiskSpec
    std::unique_ptr<DiskBackend> cdrom;
    std::unique_ptr<DiskBackend> floppy;
    std::unique_ptr<CharBackend> serial[2];
    std::unique_ptr<CharBackend> parallel;
    std::vector<std::unique_ptr<NetBackend>> networks; ///< in the order of MachineDescription::nics
};

struct MachineOptions {
    std::string firmware;                    ///< ROM image; empty: SeaBIOS of the seabios package
    std::string vga_firmware;                ///< VGA BIOS; empty: SeaBIOS's
    std::optional<std::uint16_t> debug_exit; ///< a byte v written there ends the run with code v * 2 + 1
    /// Gets what the firmware writes to port 402h; nothing: the port is absent, which makes POST faster.
    std::function<void(ByteView)> firmware_log;
    /// The machine lock. Give one here when back ends need it before the machine exists.
    std::shared_ptr<std::mutex> lock;
    /// Open descriptor of /dev/kvm, which the machine takes over; -1: it opens the device itself.
    int kvm = -1;
    /// String instructions that write to video memory are carried out here, not by KVM element by element.
    bool batch_strings = true;
    /// Called on each processor's thread before it enters the guest, for walls of its own.
    std::function<void()> processor_started;
};

enum class MachineState : std::uint8_t { created, running, paused, stopped };

/// Why a machine stopped, or what happened to it.
struct MachineEvent {
    enum class Kind : std::uint8_t {
        started,
        paused,
        resumed,
        reset,      ///< by the guest or by reset()
        stopped,    ///< by stop()
        debug_exit, ///< exit_code says what
        halted,     ///< HLT with interrupts off: a guest that has shut down
        failed,     ///< the host cannot go on; text says why
    };
    Kind kind = Kind::started;
    int exit_code = 0;
    std::string text;
    bool by_guest = true; ///< of reset: the guest, not reset()
};

/// One machine. Public functions may be called from any thread without the machine lock, unless they say
/// otherwise; callbacks and posted functions run with it.
class Machine {
  public:
    /// Builds and wires everything; nothing runs yet. @throws Error
    Machine(const profiles::Profile& profile, const profiles::MachineDescription& description,
            MachineBackends backends, MachineOptions options = {});
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    const profiles::Profile& profile() const;
    const profiles::MachineDescription& description() const;

    /// Powers on: one thread per processor.
    void start();
    /// Returns when no processor is in the guest and no disk operation is under way. Virtual time stands
    /// still. Nests: each pause() needs its resume().
    void pause();
    void resume();
    /// As the reset button.
    void reset();
    /// Ends the run; wait() returns.
    void stop(int exit_code = 0);
    /// Until the machine has stopped. Returns its exit code. @throws Error when the host failed it
    int wait();
    MachineState state() const;

    /// Everything of a paused machine, RAM included: parts of one stream, in order. @throws Error
    void save(const std::function<void(ByteView)>& sink);
    /// The same in one piece. @throws Error
    Bytes save();
    /// Into a machine of the same profile, description and memory that was not started or is paused.
    /// @throws Error
    void load(ByteView state);

    /// Runs fn under the machine lock, soon, on a thread of the machine's own. May be called with the lock.
    void post(std::function<void()> fn);
    /// Runs fn under the machine lock, now. Not from a callback.
    template <typename F>
    auto locked(F&& fn) {
        const std::unique_lock<std::mutex> lock(mutex());
        drain();
        return fn();
    }

    // With the machine lock held (from a callback, or inside locked()):
    /// nullptr when the profile has no video adapter.
    DisplaySource* display();
    InputSink& input();
    std::vector<Device*> devices();
    Clock& clock();
    /// Puts a floppy in or, with nothing, takes it out.
    void change_floppy(std::unique_ptr<DiskBackend> medium);
    /// Puts a disc in or, with nothing, ejects the one that is in. False when the guest locked the tray.
    bool change_cdrom(std::unique_ptr<DiskBackend> medium, bool force = false);
    /// As stop().
    void stop_with_lock(int exit_code = 0);
    /// Called under the machine lock; before start().
    void on_event(std::function<void(const MachineEvent&)> listener);
    /// The machine lock, for back ends that complete work.
    std::mutex& mutex();

    /// Exits so far, for benchmarks.
    std::uint64_t exits() const;
    /// Elements of string instructions that were carried out for a processor.
    std::uint64_t batched() const;
    /// How often a processor that waited in a loop was made to wait as in HLT.
    std::uint64_t naps() const;

  private:
    void drain();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace ntferry::vmm
