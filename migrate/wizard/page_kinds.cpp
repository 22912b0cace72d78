// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/page_kinds.hpp"

#include "converter/base/text.hpp"
#include "migrate/wizard/canvas.hpp"

#include <algorithm>

namespace ntferry::wizard {
namespace {

constexpr std::size_t longest_value = 1024;

Move common(const Key& key) {
    if (key.code == KeyCode::escape)
        return {Move::Kind::back};
    return {};
}

} // namespace

Move TextPage::key(Context&, const Key& key) {
    if (key.code == KeyCode::enter)
        return {Move::Kind::next};
    return common(key);
}

View MenuPage::view(const Context& context) const {
    View view = words(context);
    for (Choice& choice : choices(context))
        view.items.push_back(std::move(choice.item));
    view.selected = view.items.empty() ? 0 : std::min(selected_, view.items.size() - 1);
    view.warning = warning_;
    return view;
}

Move MenuPage::key(Context& context, const Key& key) {
    const std::vector<Choice> all = choices(context);
    if (all.empty())
        return common(key);
    selected_ = std::min(selected_, all.size() - 1);
    warning_.clear();
    switch (key.code) {
    case KeyCode::up:
        selected_ = selected_ == 0 ? all.size() - 1 : selected_ - 1;
        return {};
    case KeyCode::down:
        selected_ = (selected_ + 1) % all.size();
        return {};
    case KeyCode::home:
        selected_ = 0;
        return {};
    case KeyCode::end:
        selected_ = all.size() - 1;
        return {};
    case KeyCode::enter: {
        const Choice& choice = all[selected_];
        if (choice.item.enabled)
            return choice.take(context);
        warning_ = choice.why_not;
        return {};
    }
    default:
        return common(key);
    }
}

FieldPage::FieldPage(const std::string& value) : value_(characters(value)), cursor_(value_.size()) {}

View FieldPage::view(const Context& context) const {
    View view = words(context);
    view.field = Field{label(), value_, cursor_};
    view.warning = warning_;
    return view;
}

Move FieldPage::key(Context& context, const Key& key) {
    const auto edited = [&] {
        changed_ = true;
        warning_.clear();
        return Move{};
    };
    switch (key.code) {
    case KeyCode::character:
        if (value_.size() < longest_value && characters(utf8({&key.character, 1}))[0] == key.character)
            value_.insert(cursor_++, 1, key.character);
        return edited();
    case KeyCode::backspace:
        if (cursor_ > 0)
            value_.erase(--cursor_, 1);
        return edited();
    case KeyCode::remove:
        if (cursor_ < value_.size())
            value_.erase(cursor_, 1);
        return edited();
    case KeyCode::left:
        cursor_ -= cursor_ > 0 ? 1 : 0;
        return {};
    case KeyCode::right:
        cursor_ += cursor_ < value_.size() ? 1 : 0;
        return {};
    case KeyCode::home:
        cursor_ = 0;
        return {};
    case KeyCode::end:
        cursor_ = value_.size();
        return {};
    case KeyCode::enter: {
        const Move move = accept(context, std::string(text::trim(utf8(value_))));
        changed_ = false;
        return move;
    }
    default:
        return common(key);
    }
}

} // namespace ntferry::wizard
