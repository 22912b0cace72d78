// Which kernel and HAL are installed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/rules/hal_kind.hpp"

#include "converter/base/text.hpp"
#include "converter/nt/kernel.hpp"
#include "converter/nt/setup_log.hpp"
#include "converter/patch/drivers/image_facts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::patch {
namespace {

bool holds(ByteView file, std::string_view text) {
    return std::search(file.begin(), file.end(), text.begin(), text.end()) != file.end();
}

} // namespace

InstalledKernel recognise_kernel(ByteView kernel, ByteView hal, const std::optional<Bytes>& setup_log,
                                 const std::string& system_root) {
    const ImageFacts kernel_facts = image_facts(kernel, "ntoskrnl.exe");
    const ImageFacts hal_facts = image_facts(hal, "hal.dll");
    InstalledKernel installed;
    installed.kernel_version = kernel_facts.version;
    installed.hal_version = hal_facts.version;
    installed.kernel_name = text::to_lower(kernel_facts.original_name);
    installed.hal_name = text::to_lower(hal_facts.original_name);
    installed.evidence = "version resources";
    const nt::SetupLog log = setup_log ? nt::parse_setup_log(*setup_log) : nt::SetupLog{};
    const auto source = [&](const std::string& file) {
        const nt::SetupLogFile* found = log.find(system_root + "\\system32\\" + file);
        return found != nullptr ? text::to_lower(found->source) : std::string();
    };
    if (installed.kernel_name != "ntoskrnl.exe" && installed.kernel_name != "ntkrnlmp.exe") {
        const std::string name = source("ntoskrnl.exe");
        installed.kernel_name = name == "ntkrnlmp.exe" ? name : "ntoskrnl.exe";
        installed.evidence =
            name.empty() ? "no version resource, taken for uniprocessor" : "repair\\setup.log";
    }
    if (nt::find_hal(installed.hal_name) == nullptr) {
        if (const std::string name = source("hal.dll"); nt::find_hal(name) != nullptr) {
            installed.hal_name = name;
            installed.evidence = "repair\\setup.log";
        } else if (holds(hal, "SystemPro") || holds(hal, "Systempro")) {
            installed.hal_name = "halsp.dll";
            installed.evidence = "texts inside the HAL";
        } else if (holds(hal, "requires an MPS")) {
            installed.hal_name = "halmps.dll";
            installed.evidence = "texts inside the HAL";
        } else if (installed.hal_name.empty()) {
            installed.hal_name = "unknown";
        }
    }
    installed.multiprocessor_kernel = installed.kernel_name == "ntkrnlmp.exe";
    return installed;
}

std::string hal_needs(std::string_view hal_name) {
    const nt::HalKind* kind = nt::find_hal(hal_name);
    if (kind == nullptr)
        return "its maker's own machine";
    return kind->on_apic && !kind->on_pic ? "an MP table and APICs" : fmt::format("a {}", kind->title);
}

} // namespace ntferry::patch
