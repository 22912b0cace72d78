// The NT 4.0 drivers of the machine's network cards.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/rules/nic_driver.hpp"

namespace ntferry::patch {

std::optional<NicDriver> nic_driver(const profiles::Profile& profile, const std::string& model) {
    std::string wanted = model;
    std::vector<unsigned> slots;
    for (const profiles::DeviceSpec& device : profile.devices) {
        if (device.type != "pcnet" && device.type != "dec21140")
            continue;
        if (wanted.empty())
            wanted = device.type;
        // A slot may take either model: option "models" of the profile.
        const auto models = device.options.find("models");
        const bool takes = device.type == wanted || (models != device.options.end() &&
                                                     models->second.find(wanted) != std::string::npos);
        if (takes && device.pci)
            slots.push_back(device.pci->device);
    }
    if (slots.empty())
        return std::nullopt;
    if (wanted == "pcnet")
        // TP 1 makes the driver of the first release fail to start; 0 lets the card find its port.
        return NicDriver{"AMDPCN",
                         "amdpcn.sys",
                         "AMD",
                         "AMD PCNET Family Ethernet Adapter",
                         {{"TP", 0}, {"FDUP", 0}, {"MediaType", 1}},
                         slots,
                         "oemnadap.inf", // KB Q156823 shows its [Options]
                         "AMDPCI"};
    if (wanted == "dec21140")
        return NicDriver{"DC21X4",           "dc21x4.sys", "DEC", "DEC PCI Fast Ethernet DECchip 21140",
                         {{"MediaType", 1}}, slots,        "",    ""};
    return std::nullopt;
}

} // namespace ntferry::patch
