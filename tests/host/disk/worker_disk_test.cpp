// A disk behind a thread: what stalls, what goes on, what the guest is told.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/disk/worker_disk.hpp"

#include "converter/block/raw.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

/// A disk in memory that refuses when told to.
class Moody final : public block::BlockDevice {
  public:
    std::string name() const override { return "moody"; }
    std::uint64_t size() const override { return 65536; }
    bool writable() const override { return true; }
    void read(std::uint64_t offset, MutableByteView out) override {
        if (bad_sector)
            throw block::ReadError("moody", offset, out.size(), EIO);
        if (gone)
            throw Error("moody", "the server went away");
        std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    }
    void write(std::uint64_t offset, ByteView data) override {
        if (full)
            throw SystemError("moody", "write", ENOSPC);
        std::copy(data.begin(), data.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    void flush() override {
        if (full)
            throw SystemError("moody", "flush", ENOSPC);
        ++flushes;
    }
    Bytes content = Bytes(65536);
    std::atomic<bool> bad_sector{false};
    std::atomic<bool> gone{false};
    std::atomic<bool> full{false};
    std::atomic<int> flushes{0};
};

struct Bench {
    Bench() {
        options.failed = [this](const DiskFault& fault) {
            const std::lock_guard<std::mutex> held(faults_lock);
            faults.push_back(fault);
            came.notify_all();
        };
        options.drive = "ide0-hd0";
        options.try_again = std::chrono::minutes(1);
    }
    WorkerDisk& start() {
        disk = std::make_unique<WorkerDisk>(device, lock, options);
        return *disk;
    }
    void submit(DiskBackend::Operation operation, Bytes& buffer) {
        const std::lock_guard<std::mutex> held(*lock);
        result = -1;
        disk->submit(operation, 0, buffer, [this](int error) {
            result = error;
            done.notify_all();
        });
    }
    int wait() {
        std::unique_lock<std::mutex> held(*lock);
        done.wait_for(held, std::chrono::seconds(10), [this] { return result != -1; });
        return result;
    }
    DiskFault fault() {
        std::unique_lock<std::mutex> held(faults_lock);
        REQUIRE(came.wait_for(held, std::chrono::seconds(10), [this] { return !faults.empty(); }));
        DiskFault first = faults.front();
        faults.erase(faults.begin());
        return first;
    }
    std::shared_ptr<Moody> device = std::make_shared<Moody>();
    std::shared_ptr<std::mutex> lock = std::make_shared<std::mutex>();
    std::condition_variable done;
    std::mutex faults_lock;
    std::condition_variable came;
    std::vector<DiskFault> faults;
    WorkerDisk::Options options;
    int result = -1;
    std::unique_ptr<WorkerDisk> disk;
};

} // namespace

TEST_CASE("a write without room is kept and done once there is room") {
    Bench bench;
    WorkerDisk& disk = bench.start();
    bench.device->full = true;
    Bytes data(512, 0x5A);
    bench.submit(DiskBackend::Operation::write, data);
    const DiskFault fault = bench.fault();
    CHECK(fault.drive == "ide0-hd0");
    CHECK(fault.error == ENOSPC);
    CHECK(disk.stalled());
    CHECK_FALSE(disk.busy());
    CHECK(bench.result == -1);
    disk.retry(); // not cured yet
    CHECK(bench.fault().error == ENOSPC);
    bench.device->full = false;
    disk.retry();
    CHECK(bench.wait() == 0);
    CHECK(bench.device->content[511] == 0x5A);
    CHECK_FALSE(disk.stalled());
}

TEST_CASE("a bad sector is the guest's to know, a server that went away is not") {
    Bench bench;
    WorkerDisk& disk = bench.start();
    Bytes data(512);
    bench.device->bad_sector = true;
    bench.submit(DiskBackend::Operation::read, data);
    CHECK(bench.wait() == EIO);
    CHECK(bench.faults.empty());
    bench.device->bad_sector = false;
    bench.device->gone = true;
    bench.submit(DiskBackend::Operation::read, data);
    CHECK(bench.fault().text.find("went away") != std::string::npos);
    bench.device->gone = false;
    disk.retry();
    CHECK(bench.wait() == 0);
}

TEST_CASE("without anybody to tell the guest gets the error") {
    Bench bench;
    bench.options.failed = {};
    bench.start();
    bench.device->full = true;
    Bytes data(512);
    bench.submit(DiskBackend::Operation::write, data);
    CHECK(bench.wait() == ENOSPC);
}

TEST_CASE("a reset drops what stalled, and an end does not wait for a cure") {
    Bench bench;
    WorkerDisk& disk = bench.start();
    bench.device->full = true;
    Bytes data(512);
    bench.submit(DiskBackend::Operation::write, data);
    bench.fault();
    {
        const std::lock_guard<std::mutex> held(*bench.lock);
        disk.cancel_all();
        CHECK_FALSE(disk.busy());
    }
    CHECK_FALSE(disk.stalled());
    bench.submit(DiskBackend::Operation::write, data);
    bench.fault();
    bench.disk.reset();
    CHECK(bench.result == -1);
}

TEST_CASE("another image takes the place of one that was made durable, but not of one that stalls") {
    Bench bench;
    WorkerDisk& disk = bench.start();
    Bytes data(512, 0x77);
    bench.submit(DiskBackend::Operation::write, data);
    REQUIRE(bench.wait() == 0);
    const auto other = std::make_shared<Moody>();
    const auto swap = [&](const block::SharedBlockDevice& old) {
        CHECK(old == bench.device);
        CHECK(bench.device->flushes == 1);
        return other;
    };
    disk.exchange(swap);
    bench.submit(DiskBackend::Operation::write, data);
    REQUIRE(bench.wait() == 0);
    CHECK(other->content[0] == 0x77);
    other->full = true;
    bench.submit(DiskBackend::Operation::write, data);
    bench.fault();
    CHECK_THROWS_AS(disk.exchange(swap), Error);
}

TEST_CASE("a limit of operations holds the guest back") {
    Bench bench;
    bench.options.budget = std::make_shared<IoBudget>(0, 50);
    bench.start();
    Bytes data(512);
    const auto begin = std::chrono::steady_clock::now();
    for (int n = 0; n < 16; ++n) {
        bench.submit(DiskBackend::Operation::read, data);
        REQUIRE(bench.wait() == 0);
    }
    // 16 at 50 a second, less what may be done at once.
    CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(180));
}

TEST_CASE("what lies in the host's memory is read at once, unless something is before it") {
    const test::TempDir dir;
    const std::string path = dir / "disk.img";
    const auto image = block::create_raw(path, 65536);
    Bytes content(4096);
    for (std::size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<std::uint8_t>(i * 7);
    image->write(8192, content);
    const auto machine_lock = std::make_shared<std::mutex>();
    WorkerDisk disk(block::SharedBlockDevice(block::open_disk(path)), machine_lock);
    Bytes got(4096);
    if (!disk.read_now(8192, got))
        NTFERRY_SKIP("this file system does not tell what is in memory");
    CHECK(got == content);
    CHECK_FALSE(disk.read_now(65536, got));
    CHECK_FALSE(disk.read_now(~std::uint64_t{0}, got));

    // The completion waits for the machine lock; until then the operation is before every other.
    std::unique_lock<std::mutex> held(*machine_lock);
    std::condition_variable done;
    bool finished = false;
    Bytes slow(512);
    disk.submit(DiskBackend::Operation::read, 0, slow, [&](int) {
        finished = true;
        done.notify_all();
    });
    done.wait(held, [&] { return finished; });

    WorkerDisk::Options limits;
    limits.budget = std::make_shared<IoBudget>(0, 1000);
    WorkerDisk limited(block::SharedBlockDevice(block::open_disk(path)), machine_lock, limits);
    CHECK_FALSE(limited.read_now(8192, got));

    Bench bench;
    CHECK_FALSE(bench.start().read_now(0, got)); // a disk that cannot tell
}

TEST_CASE("a stalled disk goes on by itself once it can, tells its fault once and its cure") {
    Bench bench;
    std::atomic<int> cures{0};
    bench.options.try_again = std::chrono::milliseconds(5);
    bench.options.cured = [&](const std::string& drive) {
        CHECK(drive == "ide0-hd0");
        ++cures;
    };
    WorkerDisk& disk = bench.start();
    bench.device->full = true;
    Bytes data(512, 0x33);
    bench.submit(DiskBackend::Operation::write, data);
    bench.fault();
    std::this_thread::sleep_for(std::chrono::milliseconds(50)); // some tries
    {
        const std::lock_guard<std::mutex> held(bench.faults_lock);
        CHECK(bench.faults.empty());
    }
    CHECK(disk.stalled());
    CHECK(cures == 0);
    bench.device->full = false;
    CHECK(bench.wait() == 0);
    CHECK(cures == 1);
    CHECK(bench.device->content[0] == 0x33);
}

TEST_CASE("disks that share a budget are held back together") {
    IoBudget budget(1000, 0);
    const IoBudget::Time now = std::chrono::steady_clock::now();
    using std::chrono::milliseconds;
    CHECK(budget.take(100, now) == now - milliseconds(100)); // what a pause has saved up
    CHECK(budget.take(500, now) == now);
    CHECK(budget.take(500, now) == now + milliseconds(500));
    CHECK(budget.take(1, now + milliseconds(5000)) == now + milliseconds(4900)); // no more than that
    IoBudget both(1000000, 10);
    both.take(1, now);
    both.take(1, now);
    CHECK(both.take(1, now) == now + milliseconds(100));
}
