// Import resolution across kernel modules.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/imports.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ntferry::patch {

const ModuleSet::Module& ModuleSet::module(const std::string& name) {
    const auto [at, fresh] = modules_.try_emplace(name);
    Module& module = at->second;
    if (!fresh)
        return module;
    const std::optional<Bytes> content = read_(name);
    if (!content)
        return module;
    module.present = true;
    const ImageFacts facts = image_facts(*content, name);
    module.problem = native_image_problem(facts);
    if (!module.problem.empty())
        return module;
    module.imports = facts.imports;
    try {
        const nt::pe::Headers headers = nt::pe::parse_headers(*content, name);
        for (const nt::pe::Export& exported : nt::pe::read_exports(*content, headers).exports) {
            module.ordinals.insert(exported.ordinal);
            if (!exported.name.empty())
                module.names.insert(exported.name);
        }
    } catch (const Error& error) {
        module.problem = error.problem();
    }
    return module;
}

void ModuleSet::collect(const std::vector<nt::pe::ImportedModule>& imports, const std::string& importer,
                        std::set<std::string>& visited, std::vector<std::string>& lines) {
    const std::string prefix = importer.empty() ? "" : importer + " needs ";
    for (const nt::pe::ImportedModule& import : imports) {
        const std::string name = text::to_lower(import.name);
        const Module& target = module(name);
        if (!target.present) {
            lines.push_back(fmt::format("{}{}, which is missing", prefix, import.name));
            continue;
        }
        if (!target.problem.empty()) {
            lines.push_back(
                fmt::format("{}{}, which cannot be loaded: {}", prefix, import.name, target.problem));
            continue;
        }
        for (const std::string& symbol : import.symbols) {
            bool found = false;
            if (symbol.starts_with('#')) {
                std::uint32_t ordinal = 0;
                std::from_chars(symbol.data() + 1, symbol.data() + symbol.size(), ordinal);
                found = target.ordinals.contains(ordinal);
            } else {
                found = target.names.contains(symbol);
            }
            if (!found)
                lines.push_back(
                    fmt::format("{}{} from {}, which does not export it", prefix, symbol, import.name));
        }
        // Kernel and HAL import each other: every module once.
        if (visited.insert(name).second)
            collect(target.imports, name, visited, lines);
    }
}

std::vector<std::string> ModuleSet::unresolved(const ImageFacts& image) {
    std::vector<std::string> lines;
    std::set<std::string> visited;
    collect(image.imports, "", visited, lines);
    return lines;
}

} // namespace ntferry::patch
