// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/guest.hpp"

#include <array>

namespace ntferry::patch {
namespace {

struct RootFile {
    const char* path;
    const char* title;
};
/// What boot sectors load from the root; Windows 95 and 98 kept DOS's name.
constexpr std::array<RootFile, 5> dos_files{{
    {"\\winboot.sys", "Windows 95"},
    {"\\io.sys", "MS-DOS, or Windows on it"},
    {"\\ibmbio.com", "PC DOS or DR-DOS"},
    {"\\drbios.sys", "DR-DOS"},
    {"\\kernel.sys", "FreeDOS"},
}};

Guest nt_guest(const Subject& subject) {
    const Product& product = subject.product();
    if (product.version == "4.0")
        return {"nt4", "nt4", product.title()};
    if (product.version.starts_with("3."))
        return {"nt351", "nt351", product.title()};
    if (product.version == "5.0")
        return {"win2000", "win2000", product.title()};
    // Newer ones run on the same board; what their registry needs is not known here.
    return {"none", "win2000", product.title()};
}

} // namespace

Guest recognise_guest(Subject& subject) {
    if (subject.has_nt())
        return nt_guest(subject);
    Guest unknown{"none", "", subject.problem()};
    if (!subject.has_system_volume())
        return unknown;
    try {
        volume::FileSystem& files = subject.system_files();
        // A loader of Windows NT whose system cannot be read is a problem to solve, not a DOS.
        if (files.lookup("\\ntldr"))
            return unknown;
        for (const RootFile& file : dos_files)
            if (files.lookup(file.path))
                return {"none", "dos", file.title};
    } catch (const block::ReadError&) {
        throw;
    } catch (const Error&) {
        return unknown; // a file system that nobody here reads
    }
    return unknown;
}

} // namespace ntferry::patch
