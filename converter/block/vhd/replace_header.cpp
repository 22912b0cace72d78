// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/replace_header.hpp"

#include "converter/block/vhd/parent_locator.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::block::vhd {
namespace {

std::uint64_t align(std::uint64_t value) {
    return (value + data_alignment - 1) / data_alignment * data_alignment;
}

/// The text of a locator goes behind the footer, which moves to the new end as it does for a data block: the
/// header on disk names the old text until it is replaced.
void store_locator(File& file, Layout& layout, std::uint32_t platform, const std::string& text) {
    auto& locators = layout.header->locators;
    auto slot = std::find_if(locators.begin(), locators.end(),
                             [&](const LocatorEntry& entry) { return entry.platform == platform; });
    if (slot == locators.end())
        slot = std::find_if(locators.begin(), locators.end(),
                            [](const LocatorEntry& entry) { return entry.platform == 0; });
    if (slot == locators.end())
        throw Error(file.name(), "has no free parent locator");
    const Bytes bytes = encode_locator(text);
    if (slot->platform == platform && slot->data_length == bytes.size()) {
        Bytes stored(bytes.size());
        if (slot->data_offset <= file.size() && stored.size() <= file.size() - slot->data_offset) {
            file.read(slot->data_offset, stored);
            if (stored == bytes)
                return;
        }
    }
    const std::uint64_t at = align(layout.footer_offset + footer_size);
    const std::uint64_t space = align(bytes.size());
    file.write(at + space, layout.footer.serialize());
    file.write(at, bytes);
    layout.footer_offset = at + space;
    *slot = {platform, static_cast<std::uint32_t>(space), static_cast<std::uint32_t>(bytes.size()), at};
}

} // namespace

void replace_header(File& file, const Layout& layout, const DynamicHeader& header) {
    if (!layout.end_footer_valid)
        throw Error(file.name(), "the footer at its end is damaged",
                    "mend it first: 'ntferry image check --repair'");
    const auto bytes = header.serialize();
    const std::uint64_t aside = align(layout.footer_offset + footer_size);
    const std::uint64_t footer_at = align(aside + bytes.size());
    Footer footer = layout.footer;
    file.write(footer_at, footer.serialize());
    file.write(aside, bytes);
    file.sync();
    footer.data_offset = aside;
    file.write(footer_at, footer.serialize());
    file.sync();
    file.write(layout.footer.data_offset, bytes);
    file.sync();
    file.write(footer_at, layout.footer.serialize());
    file.sync();
    // The footer where the file ended before is still there.
    file.resize(layout.footer_offset + footer_size);
    file.sync();
}

void set_parent(File& file, const ParentReference& parent) {
    Layout layout = read_layout(file);
    if (!layout.end_footer_valid)
        throw Error(file.name(), "the footer at its end is damaged",
                    "mend it first: 'ntferry image check --repair'");
    store_locator(file, layout, platform_w2ru, parent.relative);
    store_locator(file, layout, platform_w2ku, parent.absolute);
    file.sync();
    layout.header->parent_id = parent.id;
    layout.header->parent_timestamp = parent.timestamp;
    layout.header->parent_name = parent.file_name;
    replace_header(file, layout, *layout.header);
}

} // namespace ntferry::block::vhd
