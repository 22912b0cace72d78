// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/vga/vga_registers.hpp"

namespace ntferry::vmm {

void VgaRegisters::save(StateWriter& writer) const {
    writer.version(1);
    for (const std::uint8_t value :
         {misc, feature, subsystem, sequencer_index, graphics_index, crtc_index, attribute_index, dac_mask,
          dac_read_index, dac_write_index, dac_component})
        writer.put(value);
    writer.put(attribute_data_next);
    writer.put(dac_reading);
    writer.put_bytes(sequencer);
    writer.put_bytes(graphics);
    writer.put_bytes(crtc);
    writer.put_bytes(attribute);
    writer.put_bytes(dac_latch);
    writer.put_bytes(dac);
}

void VgaRegisters::load(StateReader& reader) {
    reader.version(1, 1);
    for (std::uint8_t* value :
         {&misc, &feature, &subsystem, &sequencer_index, &graphics_index, &crtc_index, &attribute_index,
          &dac_mask, &dac_read_index, &dac_write_index, &dac_component})
        *value = reader.get<std::uint8_t>();
    attribute_data_next = reader.get_bool();
    dac_reading = reader.get_bool();
    reader.get_bytes(sequencer);
    reader.get_bytes(graphics);
    reader.get_bytes(crtc);
    reader.get_bytes(attribute);
    reader.get_bytes(dac_latch);
    reader.get_bytes(dac);
    if (dac_component > 2)
        throw Error({}, "saved state of the VGA has no such colour component");
}

} // namespace ntferry::vmm
