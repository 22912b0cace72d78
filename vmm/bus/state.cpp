// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/state.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::vmm {

std::uint16_t StateReader::version(std::uint16_t oldest, std::uint16_t newest) {
    const auto number = get<std::uint16_t>();
    if (number < oldest || number > newest)
        throw Error({}, fmt::format("saved state has version {}, this program reads {} to {}", number, oldest,
                                    newest));
    return number;
}

void StateReader::get_bytes(MutableByteView out) {
    const auto length = get<std::uint64_t>();
    if (length != out.size())
        throw Error({}, fmt::format("saved state holds {} bytes where {} belong", length, out.size()));
    const ByteView part = slice(bytes_, at_, out.size());
    std::copy(part.begin(), part.end(), out.begin());
    at_ += out.size();
}

Bytes StateReader::get_bytes(std::uint64_t limit) {
    const auto length = get<std::uint64_t>();
    if (length > limit)
        throw Error({}, fmt::format("saved state holds {} bytes where at most {} belong", length, limit));
    const ByteView part = slice(bytes_, at_, length);
    at_ += length;
    return Bytes(part.begin(), part.end());
}

} // namespace ntferry::vmm
