// What another host sends as a bundle, any bytes: nothing is written outside the folder.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_migrate
#include "converter/base/error.hpp"
#include "migrate/launch/transfer.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

/// Largest file that a stream may ask for here: time and room of the fuzzer.
void limit_files() {
    const rlimit limit{16U << 20U, 16U << 20U};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool limited = (limit_files(), true);
    std::string pattern = (fs::temp_directory_path() / "ntferry-fuzz-XXXXXX").string();
    const int in = ::memfd_create("stream", MFD_CLOEXEC);
    const int out = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (!limited || ::mkdtemp(pattern.data()) == nullptr || in < 0 || out < 0)
        std::abort();
    if (::write(in, data, size) != static_cast<ssize_t>(size) || ::lseek(in, 0, SEEK_SET) != 0)
        std::abort();
    try {
        ntferry::launch::Wire wire(in, out, "fuzz");
        ntferry::SilentProgress progress;
        ntferry::launch::receive_bundle(pattern + "/bundle", wire, progress);
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): refusing is right
    }
    ::close(in);
    ::close(out);
    for (const auto& entry : fs::directory_iterator(pattern))
        if (entry.path().filename() != "bundle")
            std::abort(); // it got out
    fs::remove_all(pattern);
    return 0;
}
