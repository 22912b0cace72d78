// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/capture.hpp"

#include "converter/capture/pipeline.hpp"
#include "converter/capture/rescue.hpp"
#include "converter/capture/source_reader.hpp"
#include "converter/capture/target.hpp"
#include "converter/capture/verify.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <filesystem>

namespace ntferry::capture {
namespace {

namespace fs = std::filesystem;
using block::RescueMap;
using block::RescueStatus;

constexpr std::string_view mode_comment = "# ntferry mode: ";
constexpr std::string_view start_comment = "# ntferry first sector: ";
constexpr const char* go_on = "go on with --resume";

/// Tells one disk from another when a capture goes on: the digest of its first sector.
std::string first_sector_digest(block::BlockDevice& source) {
    Bytes sector(std::min<std::uint64_t>(512, source.size()));
    try {
        source.read(0, sector);
    } catch (const block::ReadError& error) {
        if (source_is_gone(error))
            throw;
        return "unreadable";
    }
    return to_hex(sha256(sector));
}

std::string comment_value(const RescueMap& map, std::string_view prefix) {
    for (const std::string& comment : map.comments)
        if (comment.starts_with(prefix))
            return comment.substr(prefix.size());
    return {};
}

class Job {
  public:
    Job(block::BlockDevice& source, std::string image_path, const CaptureOptions& options, Progress& progress,
        const std::stop_token& stop)
        : source_(source), image_path_(std::move(image_path)), options_(options), mode_(options.mode),
          progress_(progress), stop_(stop),
          map_path_(options.map_path.empty() ? image_path_ + ".map" : options.map_path) {}

    CaptureResult run() {
        if (source_.size() == 0)
            throw Error(source_.name(), "is an empty disk");
        result_.source_size = source_.size();
        plan();
        Target target = open_target();
        result_.image_size = target.image().size();
        try {
            target.save();
            copy(target);
        } catch (...) {
            rescue_what_is_there(target);
        }
        finish(target);
        return std::move(result_);
    }

  private:
    void plan() {
        if (options_.raw)
            return;
        progress_.phase("used clusters", 0);
        used_ = build_used_map(source_, {.trust_dirty = options_.trust_dirty});
        for (const std::string& note : used_.notes)
            progress_.note(note);
        progress_.done();
        result_.volumes = used_.volumes;
        result_.free_bytes = used_.skips.bytes(SkipKind::free_space);
        result_.page_file_bytes = used_.skips.bytes(SkipKind::page_file);
    }

    const char* mode_name() const {
        return options_.raw ? captured_raw : options_.trust_dirty ? captured_trusting_dirty : captured_used;
    }

    Target open_target() {
        using block::vhd::Touch;
        first_sector_ = first_sector_digest(source_);
        // Cut off before anything was written: the advice of that run was --resume.
        if (mode_ == CaptureMode::resume && !fs::exists(image_path_) && !fs::exists(map_path_)) {
            progress_.note(fmt::format("{}: nothing is there yet; captured from the beginning", image_path_));
            mode_ = CaptureMode::fresh;
        }
        const bool fresh = mode_ == CaptureMode::fresh;
        if (fresh && fs::exists(image_path_))
            throw Error(image_path_, "is there already",
                        "go on with --resume, bring it up to date with --update, or choose another name");
        if (fresh)
            keep_foreign_map();
        if (!fresh && !fs::exists(image_path_))
            throw Error(image_path_, "is missing, there is nothing to go on with",
                        "capture without --resume or --update");
        RescueMap map = new_map();
        if (mode_ == CaptureMode::resume)
            map = map_to_resume();
        std::vector<Digest> known;
        if (mode_ == CaptureMode::update)
            known = known_digests();
        block::vhd::ImagePtr image =
            fresh ? block::vhd::create_dynamic(image_path_, source_.size())
                  : block::vhd::open(image_path_, block::Access::read_write,
                                     mode_ == CaptureMode::resume ? Touch::never : Touch::on_first_write);
        if (image->size() < source_.size())
            throw Error(
                image_path_,
                fmt::format("is a disk of {} bytes, the source has {}", image->size(), source_.size()),
                "it was captured from another disk");
        Target target(std::move(image), std::move(map), map_path_, !fresh, options_.save_every);
        target.set_known(std::move(known));
        return target;
    }

    /// A map that is not of a capture of ours may be all that tells what an image of GNU ddrescue holds.
    void keep_foreign_map() const {
        if (!fs::exists(map_path_) || !comment_value(RescueMap::load(map_path_), mode_comment).empty())
            return;
        throw Error(map_path_, "is there already, and not of a capture",
                    "give the map of a ddrescue image with the source ('IMAGE,map=MAP'); --map names the one "
                    "to write");
    }

    RescueMap new_map() const {
        RescueMap map(source_.size());
        map.comments = {
            "# Mapfile. Created by ntferry capture; free space that is left out counts as finished.",
            std::string(mode_comment) + mode_name(), std::string(start_comment) + first_sector_};
        return map;
    }

    RescueMap map_to_resume() const {
        RescueMap map = RescueMap::load(map_path_);
        const std::string mode = comment_value(map, mode_comment);
        const std::string start = comment_value(map, start_comment);
        // A map of ddrescue has neither; what it calls finished was copied from this disk by its user's word.
        if (!mode.empty() && mode != mode_name())
            throw Error(map_path_, fmt::format("was begun in mode '{}', not '{}'", mode, mode_name()),
                        "resume it the same way, or start anew");
        if (!start.empty() && start != "unreadable" && first_sector_ != "unreadable" &&
            start != first_sector_)
            throw Error(source_.name(), "is not the disk that this capture was begun with: sector 0 differs");
        if (map.size() > source_.size() || (!mode.empty() && map.size() != source_.size()))
            throw Error(
                source_.name(),
                fmt::format("has {} bytes, the capture was begun with {}", source_.size(), map.size()),
                "it is another disk, or it no longer shows all of itself");
        map.resize(source_.size());
        if (mode.empty())
            map.comments = new_map().comments;
        for (const Skip& skip : used_.skips.ranges())
            map.set(skip.offset, skip.length, RescueStatus::finished);
        return map;
    }

    std::vector<Digest> known_digests() const {
        const Manifest manifest = Manifest::load(manifest_path_for(image_path_));
        if (manifest.disk_size != source_.size())
            throw Error(
                source_.name(),
                fmt::format("has {} bytes, the image is of a disk of {}", source_.size(), manifest.disk_size),
                "it is another disk");
        return manifest.chunks;
    }

    void copy(Target& target) {
        progress_.phase(mode_ == CaptureMode::update ? "update" : "capture", source_.size());
        const bool digests = options_.digests || mode_ == CaptureMode::update;
        const PipelineResult first = run_pipeline(source_, used_.skips, target, digests, progress_, stop_);
        progress_.done();
        result_.read_bytes = first.bytes_read;
        result_.read_bytes += rescue(source_, target, options_.retries, progress_, stop_);
        target.map().phase = '+';
        target.save();
    }

    /// The work so far is not lost with what went wrong. Rethrows.
    [[noreturn]] void rescue_what_is_there(Target& target) {
        const std::exception_ptr reason = std::current_exception();
        try {
            target.save();
        } catch (const Error&) { // NOLINT(bugprone-empty-catch): the first error is the one to tell
        }
        try {
            std::rethrow_exception(reason);
        } catch (const Interrupted& error) {
            throw Interrupted(image_path_, go_on);
        } catch (const Error& error) {
            const std::string& remedy = error.remedy();
            const bool told = remedy.find("--resume") != std::string::npos;
            throw Error(error.where(), error.problem(),
                        remedy.empty() ? go_on
                        : told         ? remedy
                                       : fmt::format("{}, then {}", remedy, go_on),
                        error.kind());
        }
    }

    void finish(Target& target) {
        result_.written_bytes = target.written();
        result_.changed_chunks = target.changed_chunks();
        // The image is complete; the rest only describes it.
        const RescueMap map = target.map();
        if (!map.complete()) {
            const block::SharedBlockDevice image = block::vhd::open(image_path_, block::Access::read_only);
            result_.losses = name_losses(image, map);
        }
        if (!options_.digests)
            return;
        complete_digests(target.image(), source_.size(), target.digests(), progress_, stop_);
        Manifest manifest;
        manifest.source = source_.name();
        manifest.captured = mode_name();
        manifest.time = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
        manifest.disk_size = source_.size();
        manifest.free_bytes = result_.free_bytes;
        manifest.page_file_bytes = result_.page_file_bytes;
        for (const auto& digest : target.digests())
            manifest.chunks.push_back(digest.value());
        for (const Loss& loss : result_.losses)
            manifest.losses.push_back({loss.offset, loss.length, loss.describe()});
        result_.manifest_path = manifest_path_for(image_path_);
        manifest.save(result_.manifest_path);
    }

    block::BlockDevice& source_;
    std::string image_path_;
    const CaptureOptions& options_;
    CaptureMode mode_;
    Progress& progress_;
    const std::stop_token& stop_;
    std::string map_path_;
    std::string first_sector_;
    UsedMap used_;
    CaptureResult result_;
};

} // namespace

CaptureResult capture(block::BlockDevice& source, const std::string& image_path,
                      const CaptureOptions& options, Progress& progress, std::stop_token stop) {
    return Job(source, image_path, options, progress, stop).run();
}

} // namespace ntferry::capture
