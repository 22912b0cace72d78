// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/draft.hpp"

#include "converter/patch/durable.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>

namespace ntferry::wizard {
namespace fs = std::filesystem;

std::string default_draft_path() {
    // A relative path in XDG_STATE_HOME has to be ignored, says the specification.
    if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && state[0] == '/')
        return (fs::path(state) / "ntferry/wizard.json").string();
    if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/')
        return (fs::path(home) / ".local/state/ntferry/wizard.json").string();
    return {};
}

std::optional<Answers> load_draft(const std::string& path) {
    std::error_code ignored;
    if (path.empty() || !fs::exists(path, ignored))
        return std::nullopt;
    boost::system::error_code broken;
    const boost::json::value value = boost::json::parse(patch::durable::read_text(path), broken);
    if (broken)
        throw Error(path, "holds no answers that can be read", "start anew");
    return answers_from_json(value, path);
}

void save_draft(const std::string& path, const Answers& answers) {
    if (path.empty())
        return;
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    if (error)
        throw SystemError(fs::path(path).parent_path().string(), "create", error.value());
    patch::durable::write(path, boost::json::serialize(to_json(answers)) + "\n");
    if (::chmod(path.c_str(), 0600) != 0)
        throw SystemError(path, "make private", errno);
}

void remove_draft(const std::string& path) {
    std::error_code ignored;
    if (!path.empty())
        fs::remove(path, ignored);
}

} // namespace ntferry::wizard
