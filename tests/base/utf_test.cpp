// One codec, two attitudes: text is mended, names are kept or refused.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/base/utf.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ntferry;

namespace {

/// Sequences that Unicode 15, section 3.9 (tables 3-7 to 3-11) calls ill-formed, with the U+FFFD that
/// replacing byte by byte gives.
struct Malformed {
    std::string bytes;
    std::size_t replacements;
};

const std::vector<Malformed>& malformed() {
    static const std::vector<Malformed> all = {
        {"\x80", 1},             // a continuation byte alone
        {"\xC0\xAF", 2},         // overlong '/'
        {"\xE0\x80\xAF", 3},     // overlong '/' in three bytes
        {"\xF0\x80\x80\xAF", 4}, // and in four
        {"\xC3", 1},             // cut off
        {"\xE2\x82", 2},         // cut off
        {"\xE2\x28\xA1", 2},     // the second byte is none: '(' stays
        {"\xF4\x90\x80\x80", 4}, // beyond 0x10FFFF
        {"\xF5\x80\x80\x80", 4}, // a lead byte that never occurs
        {"\xFF", 1},
    };
    return all;
}

} // namespace

TEST_CASE("UTF: text goes to UTF-16 and back") {
    const std::string utf8 = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
    const std::u16string utf16 = u"a\u00E9\u20AC\U0001F600z";
    CHECK(utf::to_utf16(utf8) == utf16);
    CHECK(utf::to_utf8(utf16) == utf8);
    CHECK(utf::name_to_utf16(utf8) == utf16);
    CHECK(utf::name_to_utf8(utf16) == utf8);
    CHECK(text::from_utf16le(text::to_utf16le(utf8)) == utf8);
}

TEST_CASE("UTF: what is not UTF-8 is replaced in text and refused in names") {
    for (const Malformed& one : malformed()) {
        CAPTURE(to_hex(Bytes(one.bytes.begin(), one.bytes.end())));
        const std::u16string mended = utf::to_utf16("<" + one.bytes + ">");
        CHECK(std::size_t(std::count(mended.begin(), mended.end(), u'\uFFFD')) == one.replacements);
        CHECK(mended.front() == u'<');
        CHECK(mended.back() == u'>');
        CHECK(text::from_utf16le(text::to_utf16le("<" + one.bytes + ">")) == utf::to_utf8(mended));
        CHECK_THROWS_AS(utf::name_to_utf16(one.bytes), Error);
    }
}

TEST_CASE("UTF: lone surrogates survive in names only") {
    const std::u16string lone = {u'a', char16_t{0xD800}, u'b', char16_t{0xDC00}};
    CHECK(utf::to_utf8(lone) == "a\xEF\xBF\xBD"
                                "b\xEF\xBF\xBD");
    CHECK(utf::name_to_utf16(utf::name_to_utf8(lone)) == lone);
    CHECK(utf::name_to_utf8(lone) == "a\xED\xA0\x80"
                                     "b\xED\xB0\x80");
    CHECK(utf::to_utf16("\xED\xA0\x80") == u"\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("UTF: every 16-bit unit comes back as a name") {
    for (std::uint32_t unit = 0; unit < 0x10000; ++unit) {
        const std::u16string name(1, static_cast<char16_t>(unit));
        if (utf::name_to_utf16(utf::name_to_utf8(name)) != name)
            FAIL("unit " << unit);
    }
}

TEST_CASE("UTF: a lone last byte of UTF-16LE is told") {
    CHECK(text::from_utf16le(Bytes{'a', 0, 'b'}) == "a\xEF\xBF\xBD");
}
