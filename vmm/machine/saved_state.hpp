// SavedState: a machine with what belongs to it, in a file.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/state/state_file.hpp"
#include "vmm/machine/machine.hpp"

#include <string>
#include <vector>

namespace ntferry::vmm {

/// An image of a drive at the moment of saving: a state fits disks that nobody has written to since.
struct ImageStamp {
    std::string drive; ///< "ide0-hd0"
    std::string file;
    std::uint64_t size = 0;   ///< bytes of the file
    std::int64_t written = 0; ///< st_mtim in nanoseconds
    bool operator==(const ImageStamp&) const = default;
};

/// Of an open descriptor (O_PATH will do); a drive whose image is no file has size and time 0. @throws Error
ImageStamp stamp_of(const std::string& drive, const std::string& file, int descriptor);

/// Writes a paused machine. Its disks are flushed and idle. @throws Error
void write_saved_state(Machine& machine, const std::vector<ImageStamp>& images, StateFileWriter& file);
/// The images a state belongs to are these. @throws Error that says in one line what does not fit
void check_saved_state(const StateFile& file, const std::vector<ImageStamp>& images);
/// Into a machine that was not started. @throws Error when profile, memory or processors are others
void load_saved_state(Machine& machine, const StateFile& file);

} // namespace ntferry::vmm
