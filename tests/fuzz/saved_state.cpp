// A saved machine's file: which images it belongs to, behind a checksum that a stranger can make.
// LINK: ntferry_vmm_machine
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/saved_state.hpp"
#include "converter/base/error.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

namespace {

/// The file "/proc/self/fd/N" of a memory file, closed with the object.
class MemoryFile {
  public:
    MemoryFile() : descriptor_(::memfd_create("state", MFD_CLOEXEC)) {
        if (descriptor_ < 0)
            std::abort();
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    void add(ntferry::ByteView bytes) {
        if (::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
            std::abort();
    }
    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  private:
    int descriptor_;
};

void read_file(const std::string& path) {
    using namespace ntferry::vmm;
    try {
        const StateFile file(path);
        check_saved_state(file, {{"ide0-hd0", "disk.vhd", 512, 1}, {"ide1-cd0", "", 0, 0}});
    } catch (const ntferry::Error&) {
        // Refused.
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ntferry::ByteView input(data, size);
    {
        MemoryFile as_it_is;
        as_it_is.add(input);
        read_file(as_it_is.path());
    }
    // The same as content, with a header and a checksum that are right.
    ntferry::Bytes whole(16);
    const std::string_view magic = "NTFSTATE";
    std::copy(magic.begin(), magic.end(), whole.begin());
    ntferry::store_le<std::uint32_t>(whole, 8, 1);
    whole.insert(whole.end(), input.begin(), input.end());
    std::array<std::uint8_t, 64> digest{};
    EVP_Digest(whole.data(), whole.size(), digest.data(), nullptr, EVP_blake2b512(), nullptr);
    whole.insert(whole.end(), digest.begin(), digest.end());
    MemoryFile good;
    good.add(whole);
    read_file(good.path());
    return 0;
}
