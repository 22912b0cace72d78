// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/machine.hpp"

#include "vmm/firmware/rom.hpp"
#include "vmm/machine/cpuid.hpp"
#include "vmm/machine/machine_impl.hpp"
#include "vmm/machine/mapped_frame_memory.hpp"

#include <fmt/format.h>

namespace ntferry::vmm {
namespace {

std::uint64_t memory_size(const profiles::Profile& profile, const profiles::MachineDescription& description) {
    const std::uint64_t size = description.memory != 0 ? description.memory : profile.limits.memory_default;
    constexpr std::uint64_t mib = 1U << 20U;
    if (size < profile.limits.memory_minimum || size > profile.limits.memory_maximum || size % mib != 0)
        throw Error("memory", fmt::format("{} MiB", size / mib),
                    fmt::format("profile {} takes {} to {} MiB", profile.name,
                                profile.limits.memory_minimum / mib, profile.limits.memory_maximum / mib),
                    ErrorKind::usage);
    return size;
}

profiles::Profile effective(profiles::Profile profile, const profiles::MachineDescription& description) {
    for (const auto& [name, value] : description.overrides)
        profiles::apply_override(profile, name, value);
    if (description.cpus < 1 || description.cpus > profile.limits.cpus_maximum)
        throw Error("cpus", std::to_string(description.cpus),
                    fmt::format("profile {} takes 1 to {}", profile.name, profile.limits.cpus_maximum),
                    ErrorKind::usage);
    if (description.disks.size() > profile.limits.disks_maximum)
        throw Error("disks", std::to_string(description.disks.size()),
                    fmt::format("profile {} takes {}", profile.name, profile.limits.disks_maximum),
                    ErrorKind::usage);
    return profile;
}

} // namespace

Machine::Impl::Impl(const profiles::Profile& base, const profiles::MachineDescription& wanted,
                    MachineBackends backends, MachineOptions options)
    : profile(effective(base, wanted)), description(wanted),
      lock(options.lock ? options.lock : std::make_shared<std::mutex>()),
      system(options.kvm >= 0 ? kvm::FileDescriptor(options.kvm) : kvm::KvmSystem::open_device()),
      processor_started(options.processor_started), batch_strings(options.batch_strings), vm(system),
      idle_group(description.cpus), poster(*lock, [this] { drain(); }) {
    // The image goes at once: what is built after it takes its place in the heap.
    memory = std::make_unique<MemoryMap>(
        vm, memory_size(profile, description),
        load_system_rom(options.firmware.empty() ? std::string(default_system_rom) : options.firmware));
    if (profile.interrupts == profiles::InterruptController::apic)
        vm.use_split_irqchip(IoApic::pins);
    const std::uint32_t features = system.supported_features(); // dear: KVM asks the host's processor anew
    for (unsigned number = 0; number < description.cpus; ++number) {
        cpus.push_back(std::make_unique<Processor>(system, vm, number));
        cpus.back()->vcpu.set_cpuid(cpuid_leaves(profile.cpu, features, number, description.cpus));
    }
    BoardHost host;
    host.reset = [this] { request_reset(); };
    host.interrupt = [this](bool level) { interrupt_changed(level); };
    host.interrupt_held_back = [this] { wake(*cpus[0]); }; // perhaps the EOI is in the ring already
    host.memory_layout = [this] { memory->apply(board->bridge()); };
    host.post_done = [this] { post_done(); };
    host.bus_master_moved = [this](std::uint16_t at) { collect_bus_master_writes(at); };
    host.debug_exit = [this](int code) {
        emit({MachineEvent::Kind::debug_exit, code, {}});
        stop_now(code);
    };
    host.message = [this](const IoApic::Message& m) {
        vm.send_msi({m.address, m.data, m.valid});
        interrupt_sent();
    };
    host.messages_changed = [this] { update_routes(); };
    host.collector = &collector;
    host.frame_memory = [this](std::size_t size) {
        return std::make_unique<MappedFrameMemory>(*memory, size,
                                                   [this](bool shown) { collect_video_registers(!shown); });
    };
    board = std::make_unique<Board>(profile, description, std::move(backends), options, memory->memory(),
                                    memory->size(), clock, std::move(host));
    collect_writes(options);
    ring_timer = std::make_unique<Timer>(clock, [this] { watch_data_phase(); });
    eoi_timer = std::make_unique<Timer>(clock, [] {}); // an exit is all that is wanted
    clock.on_deadline_changed = [this] { wake(*cpus[0]); };
    if (may_loop())
        memory->memory().on_write = [this] { memory_written(); };
    reset_board();
}

/// Lets KVM collect writes that do nothing before somebody reads or writes something else: every exit empties
/// the ring first, so devices see the guest's order.
void Machine::Impl::collect_writes(const MachineOptions& options) {
    vm.coalesce_port(0x80, 1); // delays and POST codes: nobody listens
    if (!options.firmware_log)
        vm.coalesce_port(0x402, 1); // SeaBIOS talks without asking whether anybody listens
    vm.coalesce_port(0x70, 1);      // index of the clock
    vm.coalesce_port(0x43, 1);      // control word of the timer: latch commands for the most part
    vm.coalesce_port(0x20, 1);      // commands of the interrupt controllers: watch_service() looks after
    vm.coalesce_port(0xA0, 1);      // the EOI that something waits for
    if (board->ide() != nullptr)
        for (const std::uint16_t data_port : {std::uint16_t{0x1F0}, std::uint16_t{0x170}})
            vm.coalesce_port(data_port, 7); // data and task file, but not the command that starts something
    if (board->vga() != nullptr) {
        vm.coalesce_mmio(Vga::window_start, Vga::window_size);
        collect_video_registers(true);
        vm.coalesce_port(0x3D4, 2);
    }
}

/// Registers that change what a write to the window does travel in the same ring, so the order holds. Where
/// the window is memory its writes do not: then these exit.
void Machine::Impl::collect_video_registers(bool on) {
    if (on)
        vm.coalesce_port(0x3C0, 0x10);
    else
        vm.uncoalesce_port(0x3C0, 0x10);
}

/// The PCI address register, as long as only the firmware runs: CF9h, which resets the machine, lies inside
/// it, and a guest may well wait for that without doing anything that exits.
void Machine::Impl::collect_firmware_writes(bool on) {
    if (on && !firmware_writes_collected)
        vm.coalesce_port(0xCF8, 4);
    if (!on && firmware_writes_collected)
        vm.uncoalesce_port(0xCF8, 4);
    firmware_writes_collected = on;
}

/// Status and descriptor table registers of both bus masters (82371SB 2.7.2, 2.7.3): they act when the
/// command register is written or the status is read. INTR there is no interrupt line.
void Machine::Impl::collect_bus_master_writes(std::uint16_t base) {
    const auto each = [&](auto&& act) {
        for (const unsigned side : {0U, 8U}) {
            act(static_cast<std::uint16_t>(bus_master_base + side + 2), 1U);
            act(static_cast<std::uint16_t>(bus_master_base + side + 4), 4U);
        }
    };
    if (bus_master_base != 0)
        each([this](std::uint16_t port, unsigned count) { vm.uncoalesce_port(port, count); });
    bus_master_base = base;
    if (bus_master_base != 0)
        each([this](std::uint16_t port, unsigned count) { vm.coalesce_port(port, count); });
}

Machine::Impl::~Impl() {
    {
        const std::unique_lock<std::mutex> held(*lock);
        stop_now(exit_code);
    }
    for (auto& cpu : cpus)
        if (cpu->thread.joinable())
            cpu->thread.join();
    poster.stop();
    {
        const std::unique_lock<std::mutex> held(*lock);
        clock.on_deadline_changed = {};
        board->shut_down();
        ring_timer.reset();
        eoi_timer.reset();
    }
    // Without the lock: back ends wait for their threads, which may be waiting for it.
    board.reset();
}

void Machine::Impl::emit(MachineEvent event) {
    for (const auto& listener : listeners)
        listener(event);
}

void Machine::Impl::update_routes() {
    std::vector<kvm::MsiRoute> routes;
    for (unsigned pin = 0; pin < IoApic::pins; ++pin) {
        const IoApic::Message message = board->io_apic()->message(pin);
        routes.push_back({message.address, message.data, message.valid});
    }
    vm.set_routes(routes);
}

void Machine::Impl::reset_board() {
    board->reset();
    collect_firmware_writes(true);
    memory->apply(board->bridge());
    const bool apic = profile.interrupts == profiles::InterruptController::apic;
    for (auto& cpu : cpus) {
        cpu->vcpu.reset(apic);
        cpu->halted = cpu->was_halted = cpu->may_nap = cpu->napping = false;
        cpu->idle.forget();
    }
    idle_group.forget();
    halt_reported = false;
}

void Machine::Impl::start() {
    if (state != MachineState::created)
        throw Error(description.name, "the machine was started before");
    state = MachineState::running;
    if (holds == 0)
        clock.start();
    for (auto& cpu : cpus)
        cpu->thread = std::thread([this, &cpu = *cpu] { run(cpu); });
    emit({MachineEvent::Kind::started, 0, {}});
}

void Machine::Impl::hold(std::unique_lock<std::mutex>& held) {
    ++holds;
    for (auto& cpu : cpus)
        wake(*cpu);
    changed.wait(held, [this] { return in_guest == 0; });
}

void Machine::Impl::release() {
    if (holds > 0 && --holds == 0)
        changed.notify_all();
}

void Machine::Impl::stop_now(int code) {
    if (stopping)
        return;
    stopping = true;
    exit_code = code;
    if (state != MachineState::created)
        state = MachineState::stopped;
    for (auto& cpu : cpus) {
        cpu->sleeper.wake();
        cpu->vcpu.kick();
    }
    changed.notify_all();
}

void Machine::Impl::fail(std::string text) {
    if (stopping)
        return;
    failure = std::move(text);
    emit({MachineEvent::Kind::failed, 1, failure});
    stop_now(1);
}

// The public face ----------------------------------------------------------------------------------------

Machine::Machine(const profiles::Profile& profile, const profiles::MachineDescription& description,
                 MachineBackends backends, MachineOptions options)
    : impl_(std::make_unique<Impl>(profile, description, std::move(backends), std::move(options))) {}

Machine::~Machine() = default;

const profiles::Profile& Machine::profile() const {
    return impl_->profile;
}

const profiles::MachineDescription& Machine::description() const {
    return impl_->description;
}

void Machine::start() {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    impl_->start();
}

void Machine::pause() {
    std::unique_lock<std::mutex> held(*impl_->lock);
    impl_->hold(held);
    if (impl_->holds == 1) {
        // Disks finish what they have begun; completions need the lock, so look again now and then.
        while (impl_->board->disks_busy())
            impl_->changed.wait_for(held, std::chrono::milliseconds(1));
        impl_->clock.stop();
        if (impl_->state == MachineState::running)
            impl_->state = MachineState::paused;
        impl_->emit({MachineEvent::Kind::paused, 0, {}});
    }
}

void Machine::resume() {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    if (impl_->holds == 1) {
        if (impl_->state == MachineState::paused) {
            impl_->state = MachineState::running;
            impl_->clock.start();
        }
        impl_->emit({MachineEvent::Kind::resumed, 0, {}});
    }
    impl_->release();
}

void Machine::reset() {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    impl_->request_reset(false);
}

void Machine::stop(int exit_code) {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    stop_with_lock(exit_code);
}

void Machine::stop_with_lock(int exit_code) {
    impl_->emit({MachineEvent::Kind::stopped, exit_code, {}});
    impl_->stop_now(exit_code);
}

int Machine::wait() {
    std::unique_lock<std::mutex> held(*impl_->lock);
    impl_->changed.wait(held, [this] { return impl_->stopping; });
    held.unlock();
    for (auto& cpu : impl_->cpus)
        if (cpu->thread.joinable())
            cpu->thread.join();
    held.lock();
    if (!impl_->failure.empty())
        throw Error("processor", impl_->failure);
    return impl_->exit_code;
}

void Machine::Impl::request_reset(bool by_guest) {
    reset_wanted = true;
    reset_by_guest = by_guest;
    wake(*cpus[0]);
}

MachineState Machine::state() const {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    return impl_->state;
}

void Machine::save(const std::function<void(ByteView)>& sink) {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    impl_->save(sink);
}

Bytes Machine::save() {
    Bytes all;
    save([&all](ByteView part) { all.insert(all.end(), part.begin(), part.end()); });
    return all;
}

void Machine::load(ByteView state) {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    impl_->load(state);
}

void Machine::post(std::function<void()> fn) {
    impl_->poster.post(std::move(fn));
}

DisplaySource* Machine::display() {
    return impl_->board->vga();
}

void Machine::change_floppy(std::unique_ptr<DiskBackend> medium) {
    impl_->board->change_floppy(std::move(medium));
}

bool Machine::change_cdrom(std::unique_ptr<DiskBackend> medium, bool force) {
    return impl_->board->change_cdrom(std::move(medium), force);
}

InputSink& Machine::input() {
    return impl_->board->input();
}

std::vector<Device*> Machine::devices() {
    return impl_->board->devices();
}

Clock& Machine::clock() {
    return impl_->clock;
}

void Machine::on_event(std::function<void(const MachineEvent&)> listener) {
    impl_->listeners.push_back(std::move(listener));
}

std::mutex& Machine::mutex() {
    return *impl_->lock;
}

std::uint64_t Machine::exits() const {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    return impl_->exits;
}

std::uint64_t Machine::batched() const {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    return impl_->batched;
}

std::uint64_t Machine::naps() const {
    const std::unique_lock<std::mutex> held(*impl_->lock);
    return impl_->naps;
}

void Machine::drain() {
    impl_->drain();
}

} // namespace ntferry::vmm
