// Looking for a file or a folder on this computer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "migrate/report/inspection_document.hpp"
#include "migrate/wizard/canvas.hpp"
#include "migrate/wizard/page_kinds.hpp"
#include "migrate/wizard/pages.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace ntferry::wizard {
namespace {

namespace fs = std::filesystem;

class Browse final : public MenuPage {
  public:
    Browse(const Context& context, bool media) : media_(media) { open(context.host, start(context)); }

    Move key(Context& context, const Key& key) override {
        wanted_.clear();
        const Move move = MenuPage::key(context, key);
        if (!wanted_.empty())
            open(context.host, wanted_);
        return move;
    }

  protected:
    View words(const Context&) const override {
        View view;
        view.title = media_ ? "Where is the CD or service pack?" : "Which file holds the disk?";
        view.text = {{"Folder: " + shortened(text::printable(folder_, 4096), 68)}};
        if (!problem_.empty())
            view.text.push_back({problem_, Tone::bad, 0});
        view.next = media_ ? "it is searched for the files that are needed. It is only read."
                           : "you see which disks you have chosen; then the file is looked at.";
        return view;
    }

    std::vector<Choice> choices(const Context&) const override {
        std::vector<Choice> all;
        if (media_)
            all.push_back(
                {{"[Take this folder]", "If the files of the CD or of the service pack are in here."},
                 [folder = folder_](Context& c) { return add_path(c, folder, true); },
                 {}});
        all.push_back({{"[Type the place instead]", "If you know it, or want to paste it."},
                       [media = media_](Context&) {
                           return Move{Move::Kind::go, media ? PageId::type_media : PageId::type_source};
                       },
                       {}});
        if (folder_ != "/")
            all.push_back(
                {{"[Up: the folder above]", ""}, into(fs::path(folder_).parent_path().string()), {}});
        for (const HostFile& file : files_) {
            const std::string path = (fs::path(folder_) / file.name).string();
            const std::string name = shortened(text::printable(file.name, 4096), 50);
            if (file.folder)
                all.push_back({{name + "/", ""}, into(path), {}});
            else
                all.push_back({{fmt::format("{:<50} {:>10}", name, report::size_text(file.bytes)), ""},
                               [path, media = media_](Context& c) { return add_path(c, path, media); },
                               {}});
        }
        return all;
    }

  private:
    /// Where the last answer came from is where the next one will be.
    std::string start(const Context& context) const {
        const auto& list =
            media_ && !context.answers.media.empty() ? context.answers.media : context.answers.sources;
        if (!list.empty() && list.back().starts_with('/') && !list.back().starts_with("/dev/")) {
            const std::string parent = fs::path(list.back()).parent_path().string();
            if (context.host.is_folder(parent))
                return parent;
        }
        return context.host.start_folder();
    }

    std::function<Move(Context&)> into(const std::string& folder) const {
        return [this, folder](Context&) {
            wanted_ = folder;
            return Move{};
        };
    }

    void open(const Host& host, const std::string& folder) {
        try {
            std::vector<HostFile> files = host.list(folder);
            if (media_)
                std::erase_if(files, [](const HostFile& file) {
                    return !file.folder && !text::iequals(fs::path(file.name).extension().string(), ".iso");
                });
            files_ = std::move(files);
            folder_ = folder;
            problem_.clear();
            select(0);
        } catch (const Error& error) {
            problem_ = fmt::format("{}: {}", error.where(), error.problem());
            if (folder_.empty())
                folder_ = "/";
        }
    }

    bool media_;
    std::string folder_;
    std::vector<HostFile> files_;
    std::string problem_;
    mutable std::string wanted_; ///< set by a choice, opened after the key
};

class TypePath final : public FieldPage {
  public:
    explicit TypePath(bool media) : FieldPage("/"), media_(media) {}

  protected:
    View words(const Context&) const override {
        View view;
        view.title = media_ ? "Where is the CD or service pack?" : "Which file holds the disk?";
        view.text = {{media_
                          ? "Type the whole place of a folder or a CD image, for example /media/cdrom or "
                            "/home/anna/nt4server.iso."
                          : "Type the whole place of the file, for example /home/anna/server1.img. Copies in "
                            "several pieces: the first piece."}};
        view.next = media_ ? "it is searched for the files that are needed. It is only read."
                           : "you see which disks you have chosen; then the file is looked at.";
        return view;
    }
    std::string label() const override { return "Place:"; }
    Move accept(Context& context, const std::string& value) override {
        if (value.empty() || value == "/") {
            warn("Please type where it is, or press Esc to go back.");
            return {};
        }
        // "copy.img,map=copy.map" names a copy and what is known to be unreadable in it.
        if (!context.host.exists(value.substr(0, value.find(",map=")))) {
            warn("There is nothing at this place. Large and small letters are different here.");
            return {};
        }
        if (!media_ && context.host.is_folder(value)) {
            warn("This is a folder. The file with the disk in it is needed.");
            return {};
        }
        return add_path(context, value, media_);
    }

  private:
    bool media_;
};

} // namespace

PagePtr browse_page(const Context& context, bool media) {
    return std::make_unique<Browse>(context, media);
}
PagePtr type_path_page(bool media) {
    return std::make_unique<TypePath>(media);
}

} // namespace ntferry::wizard
