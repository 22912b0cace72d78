// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/wizard.hpp"

#include "migrate/wizard/route.hpp"

#include <algorithm>
#include <utility>

namespace ntferry::wizard {
namespace {

/// Pages that Esc never leads to: they show work or its failure.
bool is_transient(PageId id) {
    return id == PageId::examine || id == PageId::unreadable || id == PageId::convert || id == PageId::failed;
}

bool is_of_media(PageId id) {
    return id == PageId::media || id == PageId::browse_media || id == PageId::type_media;
}

} // namespace

Wizard::Wizard(Context context) : context_(std::move(context)) {
    enter(PageId::welcome);
}

View Wizard::view() const {
    if (leaving_)
        return leave_view();
    if (helping_)
        return help_view();
    View view = page_->view(context_);
    view.step = step_of(page_id_);
    view.steps = step_count;
    return view;
}

void Wizard::enter(PageId id) {
    page_id_ = id;
    scroll_ = 0;
    page_ = make_page(id, context_);
    if (id == PageId::summary)
        changing_ = false;
    if (id == PageId::examine) {
        context_.known.unreadable.reset();
        examining_ = examination_key(context_.answers);
        effect_ = Effect::examine;
    }
    if (id == PageId::convert) {
        context_.known.advance = {};
        context_.known.failed.reset();
        context_.known.converted.reset();
        effect_ = Effect::convert;
    }
}

void Wizard::go(PageId id) {
    if (id == PageId::examine && page_id_ != PageId::unreadable)
        examined_from_ = page_id_;
    const auto before = std::find(history_.begin(), history_.end(), id);
    if (before != history_.end())
        history_.erase(before, history_.end()); // a loop: Esc leads to what came before the loop
    else if (id != page_id_ && !is_transient(page_id_))
        history_.push_back(page_id_);
    if (id == PageId::welcome) {
        history_.clear();
        context_.answers.forget();
        context_.known.examined.reset();
        context_.draft.reset();
    }
    if (id == PageId::convert || id == PageId::screen)
        history_.clear(); // what was written is not taken back by a key
    enter(id);
}

void Wizard::back() {
    if (page_id_ == PageId::examine)
        effect_ = Effect::abandon;
    if (history_.empty())
        return;
    const PageId id = history_.back();
    history_.pop_back();
    enter(id);
}

void Wizard::next() {
    const bool same_disks = page_id_ != PageId::disks || !is_stale(context_.answers, context_.known);
    if (changing_ && same_disks && page_id_ >= PageId::disks) {
        const PageId open = first_open_page(context_.answers, context_.known);
        if (open != page_id_ &&
            !(is_of_media(page_id_) && open != PageId::summary && open != PageId::examine))
            return go(is_of_media(page_id_) && page_id_ != PageId::media && open == PageId::summary
                          ? PageId::media
                          : open);
    }
    if (!same_disks)
        changing_ = false;
    go(next_page(page_id_, context_.answers, context_.known));
}

/// Answers of a draft: everything is looked at again, then on to the first open question.
void Wizard::resume() {
    if (!context_.draft)
        return;
    context_.answers = *context_.draft;
    if (context_.answers.sources.empty())
        return go(PageId::source);
    go(PageId::examine);
}

void Wizard::apply(const Move& move) {
    switch (move.kind) {
    case Move::Kind::stay:
        break;
    case Move::Kind::next:
        next();
        break;
    case Move::Kind::back:
        back();
        break;
    case Move::Kind::change:
        changing_ = true;
        go(move.page);
        break;
    case Move::Kind::go:
        go(move.page);
        break;
    case Move::Kind::resume:
        resume();
        break;
    case Move::Kind::leave:
        leaving_ = true;
        leave_choice_ = 0;
        break;
    case Move::Kind::forget:
        leave(false);
        break;
    }
}

void Wizard::key(const Key& key) {
    if (leaving_)
        return leave_key(key);
    if (key.code == KeyCode::leave) {
        leaving_ = true;
        leave_choice_ = 0;
        return;
    }
    if (helping_) {
        if (!scroll_key(key) && (key.code == KeyCode::enter || key.code == KeyCode::escape)) {
            helping_ = false;
            scroll_ = 0;
        }
        return;
    }
    const View now = page_->view(context_);
    if (key.code == KeyCode::help ||
        (key.code == KeyCode::character && key.character == U'?' && !now.field)) {
        helping_ = true;
        scroll_ = 0;
        return;
    }
    const bool lines_scroll = now.items.empty() && !now.field;
    if ((lines_scroll || key.code == KeyCode::page_up || key.code == KeyCode::page_down) && scroll_key(key))
        return;
    apply(page_->key(context_, key));
}

bool Wizard::scroll_key(const Key& key) {
    const auto up = [&](std::size_t lines) { scroll_ -= std::min(scroll_, lines); };
    switch (key.code) {
    case KeyCode::up:
        up(1);
        return true;
    case KeyCode::page_up:
        up(page_lines_);
        return true;
    case KeyCode::down:
        ++scroll_;
        return true;
    case KeyCode::page_down:
        scroll_ += page_lines_;
        return true;
    default:
        return false;
    }
}

void Wizard::drawn(std::size_t scroll, std::size_t page) {
    scroll_ = scroll;
    page_lines_ = page;
}

View Wizard::leave_view() const {
    View view;
    if (converting()) {
        view.title = "Stop making the new machine?";
        view.text = {{"Nothing breaks. What was copied so far is kept, and the wizard goes on from there "
                      "when you start it "
                      "again."}};
        view.items = {{"No, go on", ""}, {"Stop now, and go on another time", ""}};
    } else {
        view.title = "Leave the wizard?";
        view.text = {{"Nothing is written to the server's disks in any case."}};
        if (!context_.draft_path.empty())
            view.text.push_back({"Your answers can be kept in " + context_.draft_path +
                                 "; then the wizard goes on from here when you start it again."});
        view.items = {
            {"No, stay", ""}, {"Leave, and keep my answers", ""}, {"Leave, and forget my answers", ""}};
    }
    view.selected = leave_choice_;
    view.next = "you are back where you were, or back at the command line.";
    return view;
}

void Wizard::leave_key(const Key& key) {
    const std::size_t count = converting() ? 2 : 3;
    switch (key.code) {
    case KeyCode::up:
        leave_choice_ = (leave_choice_ + count - 1) % count;
        break;
    case KeyCode::down:
        leave_choice_ = (leave_choice_ + 1) % count;
        break;
    case KeyCode::escape:
        leaving_ = false;
        break;
    case KeyCode::leave: // pressed twice: meant
        leave(true);
        break;
    case KeyCode::enter:
        leaving_ = false;
        if (leave_choice_ != 0)
            leave(leave_choice_ == 1);
        break;
    default:
        break;
    }
}

void Wizard::leave(bool keep) {
    leaving_ = false;
    keep_ = keep;
    if (converting()) {
        keep_ = true;
        context_.known.stopping = true;
        effect_ = Effect::stop;
    } else {
        ended_ = true;
        effect_ = Effect::end;
    }
}

void Wizard::interrupt() {
    if (!context_.known.stopping && !ended_)
        leave(true);
}

Effect Wizard::take_effect() {
    return std::exchange(effect_, Effect::none);
}

View Wizard::help_view() const {
    View view;
    view.title = "Help";
    view.text = help_of(page_id_);
    view.next = "Enter or Esc leads back to where you were.";
    return view;
}

void Wizard::examined(Examined examined) {
    if (page_id_ != PageId::examine)
        return;
    context_.known.examined = std::move(examined);
    context_.known.examined_key = examining_;
    const Answers& answers = context_.answers;
    const Knowledge& known = context_.known;
    if (is_of_media(examined_from_))
        return go(PageId::media);
    if (examined_from_ == PageId::decision)
        return go(changing_ ? first_open_page(answers, known) : next_page(PageId::decision, answers, known));
    if (examined_from_ != PageId::welcome)
        return go(PageId::found);
    // A draft: Esc leads through the pages that it answers.
    const PageId open = first_open_page(answers, known);
    history_ = {PageId::welcome};
    for (PageId id = PageId::disks; id != open && history_.size() < page_count;
         id = next_page(id, answers, known))
        if (!is_transient(id))
            history_.push_back(id);
    enter(open);
}

void Wizard::examination_failed(Failure failure) {
    if (page_id_ != PageId::examine)
        return;
    context_.known.examined.reset();
    context_.known.unreadable = std::move(failure);
    go(PageId::unreadable);
}

void Wizard::converted(Converted converted) {
    const bundle::ConversionResult& result = converted.result;
    if (!result.machine && !result.check) {
        // Refused: something changed since the summary.
        return conversion_failed({"", result.conclusion, "", ErrorKind::decision, 0});
    }
    context_.answers.begun = false;
    context_.known.converted = std::move(converted);
    if (context_.known.stopping) {
        keep_ = false;
        ended_ = true;
        effect_ = Effect::end;
        return;
    }
    leaving_ = false;
    go(next_page(PageId::convert, context_.answers, context_.known));
}

void Wizard::conversion_failed(Failure failure) {
    // Only where the journal was begun there is something to go on with.
    context_.answers.begun = context_.host.target(context_.answers.bundle) == TargetState::begun;
    if (context_.known.stopping) {
        ended_ = true;
        effect_ = Effect::end;
        return;
    }
    leaving_ = false;
    context_.known.failed = std::move(failure);
    go(PageId::failed);
}

} // namespace ntferry::wizard
