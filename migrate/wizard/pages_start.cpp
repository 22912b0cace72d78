// Welcome, and where the server's disks are.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/inspection_document.hpp"
#include "migrate/wizard/canvas.hpp"
#include "migrate/wizard/page_kinds.hpp"
#include "migrate/wizard/pages.hpp"
#include "migrate/wizard/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::wizard {
namespace {

Move go(PageId page) {
    return {Move::Kind::go, page};
}

class Welcome final : public MenuPage {
  protected:
    View words(const Context& context) const override {
        View view;
        view.title = "Move a Windows NT server into a virtual machine";
        view.text = {
            {"This program copies an old server's disks and turns the copy into a computer that "
             "runs inside this one. It asks one thing at a time. You can always go back.",
             Tone::plain, 0},
            {},
            {"You need:", Tone::plain, 0},
            bullet("the server's disk: connected to this computer, copied into a file, or on another "
                   "computer of your network;"),
            bullet("the Windows NT 4.0 CD and the service pack that the server has, as a CD image "
                   "(.iso) or a folder.")};
        if (!context.draft_problem.empty())
            view.text.push_back(
                {"Your saved answers could not be read: " + context.draft_problem, Tone::warning, 0});
        view.next = "you say where the server's disk is. Nothing is written to any disk until you have "
                    "accepted a summary.";
        view.can_go_back = false;
        return view;
    }
    std::vector<Choice> choices(const Context& context) const override {
        std::vector<Choice> all;
        if (context.draft)
            all.push_back({{"Go on where I stopped",
                            fmt::format("Takes your saved answers{}.",
                                        context.draft->sources.empty()
                                            ? ""
                                            : ": " + shortened(context.draft->sources.front(), 50))},
                           [](Context&) { return Move{Move::Kind::resume}; },
                           {}});
        all.push_back({{context.draft ? "Start anew" : "Start", "The first question follows."},
                       [](Context& c) {
                           c.answers.forget();
                           return go(PageId::source);
                       },
                       {}});
        all.push_back(
            {{"Leave", "Nothing has been written."}, [](Context&) { return Move{Move::Kind::leave}; }, {}});
        return all;
    }
};

class Source final : public MenuPage {
  protected:
    View words(const Context&) const override {
        View view;
        view.title = "Where is the server's disk?";
        view.text = {{"The disk is only read. Whatever happens, it stays as it is.", Tone::plain, 0}};
        view.next = "you choose the disk from a list, or say where it is.";
        return view;
    }
    std::vector<Choice> choices(const Context&) const override {
        return {{{"A disk connected to this computer",
                  "You took the disk out of the server and connected it here, or this is the server itself."},
                 [](Context&) { return go(PageId::local_disks); },
                 {}},
                {{"A file that holds a copy of the disk",
                  "Made by a program that copies whole disks, or by another virtual machine. You can look "
                  "for it in the folders of this computer."},
                 [](Context&) { return go(PageId::browse_source); },
                 {}},
                {{"A disk of another computer, over the network",
                  "The other computer runs Linux (from a CD, for example) and offers its disk."},
                 [](Context&) { return go(PageId::address); },
                 {}}};
    }
};

class LocalDisks final : public MenuPage {
  public:
    explicit LocalDisks(const Context& context) : disks_(context.host.disks()) {
        const auto free = std::find_if(disks_.begin(), disks_.end(),
                                       [](const HostDisk& disk) { return disk.busy.empty(); });
        select(static_cast<std::size_t>(free - disks_.begin())); // none free: "Look again"
    }

  protected:
    View words(const Context&) const override {
        View view;
        view.title = "Which disk of this computer is it?";
        const bool any =
            std::any_of(disks_.begin(), disks_.end(), [](const HostDisk& disk) { return disk.busy.empty(); });
        view.text = {
            {any ? "These disks are connected. Compare the model and the size with the label on the disk. "
                   "If the server has more than one disk, begin with the one it starts from."
                 : "No disk is connected that could be the server's. Connect it and choose \"Look again\".",
             any ? Tone::plain : Tone::warning, 0}};
        view.next = "you see which disks you have chosen; then the disk is looked at.";
        return view;
    }
    std::vector<Choice> choices(const Context&) const override {
        std::vector<Choice> all;
        for (const HostDisk& disk : disks_) {
            Choice choice;
            choice.item.label =
                fmt::format("{:<14} {:>9}  {}", disk.path, report::size_text(disk.bytes),
                            shortened(disk.model.empty() ? "(no model name)" : disk.model, 40));
            choice.item.enabled = disk.busy.empty();
            choice.item.detail = choice.item.enabled ? fmt::format("{} part{} on it{}.", disk.partitions,
                                                                   disk.partitions == 1 ? "" : "s",
                                                                   disk.removable ? "; can be unplugged" : "")
                                                     : "This computer uses it itself.";
            choice.why_not = fmt::format("This disk cannot be taken: it {}.", disk.busy);
            choice.take = [path = disk.path](Context& context) { return add_path(context, path, false); };
            all.push_back(std::move(choice));
        }
        all.push_back({{"Look again", "After you have connected a disk."},
                       [](Context&) { return go(PageId::local_disks); },
                       {}});
        return all;
    }

  private:
    std::vector<HostDisk> disks_;
};

class Address final : public FieldPage {
  public:
    Address() : FieldPage("") {}

  protected:
    View words(const Context&) const override {
        View view;
        view.title = "What is the address of the disk?";
        view.text = {
            {"Two ways are understood. NAME stands for the other computer's name or number.", Tone::plain, 0},
            fact("By SSH", "ssh://root@NAME/dev/sda", Tone::note),
            fact("", "You must be able to log in there from here without a password."),
            fact("By NBD", "nbd://NAME", Tone::note),
            fact("", "The other computer offers the disk, for example with: nbdkit file /dev/sda")};
        view.next = "you see which disks you have chosen; then the disk is looked at.";
        return view;
    }
    std::string label() const override { return "Address:"; }
    Move accept(Context& context, const std::string& value) override {
        static constexpr std::array schemes = {"ssh://", "nbd://", "nbds://", "nbd+unix://"};
        if (std::none_of(schemes.begin(), schemes.end(), [&](const char* scheme) {
                return value.starts_with(scheme) && value.size() > std::string_view(scheme).size();
            })) {
            warn("An address begins with ssh:// or nbd:// and then names the other computer.");
            return {};
        }
        return add_path(context, value, false);
    }
};

class Disks final : public MenuPage {
  protected:
    View words(const Context& context) const override {
        View view;
        view.title = "The disks of this server";
        view.text.push_back({"Give every disk that the server had, in its order. Most servers had one."});
        view.text.push_back({});
        for (std::size_t i = 0; i < context.answers.sources.size(); ++i)
            view.text.push_back(fact(fmt::format("Disk {}", i + 1), context.answers.sources[i], Tone::good));
        view.next = "the disks are looked at, which takes seconds up to a few minutes. They are only read.";
        return view;
    }
    std::vector<Choice> choices(const Context& context) const override {
        std::vector<Choice> all;
        if (!context.answers.sources.empty())
            all.push_back(
                {{"These are all: look at them", ""}, [](Context&) { return Move{Move::Kind::next}; }, {}});
        all.push_back(
            {{"Add another disk of the same server", ""}, [](Context&) { return go(PageId::source); }, {}});
        for (std::size_t i = 0; i < context.answers.sources.size(); ++i)
            all.push_back(
                {{fmt::format("Take away disk {}: {}", i + 1, shortened(context.answers.sources[i], 45)), ""},
                 [i](Context& c) {
                     c.answers.sources.erase(c.answers.sources.begin() + static_cast<std::ptrdiff_t>(i));
                     c.answers.decisions.clear();
                     return Move{};
                 },
                 {}});
        return all;
    }
};

} // namespace

Move add_path(Context& context, const std::string& path, bool media) {
    std::vector<std::string>& list = media ? context.answers.media : context.answers.sources;
    if (std::find(list.begin(), list.end(), path) == list.end())
        list.push_back(path);
    if (!media)
        context.answers.decisions.clear(); // they were about other disks
    return {Move::Kind::next};
}

PagePtr welcome_page(const Context&) {
    return std::make_unique<Welcome>();
}
PagePtr source_page() {
    return std::make_unique<Source>();
}
PagePtr local_disks_page(const Context& context) {
    return std::make_unique<LocalDisks>(context);
}
PagePtr address_page() {
    return std::make_unique<Address>();
}
PagePtr disks_page() {
    return std::make_unique<Disks>();
}

} // namespace ntferry::wizard
