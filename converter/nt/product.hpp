// What is installed: product, service pack, role, name, language, time zone.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/hives.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::nt {

enum class Role : std::uint8_t {
    unknown,
    workstation,
    standalone_server,
    member_server,
    domain_controller,
    primary_controller,
    backup_controller
};
const char* role_name(Role role);

struct Product {
    std::string title;   ///< "Windows NT Server 4.0, Terminal Server Edition"
    std::string version; ///< "4.0"
    unsigned build = 0;
    std::string csd; ///< "Service Pack 6"
    std::optional<unsigned> service_pack;
    bool sp6a = false;
    std::optional<unsigned> service_pack_in_system; ///< Control\Windows\CSDVersion
    std::vector<std::string> hotfixes;              ///< "Q246009"
    std::vector<std::string> suites;
    std::string product_type; ///< WinNT, ServerNT, LanmanNT
    bool server = false;
    bool terminal_server = false;
    bool enterprise = false;
    Role role = Role::unknown;
    std::string role_from;
    std::string name; ///< computer
    std::string domain;
    std::string domain_from;
    std::string language; ///< "German (0407)"
    std::string ansi_code_page;
    std::string oem_code_page;
    std::string time_zone;
    int bias_minutes = 0;     ///< UTC = local time + bias
    std::string install_path; ///< "C:\WINNT"
    std::string source_path;
    std::int64_t installed = 0; ///< seconds since 1970
    std::string type;           ///< "Multiprocessor Free"
    unsigned processors = 0;    ///< NUMBER_OF_PROCESSORS
    std::string processor;
    bool text_setup_pending = false; ///< Setup\SystemSetupInProgress

    bool is_nt4() const { return version == "4.0"; }
    /// "Windows NT Server 4.0, Service Pack 6a".
    std::string full_title() const;
};

Product read_product(const Hives& hives, const std::string& control_set);
/// "German (0407)" for a language id in hexadecimal.
std::string language_name(const std::string& id);

} // namespace ntferry::nt
