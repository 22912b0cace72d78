// Boots a lookalike disk under QEMU's own PC with a chosen INT 13h geometry.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/lookalike.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

#include <string>
#include <vector>

namespace ntferry::test {

/// TCG, 128 MiB, disk on the primary IDE channel. Ends when the guest writes port 501h (stand-ins), resets,
/// has printed `until` (a grep pattern, if given), or after `seconds`. `more` are further disks, in the order
/// of the IDE channels. Returns what came out of COM1.
inline std::string boot_under_qemu(const std::string& disk, unsigned cylinders, unsigned heads, unsigned spt,
                                   const std::string& until = "", unsigned seconds = 100,
                                   const std::vector<std::string>& more = {}) {
    const TempDir dir;
    std::string others;
    for (std::size_t i = 0; i < more.size(); ++i)
        others += " -drive format=raw,snapshot=on,if=ide,index=" + std::to_string(i + 1) + ",file='" +
                  more[i] + "'";
    const std::string serial = dir / "serial";
    const std::string stop_early =
        until.empty() ? "" : "grep -q '" + until + "' " + serial + " && kill $qemu; ";
    run_shell(
        "timeout " + std::to_string(seconds) +
        " nice qemu-system-i386 -M pc -accel tcg -m 128 -display none -no-reboot -net none -serial file:" +
        serial + " -drive if=none,id=d,format=raw,snapshot=on,file='" + disk +
        "' -device ide-hd,drive=d,bus=ide.0,lcyls=" + std::to_string(cylinders) +
        ",lheads=" + std::to_string(heads) + ",lsecs=" + std::to_string(spt) + others +
        " -device isa-debug-exit,iobase=0x501,iosize=1 & qemu=$!; while kill -0 $qemu 2>/dev/null; do " +
        stop_early + "sleep 0.2; done");
    return run_shell("cat " + serial).out;
}

} // namespace ntferry::test
