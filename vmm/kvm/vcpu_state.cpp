// A virtual processor's state, saved and loaded.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/vcpu.hpp"

#include "vmm/kvm/kvm_structs.hpp"

#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace ntferry::vmm::kvm {
namespace {

template <typename T>
void put_struct(StateWriter& writer, const T& value) {
    writer.put_bytes(ByteView(reinterpret_cast<const std::uint8_t*>(&value), sizeof(T)));
}

template <typename T>
T get_struct(StateReader& reader) {
    T value{};
    reader.get_bytes(MutableByteView(reinterpret_cast<std::uint8_t*>(&value), sizeof(T)));
    return value;
}

/// What a processor of our profiles has; the order matters nowhere.
constexpr std::uint32_t SAVED_MSRS[] = {
    0x10,                       // TSC
    0x174, 0x175, 0x176,        // SYSENTER
    0x277,                      // PAT
    0x2FF,                      // MTRRdefType
    0x200, 0x201, 0x202, 0x203, // variable MTRRs
    0x204, 0x205, 0x206, 0x207, 0x208, 0x209, 0x20A, 0x20B,
    0x20C, 0x20D, 0x20E, 0x20F, 0x250, 0x258, 0x259, // fixed MTRRs
    0x268, 0x269, 0x26A, 0x26B, 0x26C, 0x26D, 0x26E, 0x26F,
};

void must(int result, const char* call) {
    if (result < 0)
        throw SystemError("/dev/kvm", call, errno);
}

/// A busy TSS is what every processor has in TR. QEMU's emulated SVM, in which NTFerry is tested, wants an
/// available one and stops the whole host machine otherwise; real ones take nothing but busy.
bool emulated_svm() {
    static const bool result = [] {
        char vendor[13] = {};
        std::uint32_t eax = 0x40000000;
        std::uint32_t ebx = 0;
        std::uint32_t ecx = 0;
        std::uint32_t edx = 0;
        __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
        std::memcpy(vendor, &ebx, 4);
        std::memcpy(vendor + 4, &ecx, 4);
        std::memcpy(vendor + 8, &edx, 4);
        return std::strcmp(vendor, "TCGTCGTCGTCG") == 0;
    }();
    return result;
}

} // namespace

void Vcpu::save(StateWriter& writer, bool local_apic) const {
    writer.version(1);
    kvm_regs regs{};
    kvm_sregs sregs{};
    kvm_fpu fpu{};
    kvm_debugregs debug{};
    kvm_vcpu_events events{};
    must(::ioctl(fd_.get(), KVM_GET_REGS, &regs), "KVM_GET_REGS");
    must(::ioctl(fd_.get(), KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    must(::ioctl(fd_.get(), KVM_GET_FPU, &fpu), "KVM_GET_FPU");
    must(::ioctl(fd_.get(), KVM_GET_DEBUGREGS, &debug), "KVM_GET_DEBUGREGS");
    must(::ioctl(fd_.get(), KVM_GET_VCPU_EVENTS, &events), "KVM_GET_VCPU_EVENTS");
    put_struct(writer, regs);
    put_struct(writer, sregs);
    put_struct(writer, fpu);
    put_struct(writer, debug);
    put_struct(writer, events);
    std::vector<std::pair<std::uint32_t, std::uint64_t>> msrs;
    for (const std::uint32_t index : SAVED_MSRS) {
        OneMsr one;
        one.entry.index = index;
        if (::ioctl(fd_.get(), GET_MSRS, &one) == 1)
            msrs.emplace_back(index, one.entry.data);
    }
    writer.put(static_cast<std::uint32_t>(msrs.size()));
    for (const auto& [index, value] : msrs) {
        writer.put(index);
        writer.put(value);
    }
    writer.put(local_apic);
    if (local_apic) {
        kvm_lapic_state lapic{};
        kvm_mp_state state{};
        must(::ioctl(fd_.get(), KVM_GET_LAPIC, &lapic), "KVM_GET_LAPIC");
        must(::ioctl(fd_.get(), KVM_GET_MP_STATE, &state), "KVM_GET_MP_STATE");
        put_struct(writer, lapic);
        put_struct(writer, state);
    }
}

void Vcpu::load(StateReader& reader, bool local_apic) {
    reader.version(1, 1);
    const auto regs = get_struct<kvm_regs>(reader);
    auto sregs = get_struct<kvm_sregs>(reader);
    const auto fpu = get_struct<kvm_fpu>(reader);
    const auto debug = get_struct<kvm_debugregs>(reader);
    const auto events = get_struct<kvm_vcpu_events>(reader);
    if (emulated_svm() && sregs.tr.type == 11)
        sregs.tr.type = 9;
    run_->kvm_dirty_regs = 0;
    must(::ioctl(fd_.get(), KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
    must(::ioctl(fd_.get(), KVM_SET_REGS, &regs), "KVM_SET_REGS");
    must(::ioctl(fd_.get(), KVM_SET_FPU, &fpu), "KVM_SET_FPU");
    must(::ioctl(fd_.get(), KVM_SET_DEBUGREGS, &debug), "KVM_SET_DEBUGREGS");
    const auto count = reader.get<std::uint32_t>();
    if (count > std::size(SAVED_MSRS))
        throw Error("cpu", "saved state holds too many MSRs");
    for (std::uint32_t i = 0; i < count; ++i) {
        OneMsr one;
        one.entry.index = reader.get<std::uint32_t>();
        one.entry.data = reader.get<std::uint64_t>();
        static_cast<void>(::ioctl(fd_.get(), SET_MSRS, &one));
    }
    if (reader.get_bool() != local_apic)
        throw Error("cpu", "saved state belongs to a machine with another interrupt controller");
    if (local_apic) {
        const auto lapic = get_struct<kvm_lapic_state>(reader);
        const auto state = get_struct<kvm_mp_state>(reader);
        must(::ioctl(fd_.get(), KVM_SET_LAPIC, &lapic), "KVM_SET_LAPIC");
        must(::ioctl(fd_.get(), KVM_SET_MP_STATE, &state), "KVM_SET_MP_STATE");
    }
    must(::ioctl(fd_.get(), KVM_SET_VCPU_EVENTS, &events), "KVM_SET_VCPU_EVENTS");
}

} // namespace ntferry::vmm::kvm
