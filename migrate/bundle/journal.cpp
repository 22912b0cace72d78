// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/bundle/journal.hpp"

#include "converter/base/error.hpp"
#include "converter/patch/durable.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace ntferry::bundle {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string path_in(const std::string& bundle) {
    return (fs::path(bundle) / "state/convert.json").string();
}

std::vector<std::string> strings(const json::object& object, const char* name) {
    return json::value_to<std::vector<std::string>>(object.at(name));
}

constexpr const char* lock_file = "state/convert.lock";

/// Nobody else converts into the folder as long as it is held.
batch::FileLock lock_folder(const std::string& bundle) {
    std::optional<batch::FileLock> lock = batch::FileLock::take((fs::path(bundle) / lock_file).string());
    if (!lock)
        throw Error(bundle, "another conversion is at work here", "let it end, or stop it first",
                    ErrorKind::decision);
    return std::move(*lock);
}

/// Whether all that is there was left by a begin() that was cut off before its journal was whole.
bool is_skeleton(const std::string& bundle) {
    std::error_code error;
    for (auto at = fs::recursive_directory_iterator(bundle, error);
         !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        const std::string path = at->path().lexically_relative(bundle).generic_string();
        const bool ours = at->is_symlink()     ? false
                          : at->is_directory() ? path == "disks" || path == "logs" || path == "state"
                                               : path == "state/convert.json.new" || path == lock_file;
        if (!ours)
            return false;
    }
    return !error;
}

} // namespace

Journal Journal::begin(const std::string& bundle, const std::vector<std::string>& sources,
                       const std::string& profile) {
    std::error_code error;
    if (fs::exists(path_in(bundle), error))
        throw Error(bundle, "a conversion was begun here", "go on with --resume, or name another folder",
                    ErrorKind::usage);
    if (fs::exists(bundle, error) && (!fs::is_directory(bundle, error) || !is_skeleton(bundle)))
        throw Error(bundle, "is there already and not empty", "name a new folder", ErrorKind::usage);
    for (const char* folder : {"disks", "logs", "state"}) {
        fs::create_directories(fs::path(bundle) / folder, error);
        if (error)
            throw SystemError(bundle, "create", error.value());
    }
    Journal journal{lock_folder(bundle)};
    if (fs::exists(path_in(bundle), error)) // begun by another one since
        throw Error(bundle, "a conversion was begun here", "go on with --resume, or name another folder",
                    ErrorKind::usage);
    journal.path_ = path_in(bundle);
    journal.sources_ = sources;
    journal.profile_ = profile;
    journal.save();
    return journal;
}

Journal Journal::resume(const std::string& bundle, const std::vector<std::string>& sources,
                        const std::string& profile) {
    std::error_code missing;
    if (!fs::exists(path_in(bundle), missing) && fs::is_directory(bundle, missing) && is_skeleton(bundle))
        return begin(bundle, sources, profile);
    if (!fs::exists(path_in(bundle), missing))
        throw Error(bundle, "no conversion was begun here", "leave --resume out", ErrorKind::usage);
    Journal journal{lock_folder(bundle)};
    journal.path_ = path_in(bundle);
    try {
        const json::object object = json::parse(patch::durable::read_text(journal.path_)).as_object();
        journal.sources_ = strings(object, "sources");
        journal.profile_ = json::value_to<std::string>(object.at("profile"));
        journal.done_ = strings(object, "done");
    } catch (const Error&) {
        throw;
    } catch (const std::exception&) {
        throw Error(journal.path_, "is damaged", "convert into a new folder");
    }
    if (journal.sources_ != sources || journal.profile_ != profile)
        throw Error(bundle, "was begun with other sources or another profile",
                    "give the same ones, or convert into a new folder", ErrorKind::usage);
    return journal;
}

bool Journal::done(std::string_view step) const {
    return std::find(done_.begin(), done_.end(), step) != done_.end();
}

void Journal::mark(std::string_view step) {
    if (done(step))
        return;
    done_.emplace_back(step);
    save();
}

void Journal::save() const {
    const json::object object{{"format", "ntferry.conversion"},
                              {"version", 1},
                              {"sources", json::value_from(sources_)},
                              {"profile", profile_},
                              {"done", json::value_from(done_)}};
    patch::durable::write(path_, json::serialize(object) + "\n");
}

} // namespace ntferry::bundle
