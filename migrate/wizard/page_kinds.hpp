// The three kinds of pages: a text to read, lines to choose from, a field to fill in.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/page.hpp"

#include <functional>
#include <string>

namespace ntferry::wizard {

/// Nothing to choose: Enter goes on.
class TextPage : public Page {
  public:
    Move key(Context& context, const Key& key) override;
};

struct Choice {
    Item item;
    std::function<Move(Context&)> take;
    std::string why_not; ///< warning when it is chosen although it is not enabled
};

class MenuPage : public Page {
  public:
    View view(const Context& context) const final;
    Move key(Context& context, const Key& key) override;

  protected:
    /// Everything but the items.
    virtual View words(const Context& context) const = 0;
    virtual std::vector<Choice> choices(const Context& context) const = 0;
    void select(std::size_t index) { selected_ = index; }
    void warn(std::string text) { warning_ = std::move(text); }

  private:
    std::size_t selected_ = 0;
    std::string warning_;
};

class FieldPage : public Page {
  public:
    View view(const Context& context) const final;
    Move key(Context& context, const Key& key) final;

  protected:
    explicit FieldPage(const std::string& value);
    virtual View words(const Context& context) const = 0;
    virtual std::string label() const = 0;
    /// Takes the value over. May warn() and stay.
    virtual Move accept(Context& context, const std::string& value) = 0;
    void warn(std::string text) { warning_ = std::move(text); }
    /// The value has been changed since accept() warned.
    bool changed() const { return changed_; }

  private:
    std::u32string value_;
    std::size_t cursor_ = 0;
    bool changed_ = true;
    std::string warning_;
};

} // namespace ntferry::wizard
