// Lookalike NT 4.0 disks for the tests, made on first use (tests/lookalike/README.md).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json.hpp>

#include <string>

namespace ntferry::test {

/// Path of disk `index` of a variant ("scsi-ntfs"), a raw image in BUILD/lookalike; made on first use, one
/// process at a time. It is shared: open it read-only, or copy it (copy_lookalike). Throws std::runtime_error
/// with the generator's message when a tool is missing.
std::string lookalike_disk(const std::string& variant, unsigned index = 0);

/// Like lookalike_disk, but NTLDR's stand-in starts Linux with the guest agent (tests/agent). It does the
/// checks "edd" (geometry) and "nt" (what lies on the disks), prints one "CHECK name ok|fail detail" line
/// each on COM1 and ends the machine through port 501h.
std::string lookalike_linux_disk(const std::string& variant, unsigned index = 0);

/// A private, writable, sparse copy of lookalike_disk at `path`; returns `path`.
std::string copy_lookalike(const std::string& variant, const std::string& path, unsigned index = 0);

/// The manifest beside the disk: golden facts (names, addresses, partitions, geometry, files with their
/// SHA-256).
boost::json::object lookalike_facts(const std::string& variant);

/// Folder with the stand-ins for the NT 4.0 CD and the service packs (tests/lookalike/make-media).
std::string lookalike_media();

/// Why lookalike disks cannot be made here ("missing packages: …"), or an empty string. For NTFERRY_SKIP.
std::string lookalike_missing();

} // namespace ntferry::test
