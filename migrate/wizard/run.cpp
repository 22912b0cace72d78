// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/run.hpp"

#include "migrate/wizard/draft.hpp"
#include "migrate/wizard/draw.hpp"
#include "migrate/wizard/terminal.hpp"
#include "migrate/wizard/wizard.hpp"
#include "migrate/wizard/work.hpp"

#include <fmt/ostream.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace ntferry::wizard {
namespace {

using namespace std::chrono_literals;

/// One run from the first page to the last.
class Session {
  public:
    Session(const RunOptions& options, std::stop_token stop)
        : options_(options), stop_(std::move(stop)), terminal_(options.colors), wizard_(first_context()) {}

    void run() {
        while (!over_) {
            collect();
            perform(wizard_.take_effect());
            if (over_)
                break;
            show();
            if (stop_.stop_requested() || terminal_.lost())
                wizard_.interrupt();
            if (const auto key = terminal_.wait(200ms))
                wizard_.key(*key);
        }
        terminal_.restore();
    }

    const Wizard& wizard() const { return wizard_; }
    const std::string& draft_problem() const { return draft_problem_; }
    /// A read that cannot be stopped is still under way.
    bool reading() const {
        return std::any_of(given_up_.begin(), given_up_.end(),
                           [](const Examination& one) { return !one.over(); });
    }

  private:
    Context first_context() {
        Context context{host_, {}, {}, {}, options_.draft, {}};
        context.answers.profile = options_.profile;
        context.known.commands = options_.commands;
        try {
            context.draft = load_draft(options_.draft);
        } catch (const Error& error) {
            context.draft_problem = error.problem();
        }
        return context;
    }

    void show() {
        const Drawn drawn =
            draw(wizard_.view(), terminal_.size(), wizard_.scroll(), DrawOptions{terminal_.colors()});
        wizard_.drawn(drawn.scroll, drawn.page);
        terminal_.show(drawn);
    }

    /// What the work has to say.
    void collect() {
        if (examination_)
            if (auto result = examination_->result()) {
                examination_.reset();
                if (auto* examined = std::get_if<Examined>(&*result))
                    wizard_.examined(std::move(*examined));
                else
                    wizard_.examination_failed(std::get<Failure>(std::move(*result)));
            }
        if (!conversion_)
            return;
        wizard_.advanced(conversion_->advance());
        if (auto result = conversion_->result()) {
            conversion_.reset();
            if (auto* converted = std::get_if<Converted>(&*result))
                wizard_.converted(std::move(*converted));
            else
                wizard_.conversion_failed(std::get<Failure>(std::move(*result)));
            // What is kept of a conversion that ended is its bundle.
            if (wizard_.context().answers.begun)
                keep();
            else
                remove_draft(options_.draft);
        }
    }

    void perform(Effect effect) {
        switch (effect) {
        case Effect::none:
            break;
        case Effect::examine:
            examination_.emplace(wizard_.context().answers);
            break;
        case Effect::abandon:
            give_up();
            break;
        case Effect::convert:
            begin();
            break;
        case Effect::stop:
            if (conversion_)
                conversion_->stop();
            break;
        case Effect::end:
            over_ = true;
            give_up();
            if (wizard_.keeps_answers())
                keep();
            else
                remove_draft(options_.draft);
            break;
        }
    }

    void begin() {
        // A connection that breaks, a power cut: the answers have to be there for going on.
        Answers answers = wizard_.context().answers;
        const bool resumes = answers.begun;
        answers.begun = true;
        keep(answers);
        answers.begun = resumes;
        conversion_.emplace(answers);
    }

    void give_up() {
        if (examination_)
            given_up_.push_back(std::move(*examination_));
        examination_.reset();
    }

    void keep() { keep(wizard_.context().answers); }

    void keep(const Answers& answers) {
        if (answers.sources.empty())
            return;
        try {
            save_draft(options_.draft, answers);
        } catch (const Error& error) {
            draft_problem_ = error.what(); // said at the end: answers are not worth breaking off for
        }
    }

    const RunOptions& options_;
    std::stop_token stop_;
    LocalHost host_;
    Terminal terminal_;
    Wizard wizard_;
    std::optional<Examination> examination_;
    std::vector<Examination> given_up_;
    std::optional<ConversionRun> conversion_;
    std::string draft_problem_;
    bool over_ = false;
};

int farewell(const Session& session, const RunOptions& options, std::ostream& out) {
    const Context& context = session.wizard().context();
    const Answers& answers = context.answers;
    if (!session.draft_problem().empty())
        fmt::print(out, "The answers could not be kept: {}\n", session.draft_problem());
    if (context.known.converted) {
        const bundle::ConversionResult& result = context.known.converted->result;
        fmt::print(out, "{}: {}\nThe report is {}\n", answers.bundle, result.conclusion,
                   context.known.converted->report);
        fmt::print(out, "The same without questions: {}\n", command_line(answers));
        return result.exit_code;
    }
    if (session.wizard().keeps_answers() && !answers.sources.empty() && session.draft_problem().empty() &&
        !options.draft.empty())
        fmt::print(out, "{} Your answers are kept in {}; 'ntferry wizard' goes on from here.\n",
                   answers.begun ? "Stopped; nothing is broken." : "Nothing was written to any disk.",
                   options.draft);
    else
        fmt::print(out, "Nothing was written.\n");
    return static_cast<int>(ErrorKind::interrupted);
}

} // namespace

int run(const RunOptions& options, const std::stop_token& stop, std::ostream& out) {
    Session session(options, stop);
    session.run();
    const int code = farewell(session, options, out);
    if (session.reading()) {
        // Its thread uses what static destructors would take away.
        out.flush();
        std::cout.flush();
        std::_Exit(code);
    }
    return code;
}

} // namespace ntferry::wizard
