// Wizard: the state machine. Keys and reports of work go in, a view and an effect come out; it draws nothing,
// opens no disk and knows no thread. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/page.hpp"

#include <vector>

namespace ntferry::wizard {

/// What has to be done outside, once.
enum class Effect : unsigned char {
    none,
    examine, ///< look at the disks; answer with examined() or examination_failed()
    abandon, ///< nobody waits for the examination any more
    convert, ///< begin or go on; answer with advanced(), converted(), conversion_failed()
    stop,    ///< stop the conversion; answer as for convert
    end,     ///< the wizard is over: see keeps_answers()
};

class Wizard {
  public:
    explicit Wizard(Context context);

    View view() const;
    void key(const Key& key);
    /// The terminal or the process is being ended from outside: like leaving with the answers kept.
    void interrupt();
    Effect take_effect();

    void examined(Examined examined);
    void examination_failed(Failure failure);
    void advanced(Advance advance) { context_.known.advance = std::move(advance); }
    void converted(Converted converted);
    void conversion_failed(Failure failure);

    /// Lines of the text that are scrolled away, and what drawing made of them.
    std::size_t scroll() const { return scroll_; }
    void drawn(std::size_t scroll, std::size_t page);

    PageId page() const { return page_id_; }
    const Context& context() const { return context_; }
    bool converting() const { return page_id_ == PageId::convert; }
    bool keeps_answers() const { return keep_; }

  private:
    void enter(PageId id);
    void go(PageId id);
    void back();
    void next();
    void resume();
    void apply(const Move& move);
    void leave(bool keep);
    void leave_key(const Key& key);
    View leave_view() const;
    View help_view() const;
    bool scroll_key(const Key& key);

    Context context_;
    PageId page_id_ = PageId::welcome;
    std::unique_ptr<Page> page_;
    std::vector<PageId> history_;          ///< where Esc leads, nearest last
    PageId examined_from_ = PageId::disks; ///< page that wanted the examination
    std::string examining_;                ///< examination_key() of the answers being examined
    bool changing_ = false;                ///< on the way from the summary and back to it
    bool helping_ = false;
    bool leaving_ = false;
    std::size_t leave_choice_ = 0;
    bool keep_ = true;
    bool ended_ = false;
    Effect effect_ = Effect::none;
    std::size_t scroll_ = 0;
    std::size_t page_lines_ = 1;
};

} // namespace ntferry::wizard
