// The HTML form of a document: one file, no scripts, nothing loaded, made to be printed and filed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/document.hpp"

#include <cstdint>

#include "converter/base/text.hpp"

namespace ntferry::report {
namespace {

constexpr std::string_view style = R"css(
:root { color-scheme: light; }
body { font: 15px/1.45 "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1c2733; background: #fff;
       margin: 2.5rem auto; max-width: 62rem; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0; } .subtitle { color: #52606d; margin: .2rem 0 1.5rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 2px solid #d3dae2; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .28rem .7rem .28rem 0; border-bottom: 1px solid #e6ebf0;
         overflow-wrap: break-word; }
th { color: #52606d; font-weight: 600; } table.facts td:first-child { width: 14rem; color: #52606d; }
.card { border: 1px solid #d3dae2; border-left-width: 5px; border-radius: 4px; padding: .6rem .9rem; margin: .6rem 0; }
.card h3 { font-size: 1rem; margin: 0 0 .3rem; } .card p { margin: .15rem 0; }
.word { display: inline-block; font-size: .72rem; font-weight: 700; text-transform: uppercase; letter-spacing: .04em;
        border: 1px solid currentColor; border-radius: 3px; padding: 0 .35rem; margin-right: .5rem; }
code { font: .82rem "Cascadia Mono", Consolas, "DejaVu Sans Mono", monospace; color: #52606d; }
.name { color: #52606d; } .good { border-left-color: #2d7d46; } .good .word, p.good { color: #2d7d46; }
.note { border-left-color: #2f6fab; } .note .word, p.note { color: #2f6fab; }
.warning { border-left-color: #b07d00; } .warning .word, p.warning { color: #8a6200; }
.bad { border-left-color: #b3261e; } .bad .word, p.bad { color: #b3261e; }
p.good, p.note, p.warning, p.bad { font-weight: 600; }
footer { margin-top: 2.5rem; color: #7b8794; font-size: .8rem; }
figure { margin: .8rem 0; break-inside: avoid; } figure img { max-width: 100%; border: 1px solid #d3dae2; }
figcaption { color: #52606d; font-size: .85rem; }
@page { size: auto; margin: 16mm; }
@media print { html { font-size: 9.5pt; } body { margin: 0; max-width: none; padding: 0; font-size: 1rem; } .card, tr { break-inside: avoid; }
               thead { display: table-header-group; } h2 { break-after: avoid; } h2 + * { break-before: avoid; }
               figure img { max-height: 90mm; width: auto; } p, li { orphans: 3; widows: 3; }
               * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
)css";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text::printable(text, 16384)) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

/// A cell: long keys and paths may be broken after their separators, and only elsewhere if they have none.
std::string cell_text(std::string_view text) {
    std::string out;
    for (const char c : escaped(text)) {
        out += c;
        if (c == '\\' || c == '/')
            out += "<wbr>";
    }
    return out;
}

const char* class_of(Tone tone) {
    static constexpr const char* names[] = {"plain", "good", "note", "warning", "bad"};
    return names[static_cast<std::size_t>(tone)];
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            text += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63U] : '=';
    }
    return text;
}

struct HtmlRenderer {
    std::string out;

    void operator()(const Paragraph& paragraph) {
        out += std::string("<p class=\"") + class_of(paragraph.tone) + "\">" + escaped(paragraph.text) +
               "</p>\n";
    }
    void operator()(const List& list) {
        out += "<ul>\n";
        for (const std::string& item : list.items)
            out += "<li>" + escaped(item) + "</li>\n";
        out += "</ul>\n";
    }
    void operator()(const Table& table) {
        out += table.heads.empty() ? "<table class=\"facts\">\n" : "<table>\n<thead><tr>";
        for (const std::string& head : table.heads)
            out += "<th scope=\"col\">" + escaped(head) + "</th>";
        if (!table.heads.empty())
            out += "</tr></thead>\n";
        out += "<tbody>\n";
        for (const auto& row : table.rows) {
            out += "<tr>";
            for (const std::string& cell : row)
                out += "<td>" + cell_text(cell) + "</td>";
            out += "</tr>\n";
        }
        out += "</tbody></table>\n";
    }
    void operator()(const Card& card) {
        out += std::string("<div class=\"card ") + class_of(card.tone) + "\">\n<h3><span class=\"word\">" +
               escaped(card.word) + "</span>" + escaped(card.title);
        if (!card.code.empty())
            out += " <code>" + escaped(card.code) + "</code>";
        out += "</h3>\n";
        for (const auto& [name, text] : card.lines)
            out += "<p><span class=\"name\">" + escaped(name) + ":</span> " + escaped(text) + "</p>\n";
        out += "</div>\n";
    }
    void operator()(const Picture& picture) {
        out += "<figure><img alt=\"" + escaped(picture.title) + "\" src=\"data:image/png;base64," +
               base64(picture.png) + "\"><figcaption>" + escaped(picture.title) + "</figcaption></figure>\n";
    }
};

} // namespace

std::string render_html(const Document& document, std::string_view generated) {
    HtmlRenderer renderer;
    renderer.out =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width\">\n<title>" +
        escaped(document.title) + "</title>\n<style>" + std::string(style) +
        "</style>\n</head>\n<body>\n<h1>" + escaped(document.title) + "</h1>\n<p class=\"subtitle\">" +
        escaped(document.subtitle) + "</p>\n";
    for (const Section& section : document.sections) {
        if (section.blocks.empty())
            continue;
        renderer.out += "<section>\n<h2>" + escaped(section.title) + "</h2>\n";
        for (const Block& block : section.blocks)
            std::visit(renderer, block);
        renderer.out += "</section>\n";
    }
    renderer.out += "<footer>" + escaped(generated) + "</footer>\n</body>\n</html>\n";
    return renderer.out;
}

} // namespace ntferry::report
