// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/display/keyboard.hpp"

#include <thread>

namespace ntferry::vmm {

void press_together(ControlledMachine& machine, std::span<const XtCode> keys,
                    std::chrono::milliseconds hold) {
    machine.locked([&] {
        for (const XtCode key : keys)
            machine.input().key(key, true);
    });
    std::this_thread::sleep_for(hold);
    machine.locked([&] {
        for (std::size_t n = keys.size(); n-- > 0;)
            machine.input().key(keys[n], false);
    });
}

void type_keys(ControlledMachine& machine, std::span<const KeyStroke> strokes) {
    for (const KeyStroke& stroke : strokes) {
        std::vector<XtCode> keys;
        if (stroke.shift)
            keys.push_back(xt_shift);
        if (stroke.alt_gr)
            keys.push_back(xt_alt_gr);
        keys.push_back(stroke.code);
        press_together(machine, keys, std::chrono::milliseconds(10));
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

} // namespace ntferry::vmm
