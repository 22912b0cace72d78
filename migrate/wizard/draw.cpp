// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/draw.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::wizard {
namespace {

constexpr std::size_t margin = 2;
constexpr std::size_t smallest_columns = 40;
constexpr std::size_t smallest_rows = 16;

Style style_of(Tone tone) {
    static constexpr Style styles[] = {Style::plain, Style::good, Style::note, Style::warning, Style::bad};
    return styles[static_cast<std::size_t>(tone)];
}

/// Lays one view out, from the edges inwards: title, keys, next, then list or field, the text gets the rest.
class Layout {
  public:
    Layout(const View& view, Size size, std::size_t scroll, const DrawOptions& options)
        : view_(view), options_(options), drawn_(size), size_(size), scroll_(scroll),
          width_(size.columns - 2 * margin), bottom_(size.rows) {}

    Drawn run() {
        title();
        keys();
        next();
        move_up();
        answers();
        if (view_.meter)
            meter();
        if (view_.screen != nullptr && !view_.screen->empty())
            screen();
        text();
        return std::move(drawn_);
    }

  private:
    void put(std::size_t row, std::size_t column, std::string_view text, Style style) {
        if (drawn_.canvas.write(row, column, text, style) != 0)
            drawn_.cut.emplace_back(text);
    }

    void title() {
        drawn_.canvas.fill(0, Style::bar);
        put(0, margin, "NTFerry", Style::bar);
        if (view_.step != 0) {
            const std::string place = fmt::format("Step {} of {}", view_.step, view_.steps);
            put(0, size_.columns - margin - place.size(), place, Style::bar);
        }
        put(2, margin, view_.title, Style::title);
        top_ = 4;
    }

    void keys() {
        std::string bar = drawn_keys();
        --bottom_;
        drawn_.canvas.fill(bottom_, Style::bar);
        put(bottom_, margin, bar, Style::bar);
    }

    std::string drawn_keys() const {
        if (view_.busy)
            return "F1 Help   F10 Leave";
        std::string bar = view_.items.empty() ? "Enter Go on" : "Up/Down Choose   Enter Take it";
        if (view_.can_go_back)
            bar += "   Esc Back";
        return bar + "   F1 Help   F10 Leave";
    }

    /// A block of lines above bottom_.
    void block(const std::vector<std::u32string>& lines, std::size_t limit, std::size_t indent, Style style) {
        const std::size_t rows = std::min(lines.size(), limit);
        for (std::size_t i = rows; i < lines.size(); ++i)
            drawn_.cut.push_back(utf8(lines[i]));
        bottom_ -= rows;
        for (std::size_t i = 0; i < rows; ++i)
            put(bottom_ + i, margin + indent, utf8(lines[i]), style);
    }

    void next() {
        if (!view_.next.empty())
            block(wrap("Next: " + view_.next, width_, 6), 2, 0, Style::dim);
        --bottom_;
        drawn_.canvas.fill(bottom_, Style::dim, U'\u2500');
        if (!view_.warning.empty()) {
            block(wrap("! " + view_.warning, width_, 2), 3, 0, Style::bad);
            --bottom_;
        }
    }

    void answers() {
        if (!view_.items.empty())
            items();
        if (view_.field)
            field();
    }

    /// What is to be chosen stands right below the text, not at the far end of the screen.
    void move_up() {
        if (view_.items.empty() && !view_.field)
            return;
        Layout trial = *this;
        trial.answers();
        item_rows_ = trial.item_rows_;
        std::size_t lines = 0;
        for (const Text& paragraph : view_.text)
            lines += wrap(paragraph.text, width_, paragraph.hang).size();
        if (trial.bottom_ > top_ + lines)
            bottom_ -= trial.bottom_ - top_ - lines;
    }

    void items() {
        // Room for the longest detail, so that the list does not jump while somebody walks through it.
        std::size_t detail_rows = 0;
        for (const Item& item : view_.items)
            if (!item.detail.empty())
                detail_rows = std::max(detail_rows, wrap(item.detail, width_ - 2).size());
        detail_rows = std::min<std::size_t>(detail_rows, 4);
        if (detail_rows != 0) {
            const std::size_t end = bottom_;
            bottom_ -= detail_rows;
            const auto lines = wrap(view_.items[view_.selected].detail, width_ - 2);
            for (std::size_t i = 0; i < lines.size(); ++i) {
                if (bottom_ + i < end)
                    put(bottom_ + i, margin + 2, utf8(lines[i]), Style::note);
                else
                    drawn_.cut.push_back(utf8(lines[i]));
            }
            --bottom_;
        }
        if (item_rows_ == 0) {
            // A long text leaves the list a half, a short one two thirds.
            const std::size_t room = bottom_ - top_;
            const std::size_t most = view_.text.size() > 4 ? room / 2 : room * 2 / 3;
            item_rows_ = std::min(view_.items.size(), std::max<std::size_t>(3, most));
        }
        const std::size_t rows = item_rows_;
        const std::size_t first =
            std::min(view_.selected >= rows ? view_.selected - rows + 1 : 0, view_.items.size() - rows);
        bottom_ -= rows;
        for (std::size_t i = 0; i < rows; ++i)
            item(bottom_ + i, first + i);
        if (first > 0)
            put(bottom_, size_.columns - margin - 2, "^ ", Style::dim);
        if (first + rows < view_.items.size())
            put(bottom_ + rows - 1, size_.columns - margin - 2, "v ", Style::dim);
        --bottom_;
    }

    void item(std::size_t row, std::size_t index) {
        const Item& item = view_.items[index];
        const bool selected = index == view_.selected;
        const Style style = selected ? Style::selected : !item.enabled ? Style::disabled : Style::plain;
        std::string label = (selected ? "> " : "  ") + item.label;
        const std::size_t length = characters(label).size();
        if (length > width_ - 2) {
            drawn_.cut.push_back(item.label);
            label = shortened(label, width_ - 2);
        }
        if (selected && length < width_ - 2)
            label += std::string(width_ - 2 - length, ' ');
        put(row, margin, label, style);
    }

    void field() {
        const Field& field = *view_.field;
        const std::size_t room = width_ - 1;
        const std::size_t first = field.cursor >= room ? field.cursor - room + 1 : 0;
        bottom_ -= 1;
        put(bottom_, margin, std::string(width_, ' '), Style::field);
        put(bottom_, margin, utf8(std::u32string_view(field.value).substr(first, room)), Style::field);
        drawn_.cursor = true;
        drawn_.cursor_row = bottom_;
        drawn_.cursor_column = margin + field.cursor - first;
        bottom_ -= 1;
        put(bottom_, margin, field.label, Style::title);
        --bottom_;
    }

    void meter() {
        const Meter& meter = *view_.meter;
        block(wrap(meter.text, width_), 2, 0, Style::plain);
        --bottom_;
        const std::size_t inner = width_ - 2;
        const std::size_t filled =
            meter.total == 0
                ? 0
                : static_cast<std::size_t>(static_cast<double>(std::min(meter.done, meter.total)) /
                                           static_cast<double>(meter.total) * static_cast<double>(inner));
        put(bottom_, margin, "[" + std::string(filled, '#') + std::string(inner - filled, '.') + "]",
            Style::note);
        --bottom_;
    }

    /// The screen takes what is left below a few lines of text.
    void screen() {
        const std::size_t words = std::min<std::size_t>(4, view_.text.size() + 1);
        const std::size_t rows = bottom_ > top_ + words + 3 ? bottom_ - top_ - words : 3;
        bottom_ -= rows;
        draw_screen(drawn_.canvas, *view_.screen, bottom_, rows, options_.colors);
    }

    void text() {
        std::vector<std::pair<std::u32string, Style>> lines;
        for (const Text& paragraph : view_.text)
            for (std::u32string& line : wrap(paragraph.text, width_, paragraph.hang))
                lines.emplace_back(std::move(line), style_of(paragraph.tone));
        while (!lines.empty() && lines.back().first.empty())
            lines.pop_back();
        std::size_t rows = bottom_ > top_ ? bottom_ - top_ : 0;
        if (lines.size() > rows && rows > 1) {
            --rows; // for the line that says so
            drawn_.more = true;
        }
        drawn_.page = std::max<std::size_t>(1, rows > 1 ? rows - 1 : 1);
        drawn_.scroll = std::min(scroll_, lines.size() > rows ? lines.size() - rows : 0);
        for (std::size_t i = 0; i < rows && drawn_.scroll + i < lines.size(); ++i)
            put(top_ + i, margin, utf8(lines[drawn_.scroll + i].first), lines[drawn_.scroll + i].second);
        if (drawn_.more) {
            const std::size_t seen = std::min(lines.size(), drawn_.scroll + rows);
            put(top_ + rows, margin,
                seen < lines.size() ? fmt::format("-- {} more lines: PgDn --", lines.size() - seen)
                                    : std::string("-- end: PgUp --"),
                Style::dim);
        } else if (lines.size() > rows) {
            for (std::size_t i = rows; i < lines.size(); ++i)
                drawn_.cut.push_back(utf8(lines[i].first));
        }
    }

    const View& view_;
    const DrawOptions& options_;
    Drawn drawn_;
    Size size_;
    std::size_t scroll_;
    std::size_t width_;
    std::size_t top_ = 0;
    std::size_t item_rows_ = 0; ///< lines of the list that are shown; 0: not laid out yet
    std::size_t bottom_;
};

} // namespace

Drawn draw(const View& view, Size size, std::size_t scroll, const DrawOptions& options) {
    if (size.columns >= smallest_columns && size.rows >= smallest_rows)
        return Layout(view, size, scroll, options).run();
    Drawn drawn(size);
    drawn.canvas.write(0, 0, "Please make", Style::plain);
    drawn.canvas.write(1, 0, "this window", Style::plain);
    drawn.canvas.write(2, 0, "larger.", Style::plain);
    drawn.cut.push_back(view.title);
    return drawn;
}

} // namespace ntferry::wizard
