// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/temp_dir.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace ntferry::test {

TempDir::TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "ntferry-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace ntferry::test
