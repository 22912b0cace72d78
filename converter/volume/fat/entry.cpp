// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/fat/entry.hpp"

#include "converter/base/utf.hpp"

#include <algorithm>
#include <chrono>

namespace ntferry::volume::fat {
namespace {

constexpr std::size_t part_characters = 13;
constexpr std::array<std::uint8_t, part_characters> part_offsets{1,  3,  5,  7,  9,  14, 16,
                                                                 18, 20, 22, 24, 28, 30};
constexpr std::uint8_t lower_base = 0x08; // byte 0x0C, set by NT for an all-lower-case name
constexpr std::uint8_t lower_extension = 0x10;

/// Code page 437, 0x80 to 0xFF.
constexpr char16_t code_page_437[] =
    u"\u00C7\u00FC\u00E9\u00E2\u00E4\u00E0\u00E5\u00E7\u00EA\u00EB\u00E8\u00EF\u00EE\u00EC\u00C4\u00C5"
    u"\u00C9\u00E6\u00C6\u00F4\u00F6\u00F2\u00FB\u00F9\u00FF\u00D6\u00DC\u00A2\u00A3\u00A5\u20A7\u0192"
    u"\u00E1\u00ED\u00F3\u00FA\u00F1\u00D1\u00AA\u00BA\u00BF\u2310\u00AC\u00BD\u00BC\u00A1\u00AB\u00BB"
    u"\u2591\u2592\u2593\u2502\u2524\u2561\u2562\u2556\u2555\u2563\u2551\u2557\u255D\u255C\u255B\u2510"
    u"\u2514\u2534\u252C\u251C\u2500\u253C\u255E\u255F\u255A\u2554\u2569\u2566\u2560\u2550\u256C\u2567"
    u"\u2568\u2564\u2565\u2559\u2558\u2552\u2553\u256B\u256A\u2518\u250C\u2588\u2584\u258C\u2590\u2580"
    u"\u03B1\u00DF\u0393\u03C0\u03A3\u03C3\u00B5\u03C4\u03A6\u0398\u03A9\u03B4\u221E\u03C6\u03B5\u2229"
    u"\u2261\u00B1\u2265\u2264\u2320\u2321\u00F7\u2248\u00B0\u2219\u00B7\u221A\u207F\u00B2\u25A0\u00A0";

std::u16string decode_part(ByteView bytes, bool lower) {
    std::u16string out;
    for (const std::uint8_t byte : bytes) {
        char16_t c = byte < 0x80 ? byte : code_page_437[byte - 0x80U];
        if (lower && c >= u'A' && c <= u'Z')
            c = static_cast<char16_t>(c + 0x20);
        out.push_back(c);
    }
    while (!out.empty() && out.back() == u' ')
        out.pop_back();
    return out;
}

std::u16string decode_short_name(const ShortName& stored, std::uint8_t case_bits) {
    ShortName name = stored;
    if (name[0] == 0x05)
        name[0] = 0xE5;
    std::u16string out = decode_part(ByteView(name).first(8), (case_bits & lower_base) != 0);
    const std::u16string extension =
        decode_part(ByteView(name).subspan(8), (case_bits & lower_extension) != 0);
    if (!extension.empty())
        out += u"." + extension;
    return out;
}

/// The parts of a long name as they come: last one first.
class LongName {
  public:
    void reset() { text_.clear(), next_ = 0; }

    void add(ByteView slot, std::size_t index) {
        const unsigned order = slot[0] & 0x3FU;
        if ((slot[0] & 0x40U) != 0) {
            text_.clear();
            checksum_ = slot[13];
            next_ = order;
            first_slot_ = index;
        }
        if (order == 0 || order != next_ || slot[13] != checksum_ || order > 20) {
            reset();
            return;
        }
        std::u16string part;
        for (const std::uint8_t offset : part_offsets)
            part.push_back(static_cast<char16_t>(load_le<std::uint16_t>(slot, offset)));
        text_.insert(0, part);
        --next_;
        complete_ = next_ == 0;
    }

    /// The name, when all parts came and they belong to the entry.
    std::optional<std::u16string> take(const ShortName& stored) {
        std::u16string text = std::move(text_);
        text_.clear();
        const bool whole = complete_ && !text.empty() && checksum_ == short_name_checksum(stored);
        complete_ = false;
        next_ = 0;
        if (!whole)
            return std::nullopt;
        text.resize(std::min(text.size(), text.find(u'\0')));
        if (text.empty() || text.size() > 255)
            return std::nullopt;
        return text;
    }

    std::size_t first_slot() const { return first_slot_; }

  private:
    std::u16string text_;
    unsigned next_ = 0;
    std::uint8_t checksum_ = 0;
    std::size_t first_slot_ = 0;
    bool complete_ = false;
};

} // namespace

FileInfo Entry::info() const {
    FileInfo file;
    file.name = utf::name_to_utf8(name);
    if (has_long_name)
        file.short_name = short_name;
    file.attributes = attributes & 0x37U;
    file.size = is_directory() ? 0 : size;
    file.modified = modified;
    return file;
}

std::vector<Entry> parse_entries(ByteView directory, bool fat32) {
    std::vector<Entry> entries;
    LongName long_name;
    for (std::size_t i = 0; i < directory.size() / slot_size; ++i) {
        const ByteView slot = directory.subspan(i * slot_size, slot_size);
        if (slot[0] == slot_end)
            break;
        if (slot[0] == slot_deleted) {
            long_name.reset();
            continue;
        }
        if ((slot[11] & 0x3FU) == attribute_long_name) {
            long_name.add(slot, i);
            continue;
        }
        Entry entry;
        std::copy_n(slot.begin(), entry.stored.size(), entry.stored.begin());
        entry.slot = i;
        entry.first_slot = i;
        entry.attributes = slot[11];
        entry.first_cluster = load_le<std::uint16_t>(slot, 26);
        if (fat32)
            entry.first_cluster |= std::uint32_t{load_le<std::uint16_t>(slot, 20)} << 16U & 0x0FFFFFFFU;
        entry.size = load_le<std::uint32_t>(slot, 28);
        entry.modified = from_dos_time({load_le<std::uint16_t>(slot, 24), load_le<std::uint16_t>(slot, 22)});
        entry.short_name = utf::name_to_utf8(decode_short_name(entry.stored, 0));
        if (std::optional<std::u16string> name = long_name.take(entry.stored)) {
            entry.name = std::move(*name);
            entry.has_long_name = true;
            entry.first_slot = long_name.first_slot();
        } else {
            entry.name = decode_short_name(entry.stored, slot[12]);
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::uint8_t short_name_checksum(const ShortName& name) {
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : name)
        sum = static_cast<std::uint8_t>((sum >> 1U | sum << 7U) + byte);
    return sum;
}

ShortName store_short_name(const std::string& name) {
    ShortName stored;
    stored.fill(' ');
    const std::size_t dot = name.find('.');
    const std::string base = name.substr(0, dot);
    const std::string extension = dot == std::string::npos ? "" : name.substr(dot + 1);
    std::copy_n(base.begin(), std::min<std::size_t>(base.size(), 8), stored.begin());
    std::copy_n(extension.begin(), std::min<std::size_t>(extension.size(), 3), stored.begin() + 8);
    return stored;
}

Bytes long_name_slots(std::u16string_view name, const ShortName& short_name) {
    const std::size_t parts = (name.size() + part_characters - 1) / part_characters;
    const std::uint8_t checksum = short_name_checksum(short_name);
    Bytes slots(parts * slot_size);
    for (std::size_t part = 0; part < parts; ++part) {
        // The last part stands first.
        const MutableByteView slot(slots.data() + (parts - 1 - part) * slot_size, slot_size);
        slot[0] = static_cast<std::uint8_t>((part + 1) | (part + 1 == parts ? 0x40U : 0U));
        slot[11] = attribute_long_name;
        slot[13] = checksum;
        for (std::size_t i = 0; i < part_characters; ++i) {
            const std::size_t at = part * part_characters + i;
            const char16_t c = at < name.size() ? name[at] : at == name.size() ? u'\0' : u'\xFFFF';
            store_le<std::uint16_t>(slot, part_offsets[i], c);
        }
    }
    return slots;
}

DosTime to_dos_time(std::int64_t seconds) {
    using namespace std::chrono;
    constexpr std::int64_t first = 315'532'800;  // 1980
    constexpr std::int64_t last = 4'354'819'199; // 2107
    const sys_seconds when{std::chrono::seconds(std::clamp(seconds, first, last))};
    const year_month_day day{floor<days>(when)};
    const hh_mm_ss clock{when - floor<days>(when)};
    return {static_cast<std::uint16_t>((static_cast<int>(day.year()) - 1980) << 9 |
                                       static_cast<int>(static_cast<unsigned>(day.month())) << 5 |
                                       static_cast<int>(static_cast<unsigned>(day.day()))),
            static_cast<std::uint16_t>(clock.hours().count() << 11 | clock.minutes().count() << 5 |
                                       clock.seconds().count() / 2)};
}

std::int64_t from_dos_time(DosTime time) {
    using namespace std::chrono;
    const year_month_day day{year{1980 + (time.date >> 9)}, month{static_cast<unsigned>(time.date >> 5 & 15)},
                             std::chrono::day{static_cast<unsigned>(time.date & 31)}};
    if (!day.ok())
        return 0;
    const auto midnight = sys_days{day}.time_since_epoch();
    return duration_cast<seconds>(midnight).count() + (time.time >> 11) * 3600 + (time.time >> 5 & 63) * 60 +
           (time.time & 31) * 2;
}

} // namespace ntferry::volume::fat
