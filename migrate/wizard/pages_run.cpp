// The conversion while it runs and after: progress, what went wrong, the first screen, what to do next.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/inspection_document.hpp"
#include "migrate/wizard/canvas.hpp"
#include "migrate/wizard/page_kinds.hpp"
#include "migrate/wizard/pages.hpp"
#include "migrate/wizard/words.hpp"
#include "profiles/render_qemu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::wizard {
namespace {

using bundle::Step;

struct StepWords {
    Step step;
    const char* words;
};

constexpr std::array step_words = {
    StepWords{Step::look, "Look at the disks once more"},
    StepWords{Step::capture, "Copy the disks exactly"},
    StepWords{Step::patch, "Prepare the copy for the new machine (beside it, it stays exact)"},
    StepWords{Step::check, "Check that it will start, link by link"},
    StepWords{Step::describe, "Make the machine"},
    StepWords{Step::boot, "Start it once"},
};

std::string time_words(double seconds) {
    if (seconds < 90)
        return fmt::format("{:.0f} seconds", std::max(1.0, seconds));
    if (seconds < 5400)
        return fmt::format("{:.0f} minutes", seconds / 60);
    return fmt::format("{:.1f} hours", seconds / 3600);
}

class Convert final : public Page {
  public:
    View view(const Context& context) const override {
        const Advance& now = context.known.advance;
        View view;
        view.title = context.known.stopping ? "Stopping" : "The new machine is being made";
        for (const StepWords& step : step_words) {
            if (step.step == Step::boot && context.answers.trial == false)
                continue;
            const bool current = now.step == step.step;
            const bool over = now.step && *now.step > step.step;
            view.text.push_back({fmt::format("  {} {}",
                                             over      ? "[done]"
                                             : current ? "[now ]"
                                                       : "[    ]",
                                             step.words),
                                 current ? Tone::note
                                 : over  ? Tone::good
                                         : Tone::plain,
                                 9});
        }
        view.text.push_back({});
        constexpr std::size_t shown = 4;
        for (std::size_t i = now.notes.size() > shown ? now.notes.size() - shown : 0; i < now.notes.size();
             ++i)
            view.text.push_back({"  " + now.notes[i], Tone::plain, 2});
        view.meter = meter(now);
        view.next = context.known.stopping ? "the wizard ends as soon as what is being written is safe."
                                           : "you see how it went, and the first screen of the new machine.";
        view.can_go_back = false;
        view.busy = true;
        return view;
    }
    Move key(Context&, const Key&) override { return {}; }

  private:
    static Meter meter(const Advance& now) {
        Meter meter{now.done, now.total, {}};
        if (now.total == 0 || now.seconds <= 0) {
            meter.text = now.seconds < 3 ? "Working" : fmt::format("Working for {}", time_words(now.seconds));
            return meter;
        }
        meter.text = fmt::format("{} of {}", report::size_text(now.done), report::size_text(now.total));
        if (now.done > 0 && now.done < now.total && now.seconds > 1)
            meter.text += fmt::format(", about {} left",
                                      time_words(now.seconds * static_cast<double>(now.total - now.done) /
                                                 static_cast<double>(now.done)));
        if (now.errors > 0)
            meter.text += fmt::format(", {} could not be read", report::size_text(now.errors));
        return meter;
    }
};

class Failed final : public MenuPage {
  protected:
    View words(const Context& context) const override {
        View view;
        view.title = "It was not finished";
        if (context.known.failed)
            view.text = failure_words(*context.known.failed,
                                      "The new machine was not finished. Nothing is broken, and "
                                      "the old disks are as they were.");
        view.text.push_back({});
        const bool begun = context.answers.begun;
        view.text.push_back({begun ? "What was copied so far is kept in " + context.answers.bundle + "."
                                   : "Nothing was written."});
        view.next = begun ? "trying again goes on where it stopped." : "trying again begins anew.";
        view.can_go_back = false;
        return view;
    }
    std::vector<Choice> choices(const Context& context) const override {
        const auto again = [](Context&) { return Move{Move::Kind::go, PageId::convert}; };
        std::vector<Choice> all = {
            {{"Try again", context.answers.begun
                               ? "Goes on where it stopped; what was copied is not copied again."
                               : "After you have done something about it."},
             again,
             {}}};
        if (context.known.advance.step == Step::boot)
            all.push_back({{"Go on without the first start",
                            "The machine is there; only its trial did not come about."},
                           [again](Context& c) {
                               c.answers.trial = false;
                               return again(c);
                           },
                           {}});
        all.push_back({{"Choose another folder and begin anew", ""},
                       [](Context& c) {
                           c.answers.begun = false;
                           return Move{Move::Kind::change, PageId::target};
                       },
                       {}});
        all.push_back({{"Leave, and go on another time", "Your answers are kept."},
                       [](Context&) { return Move{Move::Kind::leave}; },
                       {}});
        return all;
    }
};

class Screen final : public TextPage {
  public:
    View view(const Context& context) const override {
        View view;
        view.title = "The first screen of the new machine";
        if (context.known.converted) {
            view.text = trial_words(*context.known.converted);
            view.screen = &context.known.converted->screen;
        }
        view.next = "what you can do with the new machine.";
        view.can_go_back = false;
        return view;
    }
};

class Done final : public MenuPage {
  protected:
    View words(const Context& context) const override {
        View view;
        const auto& converted = context.known.converted;
        const bool good = converted && converted->result.exit_code == 0;
        const std::string& folder = context.answers.bundle;
        view.title = good ? "The new machine is ready" : "The machine was made, but it needs a look";
        if (converted && !good)
            view.text = {{converted->result.conclusion + ".", Tone::bad, 0}, {}};
        view.text.push_back(fact("It is in", folder));
        if (converted)
            view.text.push_back(
                fact("Report to read", converted->report + " (open it in a web browser, print it)"));
        view.text.push_back({});
        view.text.push_back({"Type these after you have left the wizard:"});
        const auto command = [&](const char* says, const char* name, std::vector<std::string> words) {
            if (context.known.has_command(name))
                view.text.push_back(fact(says, profiles::shell_line(words)));
        };
        command("Start it", "launch", {"ntferry", "launch", folder});
        command("Test it again", "verify", {"ntferry", "verify", folder});
        command("Undo changes", "undo", {"ntferry", "undo", folder});
        command("Other products", "export",
                {"ntferry", "export", folder, "--to", "hyperv", "-o", folder + "-hyperv"});
        if (context.known.has_command("export"))
            view.text.push_back(fact("", "(or vmware, proxmox, libvirt, qemu)"));
        view.text.push_back({});
        view.text.push_back(
            {good
                 ? "At its first start Windows may say that a driver failed; that is expected once. Keep the "
                   "old disks until you are content."
                 : "The report says what is wrong and what helps. Keep the old disks."});
        view.next = "the wizard ends. The folder stays.";
        view.can_go_back = converted && converted->result.trial;
        return view;
    }
    std::vector<Choice> choices(const Context&) const override {
        return {{{"Finish", ""}, [](Context&) { return Move{Move::Kind::forget}; }, {}},
                {{"Move another server", ""},
                 [](Context&) {
                     return Move{Move::Kind::go, PageId::welcome};
                 },
                 {}}};
    }
};

} // namespace

PagePtr convert_page() {
    return std::make_unique<Convert>();
}
PagePtr failed_page() {
    return std::make_unique<Failed>();
}
PagePtr screen_page() {
    return std::make_unique<Screen>();
}
PagePtr done_page() {
    return std::make_unique<Done>();
}

} // namespace ntferry::wizard
