// Page: one step of the wizard. Shows a view, answers keys with a move; keeps only what is being edited.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/answers.hpp"
#include "migrate/wizard/host.hpp"
#include "migrate/wizard/key.hpp"
#include "migrate/wizard/knowledge.hpp"
#include "migrate/wizard/view.hpp"

#include <memory>

namespace ntferry::wizard {

enum class PageId : unsigned char {
    welcome,
    source,
    local_disks,
    browse_source,
    type_source,
    address,
    disks,
    examine,
    unreadable,
    found,
    assessment,
    media,
    browse_media,
    type_media,
    decision,
    network,
    bridge,
    memory,
    other_memory,
    target,
    trial,
    summary,
    convert,
    failed,
    screen,
    done,
};
constexpr std::size_t page_count = static_cast<std::size_t>(PageId::done) + 1;

/// What a key did.
struct Move {
    enum class Kind : unsigned char {
        stay,
        next,   ///< this step is answered: on to what follows
        back,   ///< to where the user came from
        go,     ///< to a certain page
        change, ///< from the summary to a page, and back to the summary from there
        resume, ///< take the answers of the draft
        leave,  ///< ask whether to leave
        forget, ///< leave without keeping the answers
    };
    Kind kind = Kind::stay;
    PageId page = PageId::welcome;
};

/// What pages see and change.
struct Context {
    const Host& host;
    Answers answers;
    Knowledge known;
    std::optional<Answers> draft; ///< of an earlier run
    std::string draft_path;
    std::string draft_problem; ///< why a draft could not be read
};

class Page {
  public:
    Page() = default;
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;
    virtual ~Page() = default;
    virtual View view(const Context& context) const = 0;
    virtual Move key(Context& context, const Key& key) = 0;
};

/// A page in the state in which it is entered.
std::unique_ptr<Page> make_page(PageId id, Context& context);

/// Its place in the journey, 0: outside it.
unsigned step_of(PageId id);
constexpr unsigned step_count = 9;

/// What F1 shows.
std::vector<Text> help_of(PageId id);

} // namespace ntferry::wizard
