// SHA-256 by OpenSSL, which uses the CPU's SHA instructions where there are some.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <array>
#include <memory>

struct evp_md_ctx_st;

namespace ntferry::capture {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    void update(ByteView bytes);
    /// As update_zeros() at the start of a message, but from a stored state where the length is a multiple of
    /// 64 KiB up to 4 MiB: chunks of a disk often begin with free space.
    void start_with_zeros(std::uint64_t length);
    /// As update() with that many zero bytes, without touching memory for them.
    void update_zeros(std::uint64_t length);
    /// The digest of everything since the start or the last finish(); starts anew.
    Digest finish();
    /// OpenSSL's own, for copying states.
    const evp_md_ctx_st* native() const { return context_.get(); }

  private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Digest sha256(ByteView bytes);

} // namespace ntferry::capture
