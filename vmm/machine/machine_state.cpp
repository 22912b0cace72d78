// A machine's state as one stream of bytes.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Magic, format, identity (profile, abi, memory, processors), virtual time, one length-checked section per
// device in the board's order, one per processor, then RAM: runs of pages that are not all zero.
#include "vmm/machine/machine_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ntferry::vmm {
namespace {

constexpr std::uint64_t MAGIC = 0x3154535946544E00; // "\0NTFYST1"
constexpr std::uint16_t FORMAT = 1;
constexpr std::size_t PAGE = 4096;
constexpr std::uint64_t END_OF_RAM = ~std::uint64_t{0};
constexpr std::uint64_t SECTION_LIMIT = std::uint64_t{256} << 20U;

void put_text(StateWriter& writer, std::string_view text) {
    writer.put_bytes(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::string get_text(StateReader& reader) {
    const Bytes bytes = reader.get_bytes(256);
    return {bytes.begin(), bytes.end()};
}

void put_ram(const std::function<void(ByteView)>& sink, ByteView ram) {
    for (std::size_t at = 0; at < ram.size();) {
        if (all_zero(ram.subspan(at, PAGE))) {
            at += PAGE;
            continue;
        }
        std::size_t end = at + PAGE;
        while (end < ram.size() && !all_zero(ram.subspan(end, PAGE)))
            end += PAGE;
        StateWriter run; // as StateWriter::put_bytes(), without a copy of the memory
        run.put(static_cast<std::uint64_t>(at));
        run.put(static_cast<std::uint64_t>(end - at));
        sink(run.bytes());
        sink(ram.subspan(at, end - at));
        at = end;
    }
    StateWriter last;
    last.put(END_OF_RAM);
    sink(last.bytes());
}

void get_ram(StateReader& reader, MutableByteView ram) {
    std::uint64_t done = 0;
    const auto clear = [&](std::uint64_t to) {
        // Only what is not zero already is touched.
        for (; done < to; done += PAGE)
            if (const MutableByteView page = ram.subspan(done, PAGE); !all_zero(page))
                std::memset(page.data(), 0, page.size());
    };
    for (;;) {
        const auto at = reader.get<std::uint64_t>();
        if (at == END_OF_RAM)
            break;
        if (at % PAGE != 0 || at < done || at >= ram.size())
            throw Error("ram", "saved state puts memory where none is");
        clear(at);
        const Bytes run = reader.get_bytes(ram.size() - at);
        if (run.empty() || run.size() % PAGE != 0)
            throw Error("ram", "saved state holds a broken page");
        std::memcpy(ram.data() + at, run.data(), run.size());
        done = at + run.size();
    }
    clear(ram.size());
}

} // namespace

/// An instruction that moves a string leaves several times: what it has read of a device must reach the
/// guest.
void Machine::Impl::finish_instruction(Processor& cpu) {
    for (unsigned exits_left = 100'000; exits_left > 0; --exits_left) {
        const kvm::ExitReason reason = cpu.vcpu.finish_exit();
        drain();
        if (reason == kvm::ExitReason::interrupted)
            return;
        handle(cpu, reason);
    }
    throw Error(description.name, "is in the middle of a long instruction", "try again");
}

void Machine::Impl::save(const std::function<void(ByteView)>& sink) {
    if (state == MachineState::running)
        throw Error(description.name, "only a paused machine can be saved");
    const bool apic = profile.interrupts == profiles::InterruptController::apic;
    for (auto& cpu : cpus)
        finish_instruction(*cpu);
    StateWriter writer;
    writer.put(MAGIC);
    writer.version(FORMAT);
    put_text(writer, profile.name);
    writer.put(static_cast<std::uint32_t>(profile.abi));
    writer.put(memory->size());
    writer.put(static_cast<std::uint32_t>(cpus.size()));
    writer.put(clock.now());
    for (const Device* device : board->devices()) {
        StateWriter section;
        device->save(section);
        put_text(writer, device->name());
        writer.put_bytes(section.bytes());
    }
    for (const auto& cpu : cpus) {
        StateWriter section;
        cpu->vcpu.save(section, apic);
        section.put(cpu->halted);
        writer.put_bytes(section.bytes());
    }
    sink(writer.bytes());
    put_ram(sink, memory->ram());
}

void Machine::Impl::load(ByteView bytes) {
    if (state == MachineState::running)
        throw Error(description.name, "only a paused machine can be loaded");
    const bool apic = profile.interrupts == profiles::InterruptController::apic;
    StateReader reader(bytes);
    if (reader.get<std::uint64_t>() != MAGIC)
        throw Error(description.name, "not a saved machine");
    reader.version(FORMAT, FORMAT);
    const std::string saved_profile = get_text(reader);
    const auto abi = reader.get<std::uint32_t>();
    const auto ram = reader.get<std::uint64_t>();
    const auto processors = reader.get<std::uint32_t>();
    if (saved_profile != profile.name || abi != profile.abi || ram != memory->size() ||
        processors != cpus.size())
        throw Error(
            description.name,
            fmt::format("the state is of a machine with profile {} (abi {}), {} MiB and {} processors",
                        saved_profile, abi, ram >> 20U, processors),
            "load it into one like that");
    clock.set(std::clamp<Nanoseconds>(reader.get_signed(), 0, Nanoseconds{1} << 60U));
    try {
        for (Device* device : board->devices()) {
            const std::string name = get_text(reader);
            if (name != device->name())
                throw Error(std::string(device->name()), fmt::format("saved state has {} here", name));
            const Bytes section = reader.get_bytes(SECTION_LIMIT);
            StateReader part(section);
            device->load(part);
            if (!part.at_end())
                throw Error(name, "saved state is longer than this device knows");
        }
        memory->apply(board->bridge());
        for (auto& cpu : cpus) {
            const Bytes section = reader.get_bytes(SECTION_LIMIT);
            StateReader part(section);
            cpu->vcpu.load(part, apic);
            cpu->halted = part.get_bool();
            cpu->vcpu.finish_exit(); // whether interrupts are enabled is told by an exit only
        }
        get_ram(reader, memory->ram());
    } catch (const Error&) {
        reset_board(); // nothing half-loaded stays
        throw;
    }
    reset_wanted = false;
}

} // namespace ntferry::vmm
