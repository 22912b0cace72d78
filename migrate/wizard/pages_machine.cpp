// The new machine: network, memory, folder, first start; and the summary that has to be accepted.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/inspection_document.hpp"
#include "migrate/wizard/canvas.hpp"
#include "migrate/wizard/page_kinds.hpp"
#include "migrate/wizard/pages.hpp"
#include "migrate/wizard/words.hpp"
#include "profiles/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace ntferry::wizard {
namespace {

Move go(PageId page) {
    return {Move::Kind::go, page};
}

const nt::Inspection& inspection_of(const Context& context) {
    return context.known.inspection();
}

profiles::Limits limits_of(const Context& context) {
    return profiles::find_profile(context.answers.profile).limits;
}

std::string mebibytes(std::uint64_t bytes) {
    return fmt::format("{} MB", bytes >> 20U);
}

class Network final : public MenuPage {
  public:
    explicit Network(const Context& context) {
        if (context.answers.network == "nat")
            select(1);
        else if (context.answers.network.starts_with("bridge:"))
            select(2);
    }

  protected:
    View words(const Context& context) const override {
        View view;
        view.title = "The network of the new machine";
        view.text = {
            {"If the old server still runs, do not connect both: two computers with one name and one "
             "address disturb each other. An old Windows has no protection against today's attacks."},
            {}};
        for (const nt::Installation& system : inspection_of(context).installations) {
            for (const nt::NetworkAdapter& card : system.network.adapters)
                for (const std::string& address : card.ip.addresses)
                    if (!card.disabled && address != "0.0.0.0")
                        view.text.push_back(fact("Its address", address));
            break;
        }
        view.next = "the memory of the new machine. You can change the network later.";
        return view;
    }
    std::vector<Choice> choices(const Context&) const override {
        const auto take = [](const char* network) {
            return [network](Context& context) {
                context.answers.network = network;
                return Move{Move::Kind::next};
            };
        };
        return {
            {{"Not connected (the safest; good for a first try)",
              "It has its network card, but no cable is in it."},
             take("isolated"),
             {}},
            {{"It may reach the network, nobody can reach it",
              "Like a computer behind a home router. It needs to ask for its address automatically (DHCP)."},
             take("nat"),
             {}},
            {{"On the network, like the old server",
              "Others reach it by its old address. Somebody has to have prepared a bridge on this computer."},
             [](Context&) { return go(PageId::bridge); },
             {}}};
    }
};

class Bridge final : public FieldPage {
  public:
    explicit Bridge(const Context& context)
        : FieldPage(context.answers.network.starts_with("bridge:") ? context.answers.network.substr(7)
                                                                   : "tap0") {}

  protected:
    View words(const Context&) const override {
        View view;
        view.title = "The network of the new machine";
        view.text = {{"Type the name of the network connection (a \"tap\" device) that was prepared for this "
                      "machine on "
                      "this computer. If you do not know it, press Esc and choose \"Not connected\"; it can "
                      "be changed "
                      "later."}};
        view.next = "the memory of the new machine.";
        return view;
    }
    std::string label() const override { return "Name:"; }
    Move accept(Context& context, const std::string& value) override {
        // IFNAMSIZ is 16 with its end mark (linux/if.h).
        if (value.empty() || value.size() > 15 || value.find_first_of(" /:") != std::string::npos) {
            warn("A name has 1 to 15 letters and digits, like tap0.");
            return {};
        }
        context.answers.network = "bridge:" + value;
        return {Move::Kind::next};
    }
};

class Memory final : public MenuPage {
  public:
    explicit Memory(const Context& context) {
        const profiles::Limits limits = limits_of(context);
        suggested_ = suggested_memory(inspection_of(context), limits, from_server_);
        for (std::uint64_t size : {64U, 128U, 256U, 512U, 1024U})
            if (size <<= 20U; size >= limits.memory_minimum && size <= limits.memory_maximum)
                sizes_.push_back(size);
        const std::uint64_t now = context.answers.memory != 0 ? context.answers.memory : suggested_;
        for (const std::uint64_t size : {suggested_, now})
            if (std::find(sizes_.begin(), sizes_.end(), size) == sizes_.end())
                sizes_.push_back(size);
        std::sort(sizes_.begin(), sizes_.end());
        select(static_cast<std::size_t>(std::find(sizes_.begin(), sizes_.end(), now) - sizes_.begin()));
    }

  protected:
    View words(const Context&) const override {
        View view;
        view.title = "The memory of the new machine";
        view.text = {
            {from_server_
                 ? "The server was set to use no more than what is suggested here."
                 : "A disk does not tell how much memory the server had. What is suggested is plenty for "
                   "most. More does not make an old Windows faster."}};
        view.next = "where the new machine is kept on this computer.";
        return view;
    }
    std::vector<Choice> choices(const Context&) const override {
        std::vector<Choice> all;
        for (const std::uint64_t size : sizes_)
            all.push_back({{mebibytes(size) + (size == suggested_ ? " (suggested)" : ""), ""},
                           [size](Context& c) {
                               c.answers.memory = size;
                               return Move{Move::Kind::next};
                           },
                           {}});
        all.push_back({{"Another amount", ""}, [](Context&) { return go(PageId::other_memory); }, {}});
        return all;
    }

  private:
    std::uint64_t suggested_ = 0;
    bool from_server_ = false;
    std::vector<std::uint64_t> sizes_;
};

class OtherMemory final : public FieldPage {
  public:
    explicit OtherMemory(const Context& context)
        : FieldPage(context.answers.memory == 0 ? "" : std::to_string(context.answers.memory >> 20U)),
          limits_(limits_of(context)) {}

  protected:
    View words(const Context&) const override {
        View view;
        view.title = "The memory of the new machine";
        view.text = {{fmt::format("Type how many megabytes (MB), from {} to {}.",
                                  limits_.memory_minimum >> 20U, limits_.memory_maximum >> 20U)}};
        view.next = "where the new machine is kept on this computer.";
        return view;
    }
    std::string label() const override { return "MB:"; }
    Move accept(Context& context, const std::string& value) override {
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (error != std::errc() || end != value.data() + value.size() ||
            number < limits_.memory_minimum >> 20U || number > limits_.memory_maximum >> 20U) {
            warn(fmt::format("This is not a number from {} to {}.", limits_.memory_minimum >> 20U,
                             limits_.memory_maximum >> 20U));
            return {};
        }
        context.answers.memory = number << 20U;
        return {Move::Kind::next};
    }

  private:
    profiles::Limits limits_;
};

class Target final : public FieldPage {
  public:
    explicit Target(const Context& context)
        : FieldPage(context.answers.bundle.empty() ? (std::filesystem::path(context.host.start_folder()) /
                                                      folder_name(inspection_of(context)))
                                                         .string()
                                                   : context.answers.bundle) {}

  protected:
    View words(const Context& context) const override {
        View view;
        view.title = "Where to keep the new machine";
        view.text = {{"Everything goes into one new folder: the exact copy of the disks, the changes, a "
                      "report. The folder "
                      "can be moved and renamed later."},
                     {},
                     fact("Room needed", "about " + report::size_text(space_needed(inspection_of(context))))};
        view.next = "whether to start the machine once, to see that it works.";
        return view;
    }
    std::string label() const override { return "Folder:"; }
    Move accept(Context& context, const std::string& value) override {
        const bool insists = !changed(); // Enter a second time
        if (value.empty() || value[0] != '/') {
            warn("Type the whole place, beginning with a /, for example /home/anna/server1.");
            return {};
        }
        switch (context.host.target(value)) {
        case TargetState::occupied:
            warn("There is something in this folder already, and it is not touched. Choose another name.");
            return {};
        case TargetState::no_folder:
            warn("A folder cannot be made there: the place does not exist, or you may not write to it.");
            return {};
        case TargetState::begun:
            if (!context.answers.begun || value != context.answers.bundle) {
                warn("Another conversion was begun in this folder, and it is not touched. Choose another "
                     "name.");
                return {};
            }
            break;
        case TargetState::free:
            break;
        }
        const auto room = context.host.free_bytes(value);
        if (const std::uint64_t needed = space_needed(inspection_of(context));
            room && *room < needed && !insists) {
            warn(fmt::format(
                "There is room for {} only, and about {} is needed. Choose another place, or press Enter "
                "again to try it.",
                report::size_text(*room), report::size_text(needed)));
            return {};
        }
        if (value != context.answers.bundle)
            context.answers.begun = false;
        context.answers.bundle = value;
        return {Move::Kind::next};
    }
};

class Trial final : public MenuPage {
  public:
    explicit Trial(const Context& context) {
        if (context.answers.trial == false)
            select(1);
    }

  protected:
    View words(const Context&) const override {
        View view;
        view.title = "Start the new machine once, to see that it works?";
        view.text = {
            {"The machine is started on throw-away copies of its disks, without any network, and you see its "
             "screen. Nothing of that start is kept."}};
        view.next = "a summary of everything. Only when you accept it, something is written.";
        return view;
    }
    std::vector<Choice> choices(const Context&) const override {
        const auto take = [](bool trial) {
            return [trial](Context& context) {
                context.answers.trial = trial;
                return Move{Move::Kind::next};
            };
        };
        return {{{"Yes, start it (up to three minutes more)", "Recommended."}, take(true), {}},
                {{"No", "You can do it later at any time."}, take(false), {}}};
    }
};

class Summary final : public MenuPage {
  protected:
    View words(const Context& context) const override {
        View view;
        view.title =
            context.answers.begun ? "Summary: go on with what was begun?" : "Summary: is this what you want?";
        view.text = {{"The old disks are copied exactly, the copy is prepared beside them, checked and made "
                      "into a machine. "
                      "The old disks stay as they are. Choose a line to change it."}};
        view.next = context.answers.begun
                        ? "the conversion goes on where it stopped. What was done is not done again."
                        : "the copy begins and the folder is written. This can take hours; you can watch it.";
        return view;
    }
    std::vector<Choice> choices(const Context& context) const override {
        const Answers& answers = context.answers;
        const auto change = [](PageId page) {
            return [page](Context&) { return Move{Move::Kind::change, page}; };
        };
        const auto line = [](const char* name, const std::string& value) {
            return fmt::format("{:<14} {}", name, shortened(value, 55));
        };
        std::string disks = answers.sources.empty() ? "" : answers.sources.front();
        if (answers.sources.size() > 1)
            disks += fmt::format(" and {} more", answers.sources.size() - 1);
        std::string media = answers.media.empty() ? "none added" : answers.media.front();
        if (answers.media.size() > 1)
            media += fmt::format(" and {} more", answers.media.size() - 1);
        return {{{answers.begun ? "YES, go on" : "YES, begin", ""},
                 [](Context&) { return go(PageId::convert); },
                 {}},
                {{line("Disks", disks), ""}, change(PageId::disks), {}},
                {{line("Driver files", media), ""}, change(PageId::media), {}},
                {{line("Network", network_words(answers.network)), ""}, change(PageId::network), {}},
                {{line("Memory", mebibytes(answers.memory)), ""}, change(PageId::memory), {}},
                {{line("New folder", answers.bundle), ""}, change(PageId::target), {}},
                {{line("First start", answers.trial.value_or(true) ? "yes, on throw-away copies" : "no"), ""},
                 change(PageId::trial),
                 {}}};
    }
};

} // namespace

PagePtr network_page(const Context& context) {
    return std::make_unique<Network>(context);
}
PagePtr bridge_page(const Context& context) {
    return std::make_unique<Bridge>(context);
}
PagePtr memory_page(const Context& context) {
    return std::make_unique<Memory>(context);
}
PagePtr other_memory_page(const Context& context) {
    return std::make_unique<OtherMemory>(context);
}
PagePtr target_page(const Context& context) {
    return std::make_unique<Target>(context);
}
PagePtr trial_page(const Context& context) {
    return std::make_unique<Trial>(context);
}
PagePtr summary_page() {
    return std::make_unique<Summary>();
}

} // namespace ntferry::wizard
