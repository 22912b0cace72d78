// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/patch-boot/inside.hpp"

#include <algorithm>
#include <sstream>
#include <variant>

namespace ntferry::test {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c; });
    return text;
}

std::vector<std::string> split(const std::string& line, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(line);
    for (std::string part; std::getline(stream, part, separator);)
        parts.push_back(part);
    return parts;
}

std::string hex(const Bytes& data) {
    std::string text;
    for (const std::uint8_t byte : data) {
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 15U];
    }
    return text;
}

std::string value_id(patch::HiveId hive, const std::string& key, const std::string& name) {
    return lower(std::string(patch::hive_name(hive)) + "\\" + key + "|" + name);
}

class Comparer {
  public:
    Comparer(const patch::Plan& plan, const Inside& inside) : plan_(plan), inside_(inside) {}

    Comparison run() {
        for (const patch::Action& action : plan_.actions)
            std::visit([this](const auto& change) { expect(change); }, action.change);
        check_values();
        check_files();
        return std::move(result_);
    }

  private:
    // The last change of a place counts.
    void expect(const patch::SetValue& change) {
        values_[value_id(change.hive, change.key, change.name)] = &change.value;
    }
    void expect(const patch::DeleteValue& change) {
        values_[value_id(change.hive, change.key, change.name)] = nullptr;
    }
    void expect(const patch::WriteFile& change) {
        files_[{place(change.volume), lower(change.path)}] = change.sha256();
    }
    void expect(const patch::CopyFile& change) { files_[{place(change.volume), lower(change.to)}] = "any"; }
    void expect(const patch::RenameFile& change) {
        files_[{place(change.volume), lower(change.to)}] = "any";
        files_[{place(change.volume), lower(change.from)}] = "gone";
    }
    void expect(const patch::SetBytes&) {} // lies outside of what has a name

    static std::pair<unsigned, std::uint64_t> place(const patch::VolumeRef& volume) {
        return {volume.disk, volume.start / 512};
    }

    void wrong(const std::string& what) { result_.wrong.push_back(what); }

    void check_values() {
        const auto volume = inside_.find(place(plan_.system.volume));
        if (volume == inside_.end())
            return wrong("the system's volume was not read");
        for (const auto& [id, value] : values_) {
            const auto found = volume->second.values.find(id);
            if (value == nullptr ? found != volume->second.values.end()
                                 : found == volume->second.values.end())
                wrong(id + (value == nullptr ? " is still there" : " is not there"));
            else if (value != nullptr && (found->second.type != static_cast<std::uint32_t>(value->type) ||
                                          found->second.data != hex(value->data)))
                wrong(id + " is " + found->second.data + ", planned " + hex(value->data));
            else
                ++result_.values;
        }
    }

    void check_files() {
        for (const auto& [where, wanted] : files_) {
            const auto volume = inside_.find(where.first);
            if (volume == inside_.end()) {
                wrong(where.second + ": its volume was not read");
                continue;
            }
            const auto found = volume->second.files.find(where.second);
            const bool there = found != volume->second.files.end();
            if (there == (wanted == "gone"))
                wrong(where.second + (there ? " is still there" : " is not there"));
            else if (there && wanted != "any" && found->second != wanted)
                wrong(where.second + " has another content");
            else
                ++result_.files;
        }
    }

    const patch::Plan& plan_;
    const Inside& inside_;
    std::map<std::string, const registry::Value*> values_; ///< null: gone
    std::map<std::pair<std::pair<unsigned, std::uint64_t>, std::string>, std::string> files_;
    Comparison result_;
};

} // namespace

Inside parse_inside(const std::string& serial) {
    Inside inside;
    InsideVolume* volume = nullptr;
    std::string hive;
    std::istringstream lines(serial);
    for (std::string line; std::getline(lines, line);) {
        line.erase(std::remove(line.begin(), line.end(), '\r'), line.end());
        const std::size_t space = line.find(' ');
        const std::string word = line.substr(0, space);
        const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
        if (word == "VOLUME") { // sda1 0 63 ntfs
            const std::vector<std::string> parts = split(rest, ' ');
            volume = &inside[{static_cast<unsigned>(std::stoul(parts.at(1))), std::stoull(parts.at(2))}];
        } else if (volume == nullptr) {
            continue;
        } else if (word == "FILE") {
            const std::size_t path = rest.find(' ');
            std::string name = lower(rest.substr(path + 1));
            std::replace(name.begin(), name.end(), '/', '\\');
            volume->files[name] = rest.substr(0, path);
        } else if (word == "BOOTINI") {
            volume->boot_ini.push_back(rest);
        } else if (word == "HIVE") {
            hive = lower(rest);
        } else if (line.starts_with("VALUE\t")) {
            std::vector<std::string> parts = split(line, '\t');
            parts.resize(5); // without data the last is missing
            volume->values[hive + "\\" + lower(parts[1]) + "|" + lower(parts[2])] = {
                static_cast<std::uint32_t>(std::stoul(parts[3])), parts[4]};
        }
    }
    return inside;
}

Comparison compare(const patch::Plan& plan, const Inside& inside) {
    return Comparer(plan, inside).run();
}

} // namespace ntferry::test
