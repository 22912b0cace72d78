// Where profiles are found.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "profiles/profile.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>
#include <set>

namespace ntferry::profiles {
namespace {

namespace fs = std::filesystem;

bool holds_profiles(const fs::path& folder) {
    std::error_code ignored;
    return fs::is_regular_file(folder / "nt4.xml", ignored);
}

std::vector<fs::path> search_path() {
    std::vector<fs::path> folders;
    if (const char* own = std::getenv("NTFERRY_PROFILES"))
        folders.emplace_back(own);
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        const fs::path installed = program.parent_path().parent_path() / "share/ntferry/profiles";
        if (holds_profiles(installed))
            folders.push_back(installed);
        // A program that runs in its build tree finds the sources above it.
        fs::path above = program.parent_path();
        for (int level = 0; level < 6 && above.has_relative_path(); ++level, above = above.parent_path())
            if (holds_profiles(above / "profiles")) {
                folders.push_back(above / "profiles");
                break;
            }
    }
    if (folders.empty() && holds_profiles("/usr/share/ntferry/profiles"))
        folders.emplace_back("/usr/share/ntferry/profiles");
    return folders;
}

} // namespace

std::vector<std::string> profile_names() {
    std::set<std::string> names;
    for (const fs::path& folder : search_path()) {
        std::error_code error;
        for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
            if (entry.path().extension() == ".xml")
                names.insert(entry.path().stem().string());
    }
    return {names.begin(), names.end()};
}

Profile find_profile(std::string_view name) {
    if (name.find('/') == std::string_view::npos) {
        for (const fs::path& folder : search_path()) {
            const fs::path file = folder / fmt::format("{}.xml", name);
            std::error_code ignored;
            if (fs::is_regular_file(file, ignored))
                return load_profile(file.string());
        }
    } else if (name.ends_with(".xml")) {
        return load_profile(std::string(name));
    }
    throw Error(
        fmt::format("profile \"{}\"", name), "no such profile",
        fmt::format("there are: {}; or set NTFERRY_PROFILES to a folder", fmt::join(profile_names(), ", ")),
        ErrorKind::usage);
}

} // namespace ntferry::profiles
