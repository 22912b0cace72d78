// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/export/disk.hpp"

#include "converter/block/copy.hpp"
#include "converter/block/open.hpp"
#include "converter/block/raw.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "converter/volume/mbr.hpp"
#include "migrate/cli/process.hpp"

#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace ntferry::exports {
namespace {

namespace fs = std::filesystem;

/// qemu-img's format and its options.
std::vector<std::string> qemu_img_format(DiskFormat format) {
    if (format == DiskFormat::qcow2)
        return {"-O", "qcow2"};
    return {"-O", "vmdk", "-o",
            format == DiskFormat::vmdk ? "adapter_type=ide,subformat=monolithicSparse"
                                       : "adapter_type=ide,subformat=streamOptimized"};
}

std::string last_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::string last;
    while (std::getline(file, line))
        if (!line.empty())
            last = line;
    return last;
}

void run_qemu_img(const std::string& raw, const std::string& path, DiskFormat format, Progress& progress,
                  const std::stop_token& stop) {
    const std::string program = cli::find_program("qemu-img");
    if (program.empty())
        throw Error("qemu-img", "is not installed", "apt-get install qemu-utils");
    progress.note(fmt::format("writing {} with qemu-img", fs::path(path).filename().string()));
    std::vector<std::string> arguments = {program, "convert", "-f", "raw"};
    const std::vector<std::string> more = qemu_img_format(format);
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {raw, path});
    const std::string log = raw + ".log";
    const pid_t pid = cli::start_process(arguments, {.output = {}, .error = log, .ends_with_parent = true});
    bool asked = false;
    for (;;) {
        if (const auto code = cli::poll_process(pid)) {
            const std::string words = last_line(log);
            fs::remove(log);
            if (asked)
                throw Interrupted("export");
            if (*code != 0)
                throw Error(path,
                            "qemu-img: " + (words.empty() ? fmt::format("exit code {}", *code) : words));
            return;
        }
        if (stop.stop_requested() && !asked) {
            ::kill(pid, SIGTERM);
            asked = true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

bool has_partitions(block::BlockDevice& disk) {
    try {
        return !volume::read_layout(disk).partitions.empty();
    } catch (const Error&) {
        return false; // a data disk without a table keeps what it has
    }
}

block::SharedBlockDevice create(DiskFormat format, const std::string& path, std::uint64_t size) {
    block::vhd::CreateOptions options;
    options.size_rule = block::vhd::SizeRule::exact;
    if (format == DiskFormat::vhd)
        return block::vhd::create_dynamic(path, size, options);
    if (format == DiskFormat::vhd_fixed)
        return block::vhd::create_fixed(path, size, options);
    return block::create_raw(path, size);
}

/// Last CHS of every primary partition: the last address that CHS has, which NT never reads. QEMU then takes
/// the disk for a translated one.
void write_far_ends(block::BlockDevice& disk, std::vector<std::string>& changes) {
    constexpr std::uint64_t table = 0x1BE;
    constexpr std::uint8_t last_address[] = {0xFE, 0xFF, 0xFF};
    Bytes sector(512);
    disk.read(0, sector);
    for (std::size_t entry = table; entry < table + 64; entry += 16)
        if (sector[entry + 4] != 0)
            std::copy(std::begin(last_address), std::end(last_address),
                      sector.begin() + static_cast<std::ptrdiff_t>(entry) + 5);
    disk.write(0, sector);
    changes.emplace_back(
        "partition table: every entry ends at head 254, as QEMU's BIOS expects of large disks");
}

void rewrite(const DiskOrder& order, const block::SharedBlockDevice& disk, ExportedDisk& result) {
    if (!order.geometry || !has_partitions(*disk))
        return;
    result.geometry = order.geometry;
    patch::GeometryRewrite rewritten = patch::rewrite_geometry(disk, *order.geometry, true);
    if (!rewritten.problems.empty() && !order.ignore_problems)
        throw Error(fmt::format("disk {}", order.number),
                    fmt::format("with {} heads and {} sectors {}", order.geometry->heads,
                                order.geometry->sectors, rewritten.problems.front()),
                    "export to qemu, which keeps the disk's own geometry; --yes exports it nevertheless",
                    ErrorKind::decision);
    result.changes = std::move(rewritten.changes);
    result.problems = std::move(rewritten.problems);
    if (order.far_ends)
        write_far_ends(*disk, result.changes);
}

} // namespace

ExportedDisk export_disk(const DiskOrder& order, Progress& progress, const std::stop_token& stop) {
    const bool own_writer = order.format == DiskFormat::raw || order.format == DiskFormat::vhd ||
                            order.format == DiskFormat::vhd_fixed;
    ExportedDisk result;
    result.file = fmt::format("disk{}{}", order.number, extension_of(order.format));
    const std::string path = (fs::path(order.folder) / result.file).string();
    const std::string first =
        own_writer ? path : (fs::path(order.folder) / fmt::format(".disk{}.raw", order.number)).string();
    {
        const block::BlockDevicePtr source = block::open_disk(order.source);
        result.size = source->size();
        const block::SharedBlockDevice copy =
            create(own_writer ? order.format : DiskFormat::raw, first, source->size());
        block::copy_disk(*source, *copy, progress, stop);
        rewrite(order, copy, result);
        copy->flush();
    }
    if (!own_writer) {
        run_qemu_img(first, path, order.format, progress, stop);
        fs::remove(first);
    }
    return result;
}

} // namespace ntferry::exports
