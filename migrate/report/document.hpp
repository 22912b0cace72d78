// Document: what a report says, apart from how it looks. Rendered as text for a terminal and as HTML for
// print.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ntferry::report {

/// Weight of a paragraph or a row; HTML shows it as colour and as a word, text as a word.
enum class Tone : unsigned char { plain, good, note, warning, bad };

struct Paragraph {
    std::string text;
    Tone tone = Tone::plain;
};

struct List {
    std::vector<std::string> items;
};

struct Table {
    std::vector<std::string> heads; ///< empty: a table of names and values
    std::vector<std::vector<std::string>> rows;
};

/// One finding, decision or step: a word in front, a headline, named lines below.
struct Card {
    Tone tone = Tone::plain;
    std::string word; ///< "must change"
    std::string code; ///< "storage.boot-driver"
    std::string title;
    std::vector<std::pair<std::string, std::string>> lines; ///< "evidence" -> text
};

/// A screenshot. HTML holds the picture itself, text names it.
struct Picture {
    std::string title;
    std::string png; ///< content of a PNG file
};

using Block = std::variant<Paragraph, List, Table, Card, Picture>;

struct Section {
    std::string title;
    std::vector<Block> blocks;
};

struct Document {
    std::string title;
    std::string subtitle;
    std::vector<Section> sections;

    Section& section(std::string title_of_section);
};

/// Adds "name: value" rows, leaving out empty values.
class Facts {
  public:
    Facts& add(std::string name, std::string value);
    /// The table; takes it out.
    Table table() { return std::move(table_); }
    bool empty() const { return table_.rows.empty(); }

  private:
    Table table_;
};

/// For a terminal. @param width columns that paragraphs are wrapped at; 0 never wraps
std::string render_text(const Document& document, std::size_t width = 100, bool color = false);
/// One file without scripts, links or anything loaded from elsewhere; prints well on A4 and Letter.
/// @param generated a line for the foot: program, version, date
std::string render_html(const Document& document, std::string_view generated);

} // namespace ntferry::report
