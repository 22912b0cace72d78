// What decides whether a driver or system file may be used.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/image_facts.hpp"

#include <fmt/format.h>

namespace ntferry::patch {

ImageFacts image_facts(ByteView file, const std::string& name) {
    ImageFacts facts;
    facts.is_pe = nt::pe::is_pe(file);
    if (!facts.is_pe) {
        facts.problem = "not a PE file";
        return facts;
    }
    try {
        const nt::pe::Headers headers = nt::pe::parse_headers(file, name);
        facts.machine = headers.machine;
        facts.subsystem = headers.subsystem;
        facts.checksum_good = nt::pe::checksum_good(file, headers);
        facts.imports = nt::pe::read_imports(file, headers);
        // A damaged version resource does not keep a driver from loading.
        try {
            if (const auto version = nt::pe::read_version(file, headers)) {
                facts.version = version->file;
                facts.original_name =
                    version->original_name().empty() ? version->internal_name() : version->original_name();
            }
        } catch (const Error&) {
            facts.original_name.clear();
        }
    } catch (const Error& error) {
        facts.problem = error.problem();
    }
    return facts;
}

std::string native_image_problem(const ImageFacts& facts) {
    if (!facts.problem.empty())
        return facts.problem;
    if (facts.machine != nt::pe::machine_i386)
        return fmt::format("made for another processor (machine {:04X})", facts.machine);
    if (facts.subsystem != nt::pe::subsystem_native)
        return "not a native image (a program or user-mode library)";
    if (!facts.checksum_good)
        return "its checksum is wrong";
    return {};
}

} // namespace ntferry::patch
