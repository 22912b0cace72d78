// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/checker.hpp"
#include "converter/block/vhd/parent_locator.hpp"
#include "converter/block/vhd/replace_header.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "tests/block/memory_file.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstring>
#include <map>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

using namespace ntferry;
using namespace ntferry::block;
using test::FileLog;
using test::MemoryFile;
using test::TempDir;

namespace {

constexpr std::uint32_t sector = 512;
constexpr std::uint32_t block_size = 16384;
constexpr std::uint64_t disk_bytes = 600 * sector;

/// A sector that says which write it came from. Number 0 is all zeros.
Bytes stamped(std::uint32_t number, std::size_t sectors) {
    Bytes bytes(sectors * sector);
    for (std::size_t i = 0; i < bytes.size(); i += 4)
        store_le<std::uint32_t>(bytes, i, number);
    return bytes;
}

/// What each sector may hold: what the last flush promised, or anything written since.
class Promises {
  public:
    void written(std::uint64_t first, std::uint64_t count, std::uint32_t number) {
        for (std::uint64_t s = first; s < first + count; ++s) {
            now_[s] = number;
            since_[s].insert(number);
        }
    }
    void flushed() {
        promised_ = now_;
        since_.clear();
    }
    /// After a restart, what is there is the new ground.
    void settle(BlockDevice& disk) {
        Bytes bytes(disk.size());
        disk.read(0, bytes);
        for (std::uint64_t s = 0; s < bytes.size() / sector; ++s)
            now_[s] = load_le<std::uint32_t>(bytes, s * sector);
        flushed();
    }
    bool allows(std::uint64_t at, std::uint32_t number) const {
        const auto promised = promised_.find(at);
        if (number == (promised == promised_.end() ? 0 : promised->second))
            return true;
        const auto since = since_.find(at);
        return since != since_.end() && since->second.count(number) != 0;
    }

  private:
    std::map<std::uint64_t, std::uint32_t> now_;
    std::map<std::uint64_t, std::uint32_t> promised_;
    std::map<std::uint64_t, std::set<std::uint32_t>> since_;
};

/// A state of the promises, valid from a step of the file on.
struct Moment {
    std::size_t step;
    Promises promises;
};

void check_content(BlockDevice& disk, const Promises& promises) {
    Bytes bytes(disk.size());
    disk.read(0, bytes);
    bool torn = false;
    bool broken = false;
    for (std::uint64_t s = 0; s < bytes.size() / sector; ++s) {
        const auto number = load_le<std::uint32_t>(bytes, s * sector);
        // Every number in it is like the next.
        torn = torn || std::memcmp(&bytes[s * sector], &bytes[s * sector + 4], sector - 4) != 0;
        broken = broken || !promises.allows(s, number);
    }
    CHECK_FALSE(torn);
    CHECK_FALSE(broken);
}

/// Disk writes and flushes on an image in memory; what was promised at each step of its file.
std::vector<Moment> work(vhd::Image& disk, const FileLog& log, unsigned seed, Promises promises) {
    std::mt19937 random(seed);
    std::vector<Moment> moments{{0, promises}};
    for (std::uint32_t number = 1000; number < 1030; ++number) {
        if (random() % 5 == 0) {
            disk.flush();
            promises.flushed();
        } else {
            const std::uint64_t count = 1 + random() % 20;
            const std::uint64_t first = random() % (disk.size() / sector - count);
            // From its first byte on, a write may be there or not.
            promises.written(first, count, number);
            moments.push_back({log.steps.size(), promises});
            disk.write(first * sector, stamped(number, count));
            continue;
        }
        moments.push_back({log.steps.size(), promises});
    }
    return moments;
}

Bytes file_content(const std::string& path) {
    const PosixFile file(path, Access::read_only);
    Bytes bytes(file.size());
    file.read(0, bytes);
    return bytes;
}

} // namespace

TEST_CASE("a power cut at any step of a write loses nothing that a flush had promised") {
    const bool differencing = GENERATE(false, true);
    const unsigned seed = GENERATE(range(1U, 4U));
    const TempDir dir;
    vhd::CreateOptions options;
    options.block_size = block_size;
    Promises promises;
    SharedBlockDevice parent;
    if (differencing) {
        auto base = vhd::create_dynamic(dir / "base.vhd", disk_bytes, options);
        base->write(100 * sector, stamped(7, 50));
        promises.written(100, 50, 7);
        promises.flushed();
        base.reset();
        vhd::create_differencing(dir / "disk.vhd", dir / "base.vhd", options);
        parent = vhd::open(dir / "base.vhd", Access::read_only);
    } else {
        vhd::create_dynamic(dir / "disk.vhd", disk_bytes, options);
    }
    const auto log = std::make_shared<FileLog>();
    auto disk = vhd::open_image(std::make_unique<MemoryFile>(file_content(dir / "disk.vhd"), log),
                                Access::read_write, parent);
    const std::vector<Moment> moments = work(*disk, *log, seed, promises);

    std::mt19937 random(seed);
    for (std::size_t cut = 0; cut <= log->steps.size(); ++cut) {
        const Moment* last = &moments[0];
        for (const Moment& moment : moments)
            if (moment.step <= cut)
                last = &moment;
        const Bytes left = test::after_power_cut(*log, cut, random);
        CHECK(vhd::check(MemoryFile(left)).usable());
        check_content(*vhd::open_image(std::make_unique<MemoryFile>(left), Access::read_only, parent),
                      last->promises);
        MemoryFile repaired(left);
        vhd::repair(repaired);
        CHECK(vhd::check(repaired).usable());
        auto again =
            vhd::open_image(std::make_unique<MemoryFile>(repaired.content()), Access::read_write, parent);
        check_content(*again, last->promises);
        again->write(0, stamped(99, 1));
        again->flush();
        Promises more = last->promises;
        more.written(0, 1, 99);
        check_content(*again, more);
    }
}

TEST_CASE("a power cut at any step of naming another parent leaves the old one or the new one, whole") {
    const TempDir dir;
    vhd::CreateOptions options;
    options.block_size = block_size;
    vhd::create_dynamic(dir / "base.vhd", disk_bytes, options);
    Promises promises;
    {
        auto child = vhd::create_differencing(dir / "child.vhd", dir / "base.vhd", options);
        child->write(0, stamped(5, 40));
        child->flush();
        promises.written(0, 40, 5);
        promises.flushed();
    }
    const SharedBlockDevice parent = vhd::open(dir / "base.vhd", Access::read_only);
    const auto log = std::make_shared<FileLog>();
    MemoryFile file(file_content(dir / "child.vhd"), log);
    const vhd::DynamicHeader before = *vhd::read_layout(file).header;
    vhd::ParentReference reference;
    reference.id.fill(0x5A);
    reference.timestamp = 4711;
    reference.file_name = std::u16string(200, u'x') + u".vhd"; // reaches into the header's second sector
    reference.relative = ".\\somewhere\\else.vhd";
    reference.absolute = "/somewhere/else.vhd";
    vhd::set_parent(file, reference);
    const vhd::DynamicHeader after = *vhd::read_layout(file).header;
    CHECK(after.parent_name == reference.file_name);
    CHECK(vhd::read_layout(file).footer.data_offset == 512);
    CHECK(vhd::stored_parent_names(file, after).at(0).text == reference.relative);
    REQUIRE(log->steps.size() > 10);

    std::mt19937 random(3);
    for (int round = 0; round < 30; ++round)
        for (std::size_t cut = 0; cut <= log->steps.size(); ++cut) {
            CAPTURE(round, cut);
            const Bytes left = test::after_power_cut(*log, cut, random);
            const MemoryFile image(left);
            REQUIRE(vhd::check(image).usable());
            const vhd::DynamicHeader header = *vhd::read_layout(image).header;
            const bool old_one = header.serialize() == before.serialize();
            REQUIRE((old_one || header.serialize() == after.serialize()));
            CHECK(vhd::stored_parent_names(image, header).at(0).text ==
                  (old_one ? ".\\base.vhd" : reference.relative));
            check_content(*vhd::open_image(std::make_unique<MemoryFile>(left), Access::read_only, parent),
                          promises);
            MemoryFile repaired(left);
            vhd::repair(repaired);
            REQUIRE(vhd::check(repaired).usable());
            check_content(*vhd::open_image(std::make_unique<MemoryFile>(repaired.content()),
                                           Access::read_write, parent),
                          promises);
        }
}

TEST_CASE("a writer killed at random times leaves what it had flushed") {
    const TempDir dir;
    vhd::CreateOptions options;
    options.block_size = 65536;
    const std::string path = dir / "disk.vhd";
    const std::uint64_t size = vhd::create_dynamic(path, 8U << 20U, options)->size();
    Promises promises;
    std::uint32_t number = 1;
    std::mt19937 random(5);
    for (int round = 0; round < 12; ++round) {
        int pipe_ends[2];
        REQUIRE(pipe(pipe_ends) == 0);
        const unsigned seed = static_cast<unsigned>(random());
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            try {
                const auto disk = open_disk(path, {.access = Access::read_write});
                std::mt19937 moves(seed);
                for (std::uint32_t n = number;; ++n) {
                    const std::uint64_t count = 1 + moves() % 64;
                    disk->write(moves() % (size / sector - count) * sector, stamped(n, count));
                    if (n % 8 == 0)
                        disk->flush();
                    if (write(pipe_ends[1], &n, sizeof n) != sizeof n)
                        _exit(0);
                }
            } catch (...) {
                _exit(1);
            }
        }
        close(pipe_ends[1]);
        usleep(static_cast<useconds_t>(2000 + random() % 30000));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        REQUIRE(WIFSIGNALED(status));
        // What the child reported is done; one more write may have been under way.
        std::uint32_t done = number - 1;
        std::uint32_t reported = 0;
        while (read(pipe_ends[0], &reported, sizeof reported) == sizeof reported)
            done = reported;
        close(pipe_ends[0]);
        std::mt19937 moves(seed);
        for (std::uint32_t n = number; n <= done + 1; ++n) {
            const std::uint64_t count = 1 + moves() % 64;
            promises.written(moves() % (size / sector - count), count, n);
            if (n % 8 == 0 && n <= done)
                promises.flushed();
        }
        number = done + 2;
        CHECK(vhd::check(PosixFile(path, Access::read_only)).usable());
        const auto disk = open_disk(path);
        check_content(*disk, promises);
        promises.settle(*disk);
    }
}
