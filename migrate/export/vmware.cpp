// VMware: VMX for Workstation and Fusion.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/export/definition.hpp"

#include <fmt/format.h>

namespace ntferry::exports {
namespace {

/// VMX strings escape by |XX, the hexadecimal code of the character.
std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        result += byte < 0x20 || c == '"' || c == '|' ? fmt::format("|{:02X}", byte) : std::string(1, c);
    }
    return result;
}

/// 32 bits as VMX masks write them: "0000:0000:...:0010".
std::string mask_of(std::uint32_t value) {
    std::string text;
    for (int bit = 31; bit >= 0; --bit) {
        text += (value >> static_cast<unsigned>(bit) & 1U) != 0 ? '1' : '0';
        if (bit % 4 == 0 && bit != 0)
            text += ':';
    }
    return text;
}

class Vmx {
  public:
    void set(const std::string& key, const std::string& value) {
        text_ += fmt::format("{} = \"{}\"\n", key, escaped(value));
    }
    void set(const std::string& key, bool value) { set(key, std::string(value ? "TRUE" : "FALSE")); }
    std::string text() const { return text_; }

  private:
    std::string text_;
};

void set_network(Vmx& vmx, const ExportedMachine& machine) {
    for (std::size_t i = 0; i < machine.machine.nics.size(); ++i) {
        const profiles::NicSpec& nic = machine.machine.nics[i];
        const std::string card = fmt::format("ethernet{}.", i);
        vmx.set(card + "present", true);
        vmx.set(card + "virtualDev", std::string("vlance")); // AMD PCnet
        vmx.set(card + "connectionType", std::string(nic.backend == "nat"      ? "nat"
                                                     : nic.backend == "bridge" ? "bridged"
                                                                               : "hostonly"));
        vmx.set(card + "startConnected", nic.backend == "nat" || nic.backend == "bridge");
        vmx.set(card + "addressType", std::string("static"));
        vmx.set(card + "address", mac_text(nic));
        vmx.set(card + "checkMACAddress", false); // the server's own, not one of VMware's
    }
}

} // namespace

std::vector<DefinitionFile> vmware_definition(const ExportedMachine& machine) {
    Vmx vmx;
    vmx.set(".encoding", std::string("UTF-8"));
    vmx.set("config.version", std::string("8"));
    vmx.set("virtualHW.version", std::string("8"));
    vmx.set("displayName", machine.machine.name);
    vmx.set("guestOS", std::string("winnt"));
    vmx.set("memSize", std::to_string((machine.mebibytes() + 3) / 4 * 4));
    vmx.set("numvcpus", std::to_string(machine.machine.cpus));
    // Highest CPUID leaf: NT 4.0 stops on processors that report more than 3.
    vmx.set("cpuid.0.eax", mask_of(machine.profile.cpu.max_leaf));
    for (std::size_t i = 0; i < machine.machine.disks.size(); ++i) {
        const unsigned position = machine.machine.disks[i].position;
        const std::string disk = fmt::format("ide{}:{}.", position / 2, position == 2 ? 1 : position % 2);
        vmx.set(disk + "present", true);
        vmx.set(disk + "deviceType", std::string("ata-hardDisk")); // virt-v2v knows no disk by another name
        vmx.set(disk + "fileName", machine.disk(i).file);
    }
    vmx.set("ide1:0.present", true);
    vmx.set("ide1:0.deviceType", std::string("cdrom-raw"));
    vmx.set("ide1:0.autodetect", true);
    vmx.set("ide1:0.startConnected", false);
    set_network(vmx, machine);
    for (const profiles::SerialSpec& serial : machine.machine.serials) {
        const std::string line = fmt::format("serial{}.", serial.port);
        vmx.set(line + "present", true);
        vmx.set(line + "fileType", std::string("file"));
        vmx.set(line + "fileName", fmt::format("com{}.log", serial.port + 1));
    }
    for (const char* absent : {"floppy0", "usb", "sound", "scsi0"})
        vmx.set(std::string(absent) + ".present", false);
    vmx.set("tools.syncTime", false);
    vmx.set("isolation.tools.copy.disable", true);
    vmx.set("isolation.tools.paste.disable", true);
    return {{plain_name(machine.machine.name) + ".vmx", vmx.text(), false}};
}

} // namespace ntferry::exports
