// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_host
#include "vmm/host/net/egress_filter.hpp"

#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ntferry;
    const std::size_t text = size > 0 ? data[0] % size : 0;
    try {
        const vmm::net::EgressFilter filter(std::string_view(reinterpret_cast<const char*>(data), text),
                                            0x0A000200, true);
        filter.permits(ByteView(data + text, size - text));
    } catch (const Error&) {
        // A wrong rule is refused with a reason.
    }
    return 0;
}
