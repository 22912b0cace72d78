// Hyper-V: a PowerShell script that makes a generation 1 machine around the VHDs.
// Cmdlets of the module Hyper-V of Windows Server 2012 R2 and later.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/export/definition.hpp"

#include <fmt/format.h>

namespace ntferry::exports {
namespace {

/// A PowerShell string without expansion: quotes are doubled.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20)
            continue;
        result += c;
        if (c == '\'')
            result += c;
    }
    return result + "'";
}

std::string network_lines(const ExportedMachine& machine) {
    std::string text;
    for (std::size_t i = 0; i < machine.machine.nics.size(); ++i)
        text +=
            fmt::format("Add-VMNetworkAdapter -VMName $Name -IsLegacy $true -Name {} -StaticMacAddress {}\n"
                        "if ($Switch) {{ Connect-VMNetworkAdapter -VMName $Name -Name {} -SwitchName "
                        "$Switch }}\n",
                        quoted(fmt::format("net{}", i)), quoted(mac_text(machine.machine.nics[i], "")),
                        quoted(fmt::format("net{}", i)));
    return text;
}

} // namespace

std::vector<DefinitionFile> hyperv_definition(const ExportedMachine& machine) {
    std::string text = fmt::format(
        "# Makes {} a machine of this Hyper-V host. Run as administrator in the folder of the disks:\n"
        "#   .\\create.ps1 [-Name NAME] [-Switch SWITCH]\n"
        "# Without -Switch the network card is connected to nothing.\n"
        "param([string]$Name = {}, [string]$Switch = '')\n"
        "$ErrorActionPreference = 'Stop'\n"
        "New-VM -Name $Name -Generation 1 -MemoryStartupBytes {}MB -NoVHD | Out-Null\n"
        "Set-VMMemory -VMName $Name -DynamicMemoryEnabled $false\n"
        "# Limits CPUID: Windows NT 4.0 stops on processors that report more than it knows.\n"
        "Set-VMProcessor -VMName $Name -Count {} -CompatibilityForOlderOperatingSystemsEnabled $true "
        "-CompatibilityForMigrationEnabled $true\n"
        "# No integration services run in NT 4.0; the synthetic card of New-VM has no driver.\n"
        "Get-VMIntegrationService -VMName $Name | Disable-VMIntegrationService\n"
        "Get-VMNetworkAdapter -VMName $Name | Remove-VMNetworkAdapter\n",
        plain_name(machine.machine.name), quoted(machine.machine.name), machine.mebibytes(),
        machine.machine.cpus);
    text += network_lines(machine);
    for (std::size_t i = 0; i < machine.machine.disks.size(); ++i) {
        const unsigned position = machine.machine.disks[i].position;
        // The drive that New-VM makes on IDE 1, 0 holds the CDs.
        text += fmt::format("Add-VMHardDiskDrive -VMName $Name -ControllerType IDE -ControllerNumber {} "
                            "-ControllerLocation {} -Path (Join-Path $PSScriptRoot {})\n",
                            position / 2, position == 2 ? 1 : position % 2, quoted(machine.disk(i).file));
    }
    for (const profiles::SerialSpec& serial : machine.machine.serials)
        text += fmt::format("Set-VMComPort -VMName $Name -Number {} -Path \"\\\\.\\pipe\\$Name-com{}\"\n",
                            serial.port + 1, serial.port + 1);
    text += "Write-Output \"start it with: Start-VM -Name '$Name'\"\n";
    return {{"create.ps1", text, false}};
}

} // namespace ntferry::exports
