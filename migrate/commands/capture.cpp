// ntferry capture
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/capture.hpp"

#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

#include <filesystem>

namespace ntferry::cli {
namespace {

namespace json = boost::json;

capture::CaptureOptions options_of(const Invocation& invocation) {
    capture::CaptureOptions options;
    if (invocation.has("resume") && invocation.has("update"))
        throw Error("--resume", "does not go with --update", "finish the capture first", ErrorKind::usage);
    if (invocation.has("resume"))
        options.mode = capture::CaptureMode::resume;
    if (invocation.has("update"))
        options.mode = capture::CaptureMode::update;
    options.raw = invocation.has("raw");
    options.trust_dirty = invocation.has("trust-dirty");
    options.digests = !invocation.has("no-digests");
    options.retries = invocation.get<unsigned>("retries");
    if (invocation.has("map"))
        options.map_path = invocation.get<std::string>("map");
    return options;
}

json::object to_json(const std::string& image, const capture::CaptureResult& result) {
    json::array losses;
    for (const capture::Loss& loss : result.losses)
        losses.push_back(json::object{{"offset", loss.offset},
                                      {"length", loss.length},
                                      {"sector", loss.offset / 512},
                                      {"kind", capture::to_string(loss.kind)},
                                      {"partition", loss.partition},
                                      {"path", loss.path},
                                      {"harmless", loss.harmless()}});
    json::array volumes;
    for (const capture::MappedVolume& volume : result.volumes)
        volumes.push_back(json::object{{"partition", volume.number},
                                       {"offset", volume.offset},
                                       {"length", volume.length},
                                       {"file_system", volume.file_system},
                                       {"copied_whole_because", volume.copied_whole_because},
                                       {"free_bytes", volume.free_bytes},
                                       {"page_file_bytes", volume.page_file_bytes}});
    return {{"image", image},
            {"manifest", result.manifest_path},
            {"source_size", result.source_size},
            {"image_size", result.image_size},
            {"read_bytes", result.read_bytes},
            {"written_bytes", result.written_bytes},
            {"free_bytes", result.free_bytes},
            {"page_file_bytes", result.page_file_bytes},
            {"changed_chunks", result.changed_chunks},
            {"volumes", volumes},
            {"losses", losses}};
}

void print_plain(std::ostream& out, const std::string& image, const capture::CaptureResult& result) {
    fmt::print(out, "{}: {} of a disk of {} stored; left out: {} free, {} page file\n", image,
               describe_size(result.written_bytes), describe_size(result.source_size),
               describe_size(result.free_bytes), describe_size(result.page_file_bytes));
    for (const capture::Loss& loss : result.losses)
        fmt::print(out, "{}: not readable: {}\n", image, loss.describe());
}

int run(Invocation& invocation) {
    const std::string from = required(invocation, "source");
    const std::string image = required(invocation, "image");
    const capture::CaptureOptions options = options_of(invocation);
    const block::BlockDevicePtr source = block::open_disk(from);
    const capture::CaptureResult result =
        capture::capture(*source, image, options, invocation.progress, invocation.stop);
    if (invocation.json)
        print_json(invocation.out, to_json(image, result));
    else
        print_plain(invocation.out, image, result);
    const bool harmless = std::all_of(result.losses.begin(), result.losses.end(),
                                      [](const capture::Loss& loss) { return loss.harmless(); });
    return harmless ? 0 : static_cast<int>(ErrorKind::decision);
}

void add_options(po::options_description& options) {
    options.add_options()("raw", "copy every sector, also free space and the page file")                   //
        ("resume", "go on with an interrupted capture, or try what could not be read again")               //
        ("update", "copy only what changed since the image was captured")                                  //
        ("map", po::value<std::string>()->value_name("FILE"), "ddrescue map to keep, default OUT.vhd.map") //
        ("retries", po::value<unsigned>()->value_name("N")->default_value(2),
         "passes over sectors that stay bad")                                                   //
        ("trust-dirty", "leave out free space also on a volume that was not shut down cleanly") //
        ("no-digests", "make no manifest");
}

} // namespace

Command capture_command() {
    return {.name = "capture",
            .summary = "captures a disk into a VHD, around what cannot be read",
            .synopsis = "SOURCE OUT.vhd [options]",
            .description =
                "SOURCE is opened read-only: a disk (/dev/sda), an image, an nbd:// or ssh:// address, an "
                "image that "
                "GNU ddrescue made with its map ('disk.img,map=disk.map'), '-' for a stream. A disk "
                "that is mounted or in use is refused.\n\n"
                "Of NTFS and FAT volumes only the clusters in use are read; free space and the "
                "contents of pagefile.sys "
                "become zeros. What is not understood, and a volume that was not shut down "
                "cleanly, is copied whole.\n\n"
                "Errors are stepped around first, then approached from behind, then read sector "
                "by sector. OUT.vhd.map is a "
                "map of GNU ddrescue that says what was read; every sector that stays unreadable "
                "is named with the file it "
                "belongs to. An interrupted capture goes on with --resume. OUT.vhd.manifest.json "
                "proves the image "
                "('ntferry image verify').\n\n"
                "The exit code is 3 when something that is not free space could not be read.",
            .add_options = add_options,
            .positional = {{"source", 1}, {"image", 1}},
            .examples = {{"ntferry capture /dev/sdb disk0.vhd", "captures the second disk"},
                         {"ntferry capture --resume /dev/sdb disk0.vhd", "goes on after an interruption"},
                         {"ntferry capture ssh://root@rescue/dev/sda disk0.vhd",
                          "over the network, with nothing but sh and dd on the other side"}},
            .run = run};
}

} // namespace ntferry::cli
