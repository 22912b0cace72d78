// Writes the compiled filters as C++ to the file that is named: a step of the build.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/sandbox/filters/rules.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>

namespace ntferry::vmm::sandbox {
namespace {

/// Of libseccomp: KILL_PROCESS without asking the kernel that happens to build this. Linux 4.14.
constexpr unsigned API_LEVEL = 3;

void put(std::ostream& out, const char* name, Rules rules, std::size_t allowed) {
    rules.search_by_number();
    out << fmt::format("constexpr sock_filter {}_code[] = {{\n", name);
    for (const sock_filter& step : rules.compile())
        out << fmt::format("    {{0x{:02X}, {}, {}, 0x{:08X}}},\n", step.code, step.jt, step.jf, step.k);
    out << fmt::format("}};\nconstexpr CompiledFilter {0}{{{0}_code, {1}}};\n\n", name, allowed);
}

void write_all(std::ostream& out) {
    out << "// Made by compile-filters from vmm/host/sandbox/filters/rules.hpp.\n"
           "#include \"vmm/host/sandbox/compiled_filters.hpp\"\n\n"
           "namespace ntferry::vmm::sandbox {\nnamespace {\n\n";
    put(out, "isolated", process_rules(false), process_call_count());
    put(out, "networked", process_rules(true), process_call_count());
    put(out, "vcpu", thread_rules(ThreadRole::vcpu), thread_call_count(ThreadRole::vcpu));
    put(out, "disk", thread_rules(ThreadRole::disk), thread_call_count(ThreadRole::disk));
    put(out, "network_disk", thread_rules(ThreadRole::network_disk),
        thread_call_count(ThreadRole::network_disk));
    out << "} // namespace\n\n"
           "const CompiledFilter& process_filter(bool host_network) {\n"
           "    return host_network ? networked : isolated;\n}\n\n"
           "const CompiledFilter& thread_filter(ThreadRole role) {\n"
           "    switch (role) {\n"
           "    case ThreadRole::vcpu:\n        return vcpu;\n"
           "    case ThreadRole::network_disk:\n        return network_disk;\n"
           "    case ThreadRole::disk:\n        break;\n    }\n"
           "    return disk;\n}\n\n} // namespace ntferry::vmm::sandbox\n";
}

int run(const char* path) {
    if (seccomp_api_set(API_LEVEL) != 0)
        throw Error("libseccomp", "too old");
    std::ofstream out(path);
    write_all(out);
    out.close();
    if (!out)
        throw SystemError(path, "write", errno);
    return EXIT_SUCCESS;
}

} // namespace
} // namespace ntferry::vmm::sandbox

int main(int argc, char** argv) {
    try {
        if (argc == 2)
            return ntferry::vmm::sandbox::run(argv[1]);
        std::cerr << "usage: compile-filters FILE\n";
    } catch (const std::exception& error) {
        std::cerr << "compile-filters: " << error.what() << "\n";
    }
    return EXIT_FAILURE;
}
