// Security descriptors of new files, as Windows NT 4.0 gives them: inherited from the folder.
//
// Layout: self-relative SECURITY_DESCRIPTOR, ACL, ACE and SID of the Windows NT 4.0 SDK (WINNT.H); rules:
// "ACE Inheritance Rules" there, for a creator who is a member of Administrators.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

namespace ntferry::volume::ntfs {

/// The descriptor of an object that an administrator makes in a folder.
///
/// Owner is BUILTIN\Administrators, the group is the folder's. The access list holds what the folder's
/// entries hand down; when they hand down nothing, that of an administrator's token: Administrators and
/// SYSTEM, full control. Generic rights become file rights, CREATOR OWNER and CREATOR GROUP become owner and
/// group. Audit entries are handed down as well. Windows 2000's mark for inherited entries is not set: NT 4.0
/// has none.
/// @param folder self-relative descriptor; what is not valid in it hands down nothing
Bytes inherited_descriptor(ByteView folder, bool directory);

} // namespace ntferry::volume::ntfs
