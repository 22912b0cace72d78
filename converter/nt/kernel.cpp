// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/kernel.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace ntferry::nt {
namespace {

// Names and texts: KB Q156358, Q124541, Q156612. Sizes: KB Q172965 (SP3), Q235373 (SP5).
constexpr std::array<HalKind, 15> hals = {{
    {"hal.dll", "Standard PC", false, true, false, 51744, 52384, ""},
    {"hal486c.dll", "Standard PC with C-step i486", false, true, false, 48160, 48768, ""},
    {"halapic.dll", "MPS Uniprocessor PC", false, false, true, 66240, 66880, ""},
    {"halmps.dll", "MPS Multiprocessor PC", true, false, true, 68288, 68960, ""},
    {"halmpsm.dll", "Micro Channel Multiprocessor PC", true, false, false, 67328, 68000, ""},
    {"halmca.dll", "IBM PS/2 or other Micro Channel-based PC", false, false, false, 46208, 46848, ""},
    {"halsp.dll", "Compaq SystemPro Multiprocessor or 100 % compatible", true, false, false, 56352, 56960,
     "Systempro"},
    {"halcbus.dll", "Corollary C-bus Architecture", true, false, false, 81952, 82624, "Corollary"},
    {"halcbusm.dll", "Corollary C-bus Micro Channel Architecture", true, false, false, 80096, 80672, ""},
    {"halast.dll", "AST Manhattan SMP", true, false, false, 45920, 46112, ""},
    {"halncr.dll", "NCR System 3000 Model 3360/3450/3550", true, false, false, 0, 79424, ""},
    {"haloli.dll", "Olivetti LSX5030/40", true, false, false, 39968, 40224, ""},
    {"halwyse7.dll", "Wyse Series 7000i Model 740MP/760MP", true, false, false, 40512, 40736, ""},
    {"hal.dll.softex", "Standard PC with Softex docking", false, true, false, 0, 76160, ""},
    {"halmps.dll.softex", "MPS Multiprocessor PC with Softex docking", true, false, true, 0, 92960, ""},
}};

struct KernelKind {
    const char* file;
    bool multiprocessor;
    std::uint32_t size_sp3;
    std::uint32_t size_sp5;
};
constexpr std::array<KernelKind, 2> kernels = {{
    {"ntoskrnl.exe", false, 914688, 928576},
    {"ntkrnlmp.exe", true, 934016, 948544},
}};

struct Evidence {
    std::string name;
    std::string says;
};

/// The strongest evidence gives the name; what disagrees with it is a contradiction.
void weigh(ImageIdentity& identity, const std::vector<Evidence>& all) {
    for (const Evidence& one : all) {
        if (identity.name.empty())
            identity.name = text::to_lower(one.name);
        if (text::iequals(one.name, identity.name))
            identity.evidence.push_back(one.says);
        else
            identity.contradictions.push_back(one.says);
    }
}

/// Evidence common to kernel and HAL: version resource, then setup.log.
std::vector<Evidence> common_evidence(const ImageIdentity& identity, const SystemPlace& place,
                                      const SetupLog& log, std::string_view installed) {
    std::vector<Evidence> all;
    if (identity.file.version) {
        for (const char* field : {"OriginalFilename", "InternalName"}) {
            const std::string name = identity.file.version->string(field);
            if (!name.empty())
                all.push_back({name, fmt::format("{} of the version resource is {}", field, name)});
        }
    }
    if (const SetupLogFile* entry = log.find(place.below("system32\\" + std::string(installed))))
        all.push_back(
            {entry->source, fmt::format("setup.log: installed from {}{}", entry->source,
                                        entry->checksum == identity.file.checksum && entry->checksum != 0
                                            ? ", checksum as then"
                                            : "")});
    return all;
}

std::optional<FilePlace> in_system32(const SystemPlace& place, std::string_view name) {
    return FilePlace{place.volume, place.below("system32\\" + std::string(name))};
}

std::string text_of(DiskSet& disks, const FilePlace& place) {
    volume::FileSystem* files = disks.files(place.volume);
    constexpr std::uint64_t hal_limit = 1U << 20U;
    if (files == nullptr)
        return {};
    try {
        const std::optional<Bytes> content = read_if_there(*files, place.path, hal_limit);
        return content ? std::string(content->begin(), content->end()) : std::string();
    } catch (const Error&) {
        return {};
    }
}

} // namespace

const HalKind* find_hal(std::string_view file) {
    const auto found = std::find_if(hals.begin(), hals.end(),
                                    [&](const HalKind& one) { return text::iequals(one.file, file); });
    return found == hals.end() ? nullptr : &*found;
}

std::optional<bool> KernelFacts::matching() const {
    if (!multiprocessor_kernel || hal_kind == nullptr)
        return std::nullopt;
    return *multiprocessor_kernel == hal_kind->multiprocessor;
}

KernelFacts identify_kernel(DiskSet& disks, const SystemPlace& place, const SetupLog& log,
                            const registry::Hive* software, std::string_view kernel_file,
                            std::string_view hal_file) {
    KernelFacts facts;
    const FilePlace kernel_place = *in_system32(place, kernel_file);
    facts.kernel.file = describe_file(disks, kernel_place);
    std::vector<Evidence> evidence = common_evidence(facts.kernel, place, log, kernel_file);
    for (const KernelKind& kind : kernels)
        if (facts.kernel.file.size == kind.size_sp3 || facts.kernel.file.size == kind.size_sp5)
            evidence.push_back(
                {kind.file, fmt::format("{} bytes: the size of {}", facts.kernel.file.size, kind.file)});
    if (software != nullptr)
        if (const auto type = software->string("Microsoft\\Windows NT\\CurrentVersion", "CurrentType"))
            evidence.push_back({text::icontains(*type, "multiprocessor") ? "ntkrnlmp.exe" : "ntoskrnl.exe",
                                fmt::format("CurrentType is \"{}\"", text::printable(*type, 60))});
    weigh(facts.kernel, evidence);
    for (const KernelKind& kind : kernels)
        if (text::iequals(facts.kernel.name, kind.file))
            facts.multiprocessor_kernel = kind.multiprocessor;

    const FilePlace hal_place = *in_system32(place, hal_file);
    facts.hal.file = describe_file(disks, hal_place);
    evidence = common_evidence(facts.hal, place, log, hal_file);
    for (const HalKind& kind : hals)
        if (facts.hal.file.size != 0 &&
            (facts.hal.file.size == kind.size_sp3 || facts.hal.file.size == kind.size_sp5))
            evidence.push_back(
                {kind.file, fmt::format("{} bytes: the size of {}", facts.hal.file.size, kind.file)});
    const std::string content = text_of(disks, hal_place);
    for (const HalKind& kind : hals)
        if (kind.text[0] != 0 && content.find(kind.text) != std::string::npos)
            evidence.push_back({kind.file, fmt::format("it contains the text \"{}\"", kind.text)});
    weigh(facts.hal, evidence);
    facts.hal_kind = find_hal(facts.hal.name);
    return facts;
}

} // namespace ntferry::nt
