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
