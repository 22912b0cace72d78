// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/transfer.hpp"

#include "converter/base/error.hpp"
#include "converter/block/copy.hpp"
#include "converter/capture/manifest.hpp"
#include "converter/patch/durable.hpp"
#include "migrate/launch/bundle_files.hpp"
#include "migrate/launch/bundle_lock.hpp"
#include "migrate/launch/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <utility>

namespace ntferry::launch {
namespace {

namespace fs = std::filesystem;

constexpr const char* greeting = "NTFERRY-BUNDLE 2";
/// Of a piece; a run is at least one unit, and so is what lies between two.
constexpr std::uint64_t most_runs = piece_size / block::zero_unit / 2 + 1;
constexpr std::uint64_t largest_file = std::uint64_t{1} << 43U; ///< 8 TiB, far above VHD's 2 TiB

[[noreturn]] void misunderstood(const Wire& wire, const std::string& line) {
    if (line.starts_with("ERROR "))
        throw Error(wire.name(), line.substr(6));
    throw Error(wire.name(), "the other side speaks another language",
                "install the same version on both sides");
}

std::uint64_t number(std::istringstream& words, const Wire& wire, std::uint64_t limit) {
    std::uint64_t value = 0;
    if (!(words >> value) || value > limit)
        misunderstood(wire, {});
    return value;
}

batch::FileLock require_lock(const std::string& bundle) {
    auto lock = lock_bundle(bundle);
    if (!lock)
        throw Error(bundle, "runs, or is being moved", "stop the machine first: ntferry stop NAME",
                    ErrorKind::decision);
    return std::move(*lock);
}

class Sender {
  public:
    Sender(std::string bundle, Wire& wire, Progress& progress, const std::stop_token& stop)
        : bundle_(std::move(bundle)), wire_(wire), progress_(progress), stop_(stop) {}

    TransferCounts run() {
        const std::vector<BundleFile> files = bundle_files(bundle_);
        std::uint64_t total = 0;
        for (const BundleFile& file : files)
            total += file.size;
        progress_.phase("move", total);
        wire_.write_line(greeting);
        for (const BundleFile& file : files)
            send(file, total);
        wire_.write_line("DONE");
        expect("OK");
        progress_.done();
        return counts_;
    }

  private:
    void expect(const char* word) {
        if (const std::string line = wire_.read_line(); line != word)
            misunderstood(wire_, line);
    }

    std::vector<capture::Digest> ask(const BundleFile& file) {
        wire_.write_line(fmt::format("FILE {} {:o} {} {} {}", file.size, file.mode, file.seconds,
                                     file.nanoseconds, file.path));
        const std::string line = wire_.read_line();
        if (line != "HAVE")
            misunderstood(wire_, line);
        std::vector<capture::Digest> theirs((file.size + piece_size - 1) / piece_size);
        for (capture::Digest& digest : theirs)
            wire_.read_bytes(digest);
        return theirs;
    }

    /// Only the runs that are not zeros.
    void send_piece(std::uint64_t piece, ByteView data) {
        std::vector<std::pair<std::size_t, std::size_t>> runs;
        block::for_each_nonzero(
            data, [&](std::size_t offset, std::size_t length) { runs.emplace_back(offset, length); });
        wire_.write_line(fmt::format("DATA {} {}", piece, runs.size()));
        for (const auto& [offset, length] : runs) {
            wire_.write_line(fmt::format("RUN {} {}", offset, length));
            wire_.write_bytes(data.subspan(offset, length));
            counts_.sent += length;
        }
    }

    void send(const BundleFile& file, std::uint64_t total) {
        const PiecedFile source((fs::path(bundle_) / file.path).string(), PiecedFile::Mode::read);
        const std::vector<capture::Digest> theirs = ask(file);
        std::vector<capture::Digest> ours;
        const std::uint64_t before = counts_.bytes;
        for (std::uint64_t piece = 0; piece < theirs.size(); ++piece) {
            if (stop_.stop_requested())
                throw Interrupted("move", "nothing is broken; the same command goes on from here");
            const capture::Digest digest = source.digest(piece);
            const std::uint64_t length = source.length_of(piece);
            if (digest != theirs[piece]) {
                if (digest == capture::zero_digest(length)) {
                    wire_.write_line(fmt::format("ZERO {}", piece));
                } else {
                    send_piece(piece, source.read(piece));
                }
            }
            ours.push_back(digest);
            counts_.bytes = std::min(before + (piece + 1) * piece_size, before + file.size);
            progress_.update({counts_.bytes, total, counts_.bytes - counts_.sent, 0});
        }
        wire_.write_line("END " + to_hex(digest_of(ours)));
        expect("OK");
        ++counts_.files;
    }

    std::string bundle_;
    Wire& wire_;
    Progress& progress_;
    const std::stop_token& stop_;
    TransferCounts counts_;
};

class Receiver {
  public:
    Receiver(std::string folder, Wire& wire, Progress& progress)
        : folder_(std::move(folder)), wire_(wire), progress_(progress) {}

    TransferCounts run() {
        if (const std::string line = wire_.read_line(); line != greeting)
            misunderstood(wire_, line);
        prepare();
        const batch::FileLock lock = require_lock(folder_);
        for (;;) {
            const std::string line = wire_.read_line();
            if (line == "DONE")
                break;
            if (!line.starts_with("FILE "))
                misunderstood(wire_, line);
            receive(line.substr(5));
        }
        remove_others();
        std::error_code error;
        if (!fs::exists(fs::path(folder_) / "machine.xml", error))
            throw Error(folder_, "what came is no bundle");
        patch::durable::remove((fs::path(folder_) / moved_file).string());
        patch::durable::remove((fs::path(folder_) / incoming_file).string());
        wire_.write_line("OK");
        wire_.flush();
        return counts_;
    }

  private:
    void prepare() const {
        std::error_code error;
        const fs::path root(folder_);
        const bool welcome = !fs::exists(root, error) || fs::exists(root / incoming_file, error) ||
                             fs::exists(root / moved_file, error) ||
                             (fs::is_directory(root, error) && fs::is_empty(root, error));
        if (!welcome)
            throw Error(folder_, "is there already and not empty", "name another folder, or remove it",
                        ErrorKind::decision);
        fs::create_directories(root / "state", error);
        if (error)
            throw SystemError(folder_, "create", error.value());
        if (!fs::exists(root / incoming_file, error))
            patch::durable::write((root / incoming_file).string(), "{}\n");
    }

    void receive(const std::string& words_of_line) {
        std::istringstream words(words_of_line);
        BundleFile file;
        file.size = number(words, wire_, largest_file);
        words >> std::oct >> file.mode >> std::dec >> file.seconds >> file.nanoseconds;
        words.get();
        std::getline(words, file.path);
        if (!words || file.mode > 0777 || file.nanoseconds < 0 || file.nanoseconds > 999999999 ||
            !is_safe_path(file.path))
            misunderstood(wire_, {});
        const fs::path path = fs::path(folder_) / file.path;
        require_no_links(path.parent_path());
        std::error_code error;
        fs::create_directories(path.parent_path(), error);
        if (error)
            throw SystemError(path.parent_path().string(), "create", error.value());
        progress_.note(file.path);
        PiecedFile target(path.string(), PiecedFile::Mode::write);
        target.resize(file.size);
        std::vector<capture::Digest> digests = target.digests();
        wire_.write_line("HAVE");
        for (const capture::Digest& digest : digests)
            wire_.write_bytes(digest);
        const std::string end = take_pieces(target, digests);
        if (end != to_hex(digest_of(digests)))
            throw Error(path.string(), "is not what was sent",
                        "check the disk, and run the same command again");
        target.finish(file);
        wire_.write_line("OK");
        seen_.insert(file.path);
        ++counts_.files;
        counts_.bytes += file.size;
    }

    /// Returns the digest that the sender says.
    std::string take_pieces(PiecedFile& target, std::vector<capture::Digest>& digests) {
        for (;;) {
            const std::string line = wire_.read_line();
            std::istringstream words(line);
            std::string word;
            words >> word;
            if (word == "END") {
                words >> word;
                return word;
            }
            if (digests.empty() || (word != "ZERO" && word != "DATA"))
                misunderstood(wire_, line);
            const std::uint64_t piece = number(words, wire_, digests.size() - 1);
            if (word == "ZERO") {
                target.zero(piece);
            } else {
                target.write(piece, take_runs(target.length_of(piece), number(words, wire_, most_runs)));
            }
            digests[piece] = target.digest(piece); // read back: what is there, not what came
        }
    }

    /// One piece of that length: the runs that come, zeros between them.
    Bytes take_runs(std::uint64_t length, std::uint64_t runs) {
        Bytes piece(length);
        for (; runs > 0; --runs) {
            const std::string line = wire_.read_line();
            std::istringstream words(line);
            std::string word;
            words >> word;
            if (word != "RUN")
                misunderstood(wire_, line);
            const std::uint64_t offset = number(words, wire_, length);
            const std::uint64_t count = number(words, wire_, length - offset);
            wire_.read_bytes(MutableByteView(piece).subspan(offset, count));
            counts_.sent += count;
        }
        return piece;
    }

    /// A link inside the folder could lead out of it.
    void require_no_links(const fs::path& folder) const {
        for (fs::path at = folder; at != fs::path(folder_) && at.has_relative_path(); at = at.parent_path())
            if (fs::is_symlink(at))
                throw Error(at.string(), "is a symbolic link", "remove it");
    }

    /// What the sender does not have any more.
    void remove_others() const {
        for (const BundleFile& file : bundle_files(folder_))
            if (seen_.count(file.path) == 0)
                fs::remove(fs::path(folder_) / file.path);
    }

    std::string folder_;
    Wire& wire_;
    Progress& progress_;
    std::set<std::string> seen_;
    TransferCounts counts_;
};

} // namespace

TransferCounts send_bundle(const std::string& bundle, const std::optional<MovedTo>& moved_to, Wire& wire,
                           Progress& progress, const std::stop_token& stop) {
    require_runnable(bundle);
    const batch::FileLock lock = require_lock(bundle);
    const TransferCounts counts = Sender(bundle, wire, progress, stop).run();
    if (moved_to)
        mark_moved(bundle, *moved_to);
    return counts;
}

TransferCounts receive_bundle(const std::string& folder, Wire& wire, Progress& progress) {
    try {
        return Receiver(folder, wire, progress).run();
    } catch (const Error& error) {
        try {
            // One line, so that the other side can tell its user.
            std::string line = std::string("ERROR ") + error.what();
            std::replace(line.begin(), line.end(), '\n', ' ');
            wire.write_line(line);
            wire.flush();
        } catch (const Error&) {
            // Nobody listens any more.
        }
        throw;
    }
}

} // namespace ntferry::launch
