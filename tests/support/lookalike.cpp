// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/lookalike.hpp"

#include "tests/support/run.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace ntferry::test {
namespace {

namespace fs = std::filesystem;

const fs::path generator = fs::path(NTFERRY_SOURCE_DIR) / "tests/lookalike";
const fs::path folder = fs::path(NTFERRY_BINARY_DIR) / "lookalike";

/// An exclusive lock on a file, held as long as the object lives.
class FileLock {
  public:
    explicit FileLock(const fs::path& path) : fd_(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666)) {
        if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0)
            throw std::runtime_error("cannot lock " + path.string());
    }
    ~FileLock() { ::close(fd_); }
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

  private:
    int fd_;
};

fs::file_time_type newest_source(const fs::path& tree) {
    fs::file_time_type newest = fs::file_time_type::min();
    for (const auto& entry : fs::recursive_directory_iterator(tree)) {
        const fs::path extension = entry.path().extension();
        const bool source = extension == ".py" || extension == ".txt" || extension == ".asm" ||
                            extension == ".c" || extension == ".sh" || extension.empty();
        if (entry.is_regular_file() && source)
            newest = std::max(newest, entry.last_write_time());
    }
    return newest;
}

/// Runs a generator unless `product` is there and newer than the generator's sources and `needed`.
void make(const fs::path& product, const std::string& arguments,
          fs::file_time_type needed = fs::file_time_type::min()) {
    fs::create_directories(folder);
    const FileLock lock(folder / ".lock");
    if (fs::exists(product) && fs::last_write_time(product) >= std::max(needed, newest_source(generator)))
        return;
    const std::string command = "LOOKALIKE_POPULATE='" + std::string(NTFERRY_LOOKALIKE_POPULATE) + "' '" +
                                generator.string() + "/" + arguments + " --cache '" + folder.string() +
                                "/.cache'";
    const RunResult result = run_shell(command);
    if (result.exit_code != 0)
        throw std::runtime_error(result.err.empty() ? "the lookalike generator failed" : result.err);
}

boost::json::object read_manifest(const fs::path& where, const std::string& variant) {
    std::ifstream file(where / (variant + ".json"), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return boost::json::parse(text).as_object();
}

std::string disk_name(const fs::path& where, const std::string& variant, unsigned index) {
    return read_manifest(where, variant).at("disks").as_array().at(index).at("file").as_string().c_str();
}

void make_variant(const std::string& variant) {
    make(folder / (variant + ".json"), "make' " + variant + " '" + folder.string() + "'");
}

} // namespace

std::string lookalike_disk(const std::string& variant, unsigned index) {
    make_variant(variant);
    return (folder / disk_name(folder, variant, index)).string();
}

std::string lookalike_linux_disk(const std::string& variant, unsigned index) {
    const fs::path linux_folder = folder / "linux-nt";
    const fs::path sources = fs::path(NTFERRY_SOURCE_DIR) / "tests/agent";
    const std::string agent = (folder / "agent-nt").string();
    fs::create_directories(linux_folder);
    {
        const FileLock lock(folder / ".agent-lock");
        if (!fs::exists(agent + "/initrd") ||
            fs::last_write_time(agent + "/initrd") < newest_source(sources)) {
            const RunResult result = run_shell("'" + (sources / "build").string() + "' '" + agent + "' nt");
            if (result.exit_code != 0)
                throw std::runtime_error(result.err.empty() ? "the guest agent cannot be built" : result.err);
        }
    }
    make(linux_folder / (variant + ".json"),
         // no_timer_check: an emulated timer that a busy host starves is no broken machine.
         "make' " + variant + " '" + linux_folder.string() + "' --kernel '" + agent + "/vmlinuz' --initrd '" +
             agent +
             "/initrd' --append 'console=ttyS0,115200 panic=1 no_timer_check ntferry.exit=0x501 "
             "ntferry.checks=edd,nt'",
         fs::last_write_time(agent + "/initrd"));
    return (linux_folder / disk_name(linux_folder, variant, index)).string();
}

std::string copy_lookalike(const std::string& variant, const std::string& path, unsigned index) {
    const RunResult copied =
        run_shell("cp --sparse=always '" + lookalike_disk(variant, index) + "' '" + path + "'");
    if (copied.exit_code != 0)
        throw std::runtime_error(copied.err);
    return path;
}

boost::json::object lookalike_facts(const std::string& variant) {
    make_variant(variant);
    return read_manifest(folder, variant);
}

std::string lookalike_media() {
    const fs::path media = folder / "media";
    make(media / "media.json", "make-media' '" + media.string() + "'");
    return media.string();
}

std::string lookalike_missing() {
    std::string missing;
    for (const char* program :
         {"python3", "sfdisk", "mkntfs", "mkfs.fat", "mcopy", "hivexregedit", "gcab", "mscompress", "nasm",
          "xorriso", "i686-w64-mingw32-gcc", "i686-w64-mingw32-ld"})
        if (!have_program(program))
            missing += std::string(missing.empty() ? "missing programs: " : " ") + program;
    return missing;
}

} // namespace ntferry::test
