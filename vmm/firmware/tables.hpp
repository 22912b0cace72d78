// Tables that SeaBIOS leaves in the F segment and a profile does not want to show.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

namespace ntferry::vmm {

struct HiddenTables {
    unsigned mp = 0;   ///< MP floating pointers blanked
    unsigned acpi = 0; ///< RSD pointers blanked
};

/// Takes away the signatures by which a guest finds the MP table (MultiProcessor Specification 1.4, 4.1) and
/// ACPI (ACPI 1.0b, 5.2.4.1), so that a PC without APICs looks like one. $PIR and SMBIOS stay.
/// @param f_segment F0000-FFFFF
HiddenTables hide_tables(MutableByteView f_segment, bool hide_mp);

} // namespace ntferry::vmm
