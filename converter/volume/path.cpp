// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/path.hpp"

#include "converter/base/error.hpp"
#include "converter/base/utf.hpp"

#include <algorithm>
#include <cstddef>

namespace ntferry::volume {

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> names;
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find_first_of("\\/", begin), path.size());
        const std::string_view name = path.substr(begin, end - begin);
        if (name == "..") {
            if (!names.empty())
                names.pop_back();
        } else if (!name.empty() && name != ".") {
            names.emplace_back(name);
        }
        begin = end + 1;
    }
    return names;
}

std::pair<std::vector<std::string>, std::string> split_parent(std::string_view path) {
    std::vector<std::string> names = split_path(path);
    if (names.empty())
        throw Error(std::string(path), "is the root directory", "name a file in it");
    std::string last = std::move(names.back());
    names.pop_back();
    return {std::move(names), std::move(last)};
}

void check_new_name(std::string_view name) {
    const bool forbidden = std::any_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 ||
               std::string_view("\\/:*?\"<>|").find(c) != std::string_view::npos;
    });
    const std::size_t units = utf::name_to_utf16(name).size();
    if (forbidden || units == 0 || units > 255 || name.back() == ' ' || name.back() == '.')
        throw Error(std::string(name), "is not a file name that NT accepts",
                    "choose 1 to 255 characters without \\ / : * ? \" < > |", ErrorKind::usage);
}

} // namespace ntferry::volume
