// HiveEditor: changes a hive so that NT 4.0 still loads it: format 1.3, fast leaves, as little growth as can
// be.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/hive.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace ntferry::registry {

/// Sizes of the SYSTEM hive. NTLDR loads hive, kernel and HAL below 16 MB; Microsoft names 11.5 MB as the
/// end (KB 216369).
inline constexpr std::size_t system_hive_warn = std::size_t{8} << 20U;
inline constexpr std::size_t system_hive_refuse = (std::size_t{21} << 20U) / 2; ///< 10.5 MB

/// Edits an image in memory. Values are overwritten where they lie whenever they fit; the rest goes through
/// Hivex. Paths are from the root of the hive, case is ignored, new keys and values keep the case given.
class HiveEditor {
  public:
    /// @param image a clean hive, as recover_hive() makes it
    /// @param size_limit growth beyond it is refused; a hive that is larger already may still be edited in
    ///                   place
    /// @throws Error for a hive that NT 4.0 could not load afterwards: newer format, hash leaves
    HiveEditor(Bytes image, std::string name, std::size_t size_limit = system_hive_refuse);
    ~HiveEditor();
    HiveEditor(HiveEditor&&) noexcept;
    HiveEditor& operator=(HiveEditor&&) noexcept;

    /// The hive as edited so far. Valid until the next edit.
    const Hive& hive();

    /// Sets a value. @throws Error when the key does not exist
    void set(std::string_view key, std::string_view name, const Value& value);
    void set_dword(std::string_view key, std::string_view name, std::uint32_t number);
    /// Makes a key and the parents that are missing. True when there was none.
    bool add_key(std::string_view key);
    /// True when there was one.
    bool delete_value(std::string_view key, std::string_view name);
    /// With everything below it. True when there was one.
    bool delete_key(std::string_view key);

    bool changed() const { return changed_; }
    /// Bytes that the hive has grown by so far.
    std::size_t growth();

    /// The edited hive: equal sequence numbers one above the old ones, right checksum, still format 1.3.
    /// Opened again and checked before it is returned; the original bytes when nothing was changed.
    Bytes commit();

  private:
    Key require(std::string_view key);
    /// A handle that writes; cells edited in place before are in it.
    detail::HiveHandle& writer();
    /// Brings what Hivex holds back into image_.
    void settle();
    void check_size(std::size_t size) const;

    Bytes image_;
    std::string name_;
    std::size_t size_limit_;
    std::size_t original_size_;
    std::uint32_t original_sequence_;
    bool changed_ = false;
    bool writing_ = false;          ///< hive_ is a writing handle that is ahead of image_
    std::unique_ptr<Hive> hive_;    ///< of image_, or ahead of it while writing_
    std::set<std::size_t> touched_; ///< keys whose lists of subkeys Hivex changed
};

} // namespace ntferry::registry
