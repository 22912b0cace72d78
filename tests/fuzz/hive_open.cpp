// A hive from hostile bytes: opened, walked, read and edited without a crash, a hang or a loop.
// LINK: ntferry_registry
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/editor.hpp"

using namespace ntferry;
using namespace ntferry::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes image(data, data + size);
    if (size >= 512)
        store_le<std::uint32_t>(image, 508, base_block_checksum(image));
    try {
        const Hive hive = Hive::open(image, "fuzz");
        hive.walk([](const std::string&, const Key& key) {
            for (const auto& [name, value] : key.values())
                (void)value.describe();
            return true;
        });
    } catch (const Error&) {
    }
    try {
        HiveEditor editor(image, "fuzz");
        editor.add_key("A\\B");
        editor.set_dword("A\\B", "Start", 4);
        editor.set("A", "Text", Value::sz("text"));
        (void)editor.commit();
    } catch (const Error&) {
    }
    return 0;
}
