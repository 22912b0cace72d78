// Kernel and HAL: there, whole, of one kind and one build, and fit for the machine.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/check/walk.hpp"

#include "converter/base/text.hpp"
#include "converter/nt/kernel.hpp"
#include "converter/patch/rules/hal_kind.hpp"

#include <fmt/format.h>

namespace ntferry::check {
namespace {

std::string missing_or_corrupt(const std::string& path) {
    return fmt::format("'Windows NT could not start because the following file is missing or corrupt: {}'",
                       path);
}

/// The file when NTLDR can load it.
std::optional<Bytes> load(Walk& walk, const std::string& id, const std::string& file) {
    patch::Subject& subject = walk.subject();
    const std::string path = subject.system32(file);
    auto content = walk.read(path);
    if (!content) {
        walk.broken(id, path + " is missing", missing_or_corrupt(path));
        return std::nullopt;
    }
    if (const std::string problem = patch::native_image_problem(patch::image_facts(*content, path));
        !problem.empty()) {
        walk.broken(id, fmt::format("{}: {}", path, problem), missing_or_corrupt(path) + " or STOP C0000221");
        return std::nullopt;
    }
    if (const std::string reach = walk.out_of_reach(subject.system().volume, path); !reach.empty()) {
        walk.broken(id, reach, missing_or_corrupt(path), "the file must lie below the limit");
        return std::nullopt;
    }
    walk.good(id, fmt::format("{}, {} bytes", path, content->size()));
    return content;
}

void check_hal_fits(Walk& walk, const patch::InstalledKernel& pair) {
    const bool apic = walk.profile().interrupts == profiles::InterruptController::apic;
    const nt::HalKind* kind = nt::find_hal(pair.hal_name);
    const std::string what = fmt::format("{} is {}", walk.hal_file, pair.hal_name);
    if (kind == nullptr) {
        walk.notice("hal.machine", what + ", none that NT 4.0 comes with",
                    "a hang or a message of the HAL's maker",
                    "patch with the rule 'hal', giving the medium of the installed service pack");
        return;
    }
    if (apic ? kind->on_apic : kind->on_pic) {
        walk.good("hal.machine", what + ", which runs on this machine");
        return;
    }
    std::string symptom = "a hang in text mode, or a message of the HAL";
    if (kind->on_apic)
        symptom = "'HAL: This HAL.DLL requires an MPS version 1.1 system'";
    else if (pair.hal_name == "halsp.dll")
        symptom = "'HAL: Systempro Hal.dll cannot be run on non Systempro compatible'";
    else if (kind->on_pic)
        symptom = "a hang: the Standard PC HAL beside APICs in use";
    walk.broken("hal.machine", fmt::format("{}, which needs {}", what, patch::hal_needs(pair.hal_name)),
                symptom,
                kind->on_apic ? "run it with the profile nt4-mps, or patch with the rule 'hal'"
                              : "patch with the rule 'hal', giving the medium of the installed service pack");
}

void check_pair(Walk& walk, const Bytes& kernel, const Bytes& hal) {
    patch::Subject& subject = walk.subject();
    const patch::InstalledKernel pair =
        patch::recognise_kernel(kernel, hal, std::nullopt, subject.system().root);
    const nt::HalKind* kind = nt::find_hal(pair.hal_name);
    if (kind != nullptr && kind->multiprocessor != pair.multiprocessor_kernel)
        walk.broken("kernel.pair", fmt::format("{} with {}", pair.kernel_name, pair.hal_name),
                    pair.multiprocessor_kernel ? "STOP 0x79: multiprocessor kernel, uniprocessor HAL"
                                               : "STOP 0x79 (2,2,0): uniprocessor kernel, multiprocessor HAL",
                    "use a pair of one kind (KB Q162804)");
    else
        walk.good("kernel.pair", fmt::format("{} with {}", pair.kernel_name, pair.hal_name));
    if (pair.kernel_version != pair.hal_version)
        walk.notice("kernel.build",
                    fmt::format("kernel is {}, HAL is {}", nt::pe::to_string(pair.kernel_version),
                                nt::pe::to_string(pair.hal_version)),
                    "STOP 0x79 if they are of different service packs",
                    "take both from one service pack (KB Q156358)");
    else
        walk.good("kernel.build", "kernel and HAL are " + nt::pe::to_string(pair.kernel_version));
    check_hal_fits(walk, pair);

    for (const auto& [id, file, content] :
         {std::tuple("kernel.imports", walk.kernel_file, &kernel), {"hal.imports", walk.hal_file, &hal}}) {
        const auto lines = walk.modules().unresolved(patch::image_facts(*content, file));
        if (lines.empty())
            walk.good(id, file + ": every import is exported");
        else
            walk.broken(id, fmt::format("{} needs {}", file, lines.front()),
                        "'Load Needed DLLs for HAL' or 'for Kernel'",
                        "kernel and HAL must be of one service pack");
    }
}

} // namespace

void walk_kernel(Walk& walk) {
    const auto kernel = load(walk, "kernel", walk.kernel_file);
    const auto hal = load(walk, "hal", walk.hal_file);
    if (kernel && hal)
        check_pair(walk, *kernel, *hal);
    // NTLDR loads the file system driver of the boot volume by itself.
    patch::Subject& subject = walk.subject();
    const bool ntfs = subject.files().info().kind == volume::FileSystemKind::ntfs;
    const std::string path = subject.system32(ntfs ? "drivers\\ntfs.sys" : "drivers\\fastfat.sys");
    const auto driver = walk.read(path);
    const std::string problem = driver ? patch::native_image_problem(patch::image_facts(*driver, path))
                                       : std::string("it is missing");
    if (problem.empty())
        walk.good("file-system", path);
    else
        walk.broken("file-system", fmt::format("{}: {}", path, problem),
                    "STOP 0x7B: the boot volume cannot be mounted");
    const volume::FileSystemInfo info = subject.files().info();
    if (ntfs && info.version_major >= 3 && !subject.product().version.starts_with("5") &&
        subject.product().service_pack.value_or(0) < 4)
        walk.broken("file-system.version",
                    fmt::format("the volume is NTFS {}.{}, which NT 4.0 reads from SP4 on",
                                info.version_major, info.version_minor),
                    "STOP 0x7B", "a newer Windows has converted it; restore the old capture (KB Q192673)");
}

} // namespace ntferry::check
