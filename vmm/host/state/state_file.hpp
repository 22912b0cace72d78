// Files of saved machines: written beside and renamed, checksummed, read as one piece.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// "NTFSTATE", format (u32, little-endian), reserved (u32, 0), content, BLAKE2b-512 of everything before it.
#pragma once

#include "converter/base/bytes.hpp"

#include <memory>
#include <string>

namespace ntferry::vmm {

/// Under its name there is either the old file or the whole new one, never a part.
class StateFileWriter {
  public:
    /// Loads what computes the checksum, for those who will not reach it later on. @throws Error
    static void load_library();
    /// Makes PATH.part, mode 0600. @throws Error
    explicit StateFileWriter(std::string path);
    /// Into an open, empty file, which is taken over; its owner gives it its name. @throws Error
    StateFileWriter(std::string name, int descriptor);
    /// What was not finished is removed.
    ~StateFileWriter();
    StateFileWriter(const StateFileWriter&) = delete;
    StateFileWriter& operator=(const StateFileWriter&) = delete;

    const std::string& path() const { return path_; }
    /// @throws Error
    void write(ByteView data);
    /// Durable and under its name once this returns. @throws Error
    void finish();

  private:
    struct Digest;
    void begin();
    void put(ByteView data);
    void send_out();
    std::string path_;
    std::string part_; ///< empty: another one's file
    int descriptor_ = -1;
    std::unique_ptr<Digest> digest_;
    Bytes buffer_;
};

/// A file of StateFileWriter, in memory. @throws Error from its constructor when it is no such file, damaged,
/// or of another format
class StateFile {
  public:
    explicit StateFile(const std::string& path);
    ~StateFile();
    StateFile(const StateFile&) = delete;
    StateFile& operator=(const StateFile&) = delete;
    const std::string& path() const { return path_; }
    ByteView content() const;

  private:
    void verify() const;
    std::string path_;
    ByteView mapped_;
};

} // namespace ntferry::vmm
