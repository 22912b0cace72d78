// ntferry image verify
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/used_map.hpp"
#include "converter/capture/verify.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

namespace json = boost::json;

json::array to_json(const std::vector<capture::Mismatch>& mismatches) {
    json::array list;
    for (const capture::Mismatch& mismatch : mismatches)
        list.push_back(json::object{{"offset", mismatch.offset}, {"length", mismatch.length}});
    return list;
}

void print_plain(std::ostream& out, const std::string& name,
                 const std::vector<capture::Mismatch>& mismatches) {
    for (const capture::Mismatch& mismatch : mismatches)
        fmt::print(out, "{}: {} bytes from offset {} on are not what was captured\n", name, mismatch.length,
                   mismatch.offset);
    if (mismatches.empty())
        fmt::print(out, "{}: is what was captured\n", name);
}

int run(Invocation& invocation) {
    const std::string image = required(invocation, "image");
    const std::string manifest_path = invocation.has("manifest") ? invocation.get<std::string>("manifest")
                                                                 : capture::manifest_path_for(image);
    const capture::Manifest manifest = capture::Manifest::load(manifest_path);
    bool good = true;
    json::object result{
        {"image", image}, {"manifest", manifest_path}, {"disk_digest", to_hex(manifest.disk_digest())}};
    const auto verify = [&](const std::string& spec, const char* phase, const capture::SkipList& skips,
                            block::BlockDevice& disk) {
        invocation.progress.phase(phase, manifest.disk_size);
        const auto mismatches =
            capture::verify_disk(disk, manifest, skips, invocation.progress, invocation.stop);
        invocation.progress.done();
        good = good && mismatches.empty();
        result[phase] = to_json(mismatches);
        if (!invocation.json)
            print_plain(invocation.out, spec, mismatches);
    };
    verify(image, "verify image", capture::SkipList(), *block::open_disk(image));
    if (invocation.has("source")) {
        const std::string spec = invocation.get<std::string>("source");
        const block::BlockDevicePtr source = block::open_disk(spec);
        capture::UsedMap used;
        if (manifest.captured != capture::captured_raw)
            used = capture::build_used_map(
                *source, {.trust_dirty = manifest.captured == capture::captured_trusting_dirty});
        verify(spec, "verify source", used.skips, *source);
    }
    result["good"] = good;
    if (invocation.json)
        print_json(invocation.out, result);
    return good ? 0 : 1;
}

} // namespace

Command image_verify_command() {
    return {
        .name = "image verify",
        .summary = "proves a captured image, and its source, against the manifest",
        .synopsis = "IMAGE.vhd [options]",
        .description =
            "Computes the SHA-256 of every 4 MiB again and compares it with IMAGE.vhd.manifest.json. With "
            "--source the disk itself is read again too. The exit code is 1 when something differs.",
        .add_options =
            [](po::options_description& options) {
                options.add_options()("manifest", po::value<std::string>()->value_name("FILE"),
                                      "default IMAGE.vhd.manifest.json") //
                    ("source", po::value<std::string>()->value_name("SOURCE"), "the disk that was captured");
            },
        .positional = {{"image", 1}},
        .examples = {{"ntferry image verify disk0.vhd --source /dev/sdb",
                      "image and disk against the manifest"}},
        .run = run};
}

} // namespace ntferry::cli
