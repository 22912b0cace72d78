// Disks for the volume tests: in memory, and in a file that other tools look at.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

namespace ntferry::test {

class MemoryDevice final : public block::BlockDevice {
  public:
    explicit MemoryDevice(Bytes bytes, std::string name = "memory")
        : bytes_(std::move(bytes)), name_(std::move(name)) {}
    std::string name() const override { return name_; }
    std::uint64_t size() const override { return bytes_.size(); }
    bool writable() const override { return true; }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    }
    void write(std::uint64_t offset, ByteView data) override {
        check_range(offset, data.size());
        std::copy(data.begin(), data.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
        ++writes;
    }
    Bytes& bytes() { return bytes_; }
    unsigned writes = 0;

  private:
    Bytes bytes_;
    std::string name_;
};

class FileDevice final : public block::BlockDevice {
  public:
    explicit FileDevice(const std::string& path)
        : path_(path), file_(path, std::ios::in | std::ios::out | std::ios::binary) {
        if (!file_)
            throw Error(path, "cannot open");
        file_.seekg(0, std::ios::end);
        size_ = static_cast<std::uint64_t>(file_.tellg());
    }
    std::string name() const override { return path_; }
    std::uint64_t size() const override { return size_; }
    bool writable() const override { return true; }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        file_.seekg(static_cast<std::streamoff>(offset));
        file_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
        if (!file_)
            throw block::ReadError(path_, offset, out.size(), EIO);
        ++reads;
    }
    void write(std::uint64_t offset, ByteView data) override {
        check_range(offset, data.size());
        file_.seekp(static_cast<std::streamoff>(offset));
        file_.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
        file_.flush();
        ++writes;
    }
    std::uint64_t reads = 0;
    unsigned writes = 0;

  private:
    std::string path_;
    std::fstream file_;
    std::uint64_t size_ = 0;
};

inline Bytes to_bytes(std::string_view text) {
    return {text.begin(), text.end()};
}

inline std::string to_text(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

/// Bytes that compress badly and differ at each offset.
inline Bytes pattern(std::size_t size, std::uint32_t seed = 1) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) {
        seed = seed * 1664525U + 1013904223U;
        byte = static_cast<std::uint8_t>(seed >> 24U);
    }
    return bytes;
}

inline void save(const std::string& path, ByteView bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

} // namespace ntferry::test
