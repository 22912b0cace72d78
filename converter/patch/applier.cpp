// Carrying out the changes of a plan.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/applier.hpp"

#include "converter/patch/hive_edit.hpp"
#include "converter/patch/hive_files.hpp"
#include "converter/registry/editor.hpp"

#include <fmt/format.h>

#include <map>

namespace ntferry::patch {
namespace {

class Applier {
  public:
    Applier(const Plan& plan, Volumes& volumes, const std::function<void(std::string_view)>& at_step)
        : plan_(plan), volumes_(volumes), at_step_(at_step) {}

    Applied run() {
        check_preconditions();
        for (const Action& action : plan_.actions)
            if (!std::holds_alternative<SetValue>(action.change) &&
                !std::holds_alternative<DeleteValue>(action.change)) {
                step(action.id);
                write(action);
            }
        for (const HiveId hive : {HiveId::system, HiveId::software})
            write_hive(hive);
        step("sync");
        volumes_.sync();
        return std::move(applied_);
    }

  private:
    void step(std::string_view name) const {
        if (at_step_)
            at_step_(name);
    }

    volume::FileSystem& system_files() { return volumes_.files(plan_.system.volume); }

    void check_preconditions() {
        std::map<std::pair<unsigned, std::uint64_t>, std::uint64_t> growth;
        for (const Action& action : plan_.actions) {
            if (const auto* file = std::get_if<WriteFile>(&action.change)) {
                const auto found = volumes_.files(file->volume).lookup(file->path);
                if (found.has_value() != file->old.has_value())
                    not_what_was_planned(action,
                                         found ? "the file is there already" : "the file is not there");
                if (found &&
                    (found->size != file->old->size ||
                     sha256_hex(volumes_.files(file->volume).read_file(file->path)) != file->old->sha256))
                    not_what_was_planned(action, "the file has another content");
                growth[{file->volume.disk, file->volume.start}] += file->content.size();
            } else if (const auto* copied = std::get_if<CopyFile>(&action.change)) {
                const auto found = volumes_.files(copied->volume).lookup(copied->from);
                if (!found)
                    not_what_was_planned(action, "the file is not there");
                growth[{copied->volume.disk, copied->volume.start}] += found->size;
            } else if (const auto* renamed = std::get_if<RenameFile>(&action.change)) {
                if (!volumes_.files(renamed->volume).lookup(renamed->from))
                    not_what_was_planned(action, "the file is not there");
                if (volumes_.files(renamed->volume).lookup(renamed->to))
                    not_what_was_planned(action, fmt::format("{} is there already", renamed->to));
            } else if (const auto* bytes = std::get_if<SetBytes>(&action.change)) {
                Bytes now(bytes->old.size());
                volumes_.disk(bytes->disk).read(bytes->offset, now);
                if (now != bytes->old)
                    not_what_was_planned(action, "the bytes are " + to_hex(now));
            }
        }
        for (const auto& [place, bytes] : growth) {
            const volume::FileSystemInfo info = volumes_.files({place.first, place.second}).info();
            // Clusters, index blocks and MFT records on top: a megabyte is more than they take.
            if (info.free_bytes < bytes + (std::uint64_t{1} << 20U))
                throw Error(
                    describe(VolumeRef{place.first, place.second}),
                    fmt::format("has {} bytes free, the changes need {}", info.free_bytes, bytes),
                    "free some space on the server and capture it again, or leave out what copies files",
                    ErrorKind::decision);
        }
    }

    void write(const Action& action) {
        if (const auto* file = std::get_if<WriteFile>(&action.change)) {
            volume::FileSystem& files = volumes_.files(file->volume);
            make_parents(files, file->path);
            const auto found = files.lookup(file->path);
            if (found && (found->attributes & volume::attribute_read_only) != 0)
                files.set_attributes(file->path,
                                     found->attributes & ~std::uint32_t{volume::attribute_read_only});
            files.write_file(file->path, file->content);
            if (found)
                files.set_attributes(file->path, found->attributes);
            else if (file->attributes != 0)
                files.set_attributes(file->path, file->attributes);
        } else if (const auto* copied = std::get_if<CopyFile>(&action.change)) {
            volume::FileSystem& files = volumes_.files(copied->volume);
            if (files.lookup(copied->to))
                return; // the oldest copy is the one worth keeping
            const auto found = files.lookup(copied->from);
            files.write_file(copied->to, files.read_file(copied->from));
            if (found)
                files.set_attributes(copied->to, found->attributes);
        } else if (const auto* renamed = std::get_if<RenameFile>(&action.change)) {
            volumes_.files(renamed->volume).rename(renamed->from, renamed->to);
        } else if (const auto* bytes = std::get_if<SetBytes>(&action.change)) {
            volumes_.disk(bytes->disk).write(bytes->offset, bytes->value);
        }
    }

    static void make_parents(volume::FileSystem& files, const std::string& path) {
        for (std::size_t at = path.find('\\', 1); at != std::string::npos; at = path.find('\\', at + 1)) {
            const std::string parent = path.substr(0, at);
            if (!files.lookup(parent))
                files.make_directory(parent);
        }
    }

    void write_hive(HiveId hive) {
        if (!changes_hive(plan_, hive))
            return;
        LoadedHive loaded = load_hive(system_files(), plan_.system.root, hive);
        Bytes image = edit_hive(plan_, hive, std::move(loaded.image), at_step_);
        if (hive == HiveId::system && image.size() > registry::system_hive_warn)
            applied_.warnings.push_back(fmt::format(
                "the SYSTEM hive has {} bytes; near 11.5 MB NT 4.0 can no longer load it", image.size()));
        step(fmt::format("store {}", hive_name(hive)));
        store_hive(system_files(), plan_.system.root, hive, image);
        applied_.hives.emplace(hive, std::move(image));
    }

    const Plan& plan_;
    Volumes& volumes_;
    const std::function<void(std::string_view)>& at_step_;
    Applied applied_;
};

} // namespace

Applied apply_changes(const Plan& plan, Volumes& volumes,
                      const std::function<void(std::string_view)>& at_step) {
    return Applier(plan, volumes, at_step).run();
}

} // namespace ntferry::patch
