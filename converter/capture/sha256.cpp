// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/sha256.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace ntferry::capture {
namespace {

/// Stays in the first-level cache.
constexpr std::array<std::uint8_t, 16384> zeros{};

void require(int result) {
    if (result != 1)
        throw Error("SHA-256", "OpenSSL cannot compute it");
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

constexpr std::uint64_t prefix_step = 64U << 10U;
constexpr std::size_t prefixes = 64;

/// The states after 1 to 64 times 64 KiB of zeros.
class ZeroPrefixes {
  public:
    ZeroPrefixes() {
        Sha256 hash;
        for (auto& state : states_) {
            hash.update_zeros(prefix_step);
            state.reset(EVP_MD_CTX_new());
            require(EVP_MD_CTX_copy_ex(state.get(), hash.native()));
        }
    }
    const EVP_MD_CTX* after(std::size_t steps) const { return states_[steps - 1].get(); }

  private:
    std::array<std::unique_ptr<EVP_MD_CTX, FreeContext>, prefixes> states_;
};

} // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;

void Sha256::update(ByteView bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

void Sha256::update_zeros(std::uint64_t length) {
    while (length > 0) {
        const std::uint64_t part = std::min<std::uint64_t>(length, zeros.size());
        update(ByteView(zeros).first(part));
        length -= part;
    }
}

void Sha256::start_with_zeros(std::uint64_t length) {
    static const ZeroPrefixes stored; // 4 MiB of zeros hashed once in the life of the process
    const auto steps = static_cast<std::size_t>(std::min<std::uint64_t>(length / prefix_step, prefixes));
    if (steps > 0)
        require(EVP_MD_CTX_copy_ex(context_.get(), stored.after(steps)));
    update_zeros(length - steps * prefix_step);
}

Digest Sha256::finish() {
    Digest digest{};
    unsigned length = 0;
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), &length));
    require(EVP_DigestInit_ex(context_.get(), nullptr, nullptr));
    return digest;
}

Digest sha256(ByteView bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

} // namespace ntferry::capture
