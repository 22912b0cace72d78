// Looking at the disks: what is on them, whether they can be moved, what is missing, what has to be decided.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/canvas.hpp"
#include "migrate/wizard/page_kinds.hpp"
#include "migrate/wizard/pages.hpp"
#include "migrate/wizard/questions.hpp"
#include "migrate/wizard/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::wizard {
namespace {

Move go(PageId page) {
    return {Move::Kind::go, page};
}

/// Decisions that have something to choose, in the plan's order.
std::vector<const patch::Decision*> choosable(const Context& context) {
    std::vector<const patch::Decision*> list;
    if (const auto* preview = context.known.preview())
        for (const patch::Decision& decision : preview->plan.decisions)
            if (!decision.choices.empty())
                list.push_back(&decision);
    return list;
}

class Examine final : public Page {
  public:
    View view(const Context& context) const override {
        View view;
        view.title = "Looking at the disks";
        view.text = {
            {"The disks are being read to find out what is on them. This takes seconds, or a few minutes "
             "over a network. Nothing is written."},
            {}};
        for (const std::string& source : context.answers.sources)
            view.text.push_back(bullet(source));
        for (const std::string& medium : context.answers.media)
            view.text.push_back(bullet(medium));
        view.next = "you see what was found.";
        view.busy = true;
        return view;
    }
    Move key(Context&, const Key& key) override {
        return {key.code == KeyCode::escape ? Move::Kind::back : Move::Kind::stay};
    }
};

class Unreadable final : public MenuPage {
  protected:
    View words(const Context& context) const override {
        View view;
        view.title = "This could not be read";
        if (context.known.unreadable)
            view.text = failure_words(*context.known.unreadable, "The disk or the file could not be read.");
        view.text.push_back({});
        view.text.push_back({"Nothing has been written."});
        view.next = "you say what to do about it.";
        return view;
    }
    std::vector<Choice> choices(const Context& context) const override {
        std::vector<Choice> all = {{{"Try again", "After you have done something about it."},
                                    [](Context&) { return go(PageId::examine); },
                                    {}},
                                   {{"Choose another disk or file", ""},
                                    [](Context& c) {
                                        c.answers.sources.clear();
                                        c.answers.decisions.clear();
                                        return go(PageId::source);
                                    },
                                    {}}};
        if (!context.answers.media.empty())
            all.push_back(
                {{"Take the CDs and service packs away again", "If one of them is what could not be read."},
                 [](Context& c) {
                     c.answers.media.clear();
                     return go(PageId::examine);
                 },
                 {}});
        all.push_back({{"Leave", ""}, [](Context&) { return Move{Move::Kind::leave}; }, {}});
        return all;
    }
};

class Found final : public TextPage {
  public:
    View view(const Context& context) const override {
        View view;
        view.title = "What is on the disks";
        if (const auto* preview = context.known.preview())
            view.text = found_words(preview->inspection);
        view.next = "you read whether this server can be moved, and what will be different.";
        return view;
    }
};

class Assessment final : public Page {
  public:
    View view(const Context& context) const override {
        View view;
        view.title = "Can this server be moved?";
        const auto* preview = context.known.preview();
        if (preview != nullptr)
            view.text = assessment_words(preview->assessment);
        view.warning = warning_;
        view.next = possible(context)
                        ? "you say where the driver files come from."
                        : "press Esc to choose other disks, or F10 to leave. Nothing was written.";
        return view;
    }
    Move key(Context& context, const Key& key) override {
        warning_.clear();
        if (key.code == KeyCode::escape)
            return {Move::Kind::back};
        if (key.code != KeyCode::enter)
            return {};
        if (possible(context))
            return {Move::Kind::next};
        warning_ = "This cannot be moved as it is. Read above what stands in the way.";
        return {};
    }

  private:
    static bool possible(const Context& context) {
        const auto* preview = context.known.preview();
        return preview != nullptr && preview->assessment.verdict != assess::Verdict::cannot;
    }
    std::string warning_;
};

class Media final : public MenuPage {
  public:
    explicit Media(const Context& context) {
        const auto* preview = context.known.preview();
        if (preview == nullptr || preview->plan.has_essential_missing())
            return;
        const auto open = preview->plan.open_decisions();
        if (std::none_of(open.begin(), open.end(),
                         [](const patch::Decision* one) { return question_of(*one).media_may_help; }))
            select(1);
    }

  protected:
    View words(const Context& context) const override {
        View view;
        view.title = "Driver files from the CD and the service pack";
        view.text = {{"Windows needs its own files for the parts of the new machine. They come from the "
                      "Windows NT 4.0 CD and "
                      "from the service pack that the server has."},
                     {}};
        if (context.known.examined)
            for (Text& text : media_words(*context.known.examined))
                view.text.push_back(std::move(text));
        view.next = "the network and the memory of the new machine; before that, any question that is open.";
        return view;
    }
    std::vector<Choice> choices(const Context& context) const override {
        const auto* preview = context.known.preview();
        const std::vector<const patch::Decision*> choices = choosable(context);
        const bool open = std::any_of(choices.begin(), choices.end(), [](const patch::Decision* decision) {
            return decision->chosen.empty();
        });
        const bool enough = preview != nullptr && (open || preview->plan.applicable());
        const bool missing = preview != nullptr && preview->plan.has_essential_missing();
        std::vector<Choice> all = {
            {{"Add a CD image or a folder",
              "A CD image is a file that ends in .iso. A CD in the drive is a folder as "
              "well, often /media/cdrom."},
             [](Context&) { return go(PageId::browse_media); },
             {}},
            {{"Go on", "With the files that were found.", enough},
             [](Context&) { return Move{Move::Kind::next}; },
             missing ? "The machine cannot start without the missing files. Add the CD or service pack that "
                       "has them."
                     : "The open question above stands in the way. Add the CD or the service pack that it "
                       "names."}};
        for (std::size_t i = 0; i < context.answers.media.size(); ++i)
            all.push_back({{"Take away " + shortened(context.answers.media[i], 55), ""},
                           [i](Context& c) {
                               c.answers.media.erase(c.answers.media.begin() +
                                                     static_cast<std::ptrdiff_t>(i));
                               return go(PageId::examine);
                           },
                           {}});
        return all;
    }
};

class Decision final : public MenuPage {
  public:
    explicit Decision(const Context& context) {
        // The first that is not answered; with all answered (somebody came back), the last.
        for (const patch::Decision* decision : choosable(context)) {
            decision_ = *decision;
            if (context.answers.decisions.count(decision->id) == 0)
                break;
        }
    }

  protected:
    View words(const Context&) const override {
        View view;
        view.title = "A question that only you can answer";
        const Question question = question_of(decision_);
        view.text = {{question.question, Tone::warning, 0}, {}, {question.why}, {}};
        // The exact words as well, for whoever is asked for help.
        view.text.push_back(fact("In detail", decision_.question));
        view.text.push_back(fact("", decision_.evidence));
        view.next = "the next question, or the network and the memory of the new machine.";
        return view;
    }
    std::vector<Choice> choices(const Context&) const override {
        std::vector<Choice> all;
        for (const patch::Choice& choice : decision_.choices) {
            all.push_back({{shortened(choice_of(decision_, choice), 70), choice.what + "."},
                           [id = decision_.id, name = choice.name](Context& c) {
                               c.answers.decisions[id] = name;
                               return Move{Move::Kind::next};
                           },
                           {}});
        }
        if (question_of(decision_).media_may_help)
            all.push_back(
                {{"Add a CD or service pack first", "Then this question may not be needed any more."},
                 [](Context&) { return go(PageId::browse_media); },
                 {}});
        return all;
    }

  private:
    patch::Decision decision_;
};

} // namespace

PagePtr examine_page() {
    return std::make_unique<Examine>();
}
PagePtr unreadable_page() {
    return std::make_unique<Unreadable>();
}
PagePtr found_page() {
    return std::make_unique<Found>();
}
PagePtr assessment_page() {
    return std::make_unique<Assessment>();
}
PagePtr media_page(const Context& context) {
    return std::make_unique<Media>(context);
}
PagePtr decision_page(const Context& context) {
    return std::make_unique<Decision>(context);
}

} // namespace ntferry::wizard
