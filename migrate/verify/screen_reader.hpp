// ScreenReader: what a machine shows, through its control socket; ntferry-vmm's or QEMU's.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/launch/control_client.hpp"
#include "migrate/verify/run_folder.hpp"
#include "migrate/verify/watcher.hpp"

#include <string>

namespace ntferry::verify {

class ScreenReader {
  public:
    /// Asks who is there. @param client must outlive the reader. @throws Error
    explicit ScreenReader(launch::ControlClient& client);

    /// Text or picture of now. @throws Error
    void read_into(Sample& sample);
    /// An image file's content. @param format "png" or "ppm". @throws Error
    Bytes picture(const std::string& format);

  private:
    void read_ours(Sample& sample);
    void read_qemu(Sample& sample);

    launch::ControlClient& client_;
    bool qemu_ = false;
    RunFolder folder_; ///< QEMU answers with files
};

} // namespace ntferry::verify
