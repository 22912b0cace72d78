// A minimal hive of format 1.3, built cell by cell: independent of what is tested.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstring>
#include <string>

namespace ntferry::test {

/// Builds one 4096-byte bin (or more) of cells. Offsets are relative to the start of the bins.
class HiveMaker {
  public:
    explicit HiveMaker(std::size_t bins_size = 4096) : image_(4096 + bins_size), next_(32) {
        std::memcpy(&image_[4096], "hbin", 4);
        store_le<std::uint32_t>(image_, 4096 + 8, static_cast<std::uint32_t>(bins_size));
    }

    /// A cell with this content; returns its offset.
    std::uint32_t cell(const Bytes& content) {
        const std::size_t size = (content.size() + 4 + 7) / 8 * 8;
        const std::uint32_t at = next_;
        store_le<std::uint32_t>(image_, 4096 + at,
                                static_cast<std::uint32_t>(-static_cast<std::int32_t>(size)));
        std::copy(content.begin(), content.end(), image_.begin() + 4096 + at + 4);
        next_ += static_cast<std::uint32_t>(size);
        return at;
    }

    std::uint32_t security() {
        const std::uint32_t at = next_;
        Bytes sk(16 + 20);
        std::memcpy(sk.data(), "sk", 2);
        store_le<std::uint32_t>(sk, 4, at);
        store_le<std::uint32_t>(sk, 8, at);
        store_le<std::uint32_t>(sk, 12, 1);
        store_le<std::uint32_t>(sk, 16, 0x80000001U); // self-relative, revision 1, empty
        return cell(sk);
    }

    std::uint32_t key(const std::string& name, std::uint32_t parent, std::uint32_t sk, bool root = false) {
        Bytes nk(76 + name.size());
        std::memcpy(nk.data(), "nk", 2);
        store_le<std::uint16_t>(nk, 2, root ? 0x2C : 0x20);
        store_le<std::uint32_t>(nk, 16, parent);
        for (const std::size_t none : {28U, 32U, 40U, 48U})
            store_le<std::uint32_t>(nk, none, 0xFFFFFFFFU);
        store_le<std::uint32_t>(nk, 44, sk);
        store_le<std::uint16_t>(nk, 72, static_cast<std::uint16_t>(name.size()));
        std::copy(name.begin(), name.end(), nk.begin() + 76);
        return cell(nk);
    }

    std::uint32_t value(const std::string& name, std::uint32_t type, const Bytes& data) {
        Bytes vk(20 + name.size());
        std::memcpy(vk.data(), "vk", 2);
        store_le<std::uint16_t>(vk, 2, static_cast<std::uint16_t>(name.size()));
        if (data.size() <= 4) {
            store_le<std::uint32_t>(vk, 4, static_cast<std::uint32_t>(data.size()) | 0x80000000U);
            std::copy(data.begin(), data.end(), vk.begin() + 8);
        } else {
            store_le<std::uint32_t>(vk, 4, static_cast<std::uint32_t>(data.size()));
            store_le<std::uint32_t>(vk, 8, cell(data));
        }
        store_le<std::uint32_t>(vk, 12, type);
        store_le<std::uint16_t>(vk, 16, 1);
        std::copy(name.begin(), name.end(), vk.begin() + 20);
        return cell(vk);
    }

    void set_values(std::uint32_t key, const std::vector<std::uint32_t>& values) {
        Bytes list(values.size() * 4);
        for (std::size_t i = 0; i < values.size(); ++i)
            store_le<std::uint32_t>(list, i * 4, values[i]);
        field(key, 36, static_cast<std::uint32_t>(values.size()));
        field(key, 40, cell(list));
    }

    void set_subkeys(std::uint32_t key, const std::vector<std::uint32_t>& keys, const char* id = "lf") {
        Bytes list(4 + keys.size() * 8);
        std::memcpy(list.data(), id, 2);
        store_le<std::uint16_t>(list, 2, static_cast<std::uint16_t>(keys.size()));
        for (std::size_t i = 0; i < keys.size(); ++i)
            store_le<std::uint32_t>(list, 4 + i * 8, keys[i]);
        field(key, 20, static_cast<std::uint32_t>(keys.size()));
        field(key, 28, cell(list));
    }

    /// Overwrites a dword of a cell's content.
    void field(std::uint32_t cell_at, std::size_t offset, std::uint32_t number) {
        store_le<std::uint32_t>(image_, 4096 + cell_at + 4 + offset, number);
    }

    Bytes finish(std::uint32_t root, std::uint32_t minor = 3) {
        if (next_ < image_.size() - 4096)
            store_le<std::uint32_t>(image_, 4096 + next_,
                                    static_cast<std::uint32_t>(image_.size() - 4096 - next_));
        std::memcpy(image_.data(), "regf", 4);
        for (const auto& [at, number] : std::initializer_list<std::pair<std::size_t, std::uint32_t>>{
                 {4, 9}, {8, 9}, {20, 1}, {24, minor}, {32, 1}, {36, root}, {44, 1}})
            store_le<std::uint32_t>(image_, at, number);
        store_le<std::uint32_t>(image_, 40, static_cast<std::uint32_t>(image_.size() - 4096));
        std::uint32_t sum = 0;
        for (std::size_t at = 0; at < 508; at += 4)
            sum ^= load_le<std::uint32_t>(image_, at);
        store_le<std::uint32_t>(image_, 508, sum);
        return image_;
    }

  private:
    Bytes image_;
    std::uint32_t next_;
};

/// Root with "Alpha" (values Start = 3, Path = "C:\WINNT") and "Beta" (empty).
inline Bytes small_hive() {
    HiveMaker maker;
    const std::uint32_t sk = maker.security();
    const std::uint32_t root = maker.key("$$$PROTO.HIV", 0, sk, true);
    const std::uint32_t alpha = maker.key("Alpha", root, sk);
    const std::uint32_t beta = maker.key("Beta", root, sk);
    maker.field(sk, 12, 3);
    Bytes path;
    for (const char c : std::string("C:\\WINNT")) {
        path.push_back(static_cast<std::uint8_t>(c));
        path.push_back(0);
    }
    path.insert(path.end(), 2, 0);
    maker.set_values(alpha, {maker.value("Start", 4, {3, 0, 0, 0}), maker.value("Path", 1, path)});
    maker.set_subkeys(root, {alpha, beta});
    return maker.finish(root);
}

} // namespace ntferry::test
