// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/sources.hpp"

#include "converter/block/open.hpp"
#include "migrate/cli/help.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/report/inspection_document.hpp"

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fstream>

namespace ntferry::report {

std::vector<block::SharedBlockDevice> open_sources(const cli::Invocation& invocation) {
    block::OpenOptions options;
    options.allow_busy = invocation.has("allow-busy");
    std::vector<block::SharedBlockDevice> disks;
    for (const std::string& name : cli::sources_of(invocation))
        disks.emplace_back(block::open_disk(name, options));
    return disks;
}

void write_report(const std::string& path, const Document& document) {
    const std::string fresh = path + ".new";
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << render_html(document,
                       "ntferry " + std::string(cli::version()) + ", " + time_text(std::time(nullptr)));
    out.close();
    if (!out || std::rename(fresh.c_str(), path.c_str()) != 0) {
        const int error = errno;
        std::remove(fresh.c_str());
        throw SystemError(path, "cannot be written", error);
    }
}

} // namespace ntferry::report
