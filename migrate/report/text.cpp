// The text form of a document.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/document.hpp"

#include "converter/base/text.hpp"

#include <algorithm>

namespace ntferry::report {
namespace {

/// Columns that UTF-8 text takes; wide East Asian characters count as one, which only costs alignment.
std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t width) {
    const std::size_t used = columns(text);
    return used >= width ? text : text + std::string(width - used, ' ');
}

const char* color_of(Tone tone) {
    switch (tone) {
    case Tone::good:
        return "\x1b[32m";
    case Tone::note:
        return "\x1b[36m";
    case Tone::warning:
        return "\x1b[33m";
    case Tone::bad:
        return "\x1b[31m";
    case Tone::plain:
        break;
    }
    return "";
}

class TextRenderer {
  public:
    TextRenderer(std::size_t width, bool color) : width_(width), color_(color) {}

    void operator()(const Paragraph& paragraph) { wrap(paint(paragraph.text, paragraph.tone), 0, 0); }
    void operator()(const List& list) {
        for (const std::string& item : list.items)
            wrap("- " + item, 2, 4);
    }
    void operator()(const Picture& picture) { wrap("[picture: " + picture.title + "]", 0, 0); }
    void operator()(const Card& card) {
        wrap(paint(card.word, card.tone) + "  " + card.title +
                 (card.code.empty() ? "" : "  [" + card.code + "]"),
             0, 4);
        for (const auto& [name, text] : card.lines)
            wrap(name + ": " + text, 4, 6);
        out += '\n';
    }
    void operator()(const Table& table) {
        if (!out.ends_with("\n\n"))
            out += '\n';
        std::vector<std::size_t> widths(table.heads.size());
        const auto measure = [&widths](const std::vector<std::string>& row) {
            widths.resize(std::max(widths.size(), row.size()));
            for (std::size_t i = 0; i < row.size(); ++i)
                widths[i] = std::max(widths[i], columns(row[i]));
        };
        measure(table.heads);
        for (const auto& row : table.rows)
            measure(row);
        if (!table.heads.empty()) {
            this->row(table.heads, widths);
            std::vector<std::string> rule;
            for (const std::size_t w : widths)
                rule.emplace_back(w, '-');
            this->row(rule, widths);
        }
        for (const auto& one : table.rows)
            this->row(one, widths);
    }

    std::string out;

  private:
    std::string paint(const std::string& text, Tone tone) const {
        const char* code = color_of(tone);
        return color_ && *code != 0 ? code + text + "\x1b[0m" : text;
    }

    void row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
        std::string line = "  ";
        for (std::size_t i = 0; i < cells.size(); ++i)
            line += i + 1 == cells.size() ? cells[i] : padded(cells[i], widths[i]) + "  ";
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }

    void wrap(const std::string& text, std::size_t first, std::size_t rest) {
        std::string line(first, ' ');
        bool empty = true;
        for (const std::string_view word : text::split(text, ' ')) {
            if (!empty && width_ != 0 && columns(line) + 1 + columns(word) > width_) {
                out += line + '\n';
                line.assign(rest, ' ');
                empty = true;
            }
            if (!empty)
                line += ' ';
            line += word;
            empty = false;
        }
        out += line + '\n';
    }

    std::size_t width_;
    bool color_;
};

} // namespace

std::string render_text(const Document& document, std::size_t width, bool color) {
    TextRenderer renderer(width, color);
    renderer.out = document.title + '\n';
    if (!document.subtitle.empty())
        renderer.out += document.subtitle + '\n';
    for (const Section& section : document.sections) {
        if (section.blocks.empty())
            continue;
        renderer.out += '\n' + section.title + '\n';
        for (const Block& block : section.blocks)
            std::visit(renderer, block);
    }
    return renderer.out;
}

} // namespace ntferry::report
