// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/product.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace ntferry::nt {
namespace {

constexpr const char* current_version = "Microsoft\\Windows NT\\CurrentVersion";

unsigned number_of(std::string_view text) {
    unsigned number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

void read_version(Product& product, const registry::Hive& software) {
    const auto get = [&](const char* name) {
        return text::printable(software.string(current_version, name).value_or(""), 128);
    };
    product.version = get("CurrentVersion");
    product.build = number_of(get("CurrentBuildNumber"));
    product.csd = get("CSDVersion");
    if (const std::size_t at = product.csd.find_first_of("0123456789"); at != std::string::npos)
        product.service_pack = number_of(std::string_view(product.csd).substr(at));
    else
        product.service_pack = 0;
    product.type = get("CurrentType");
    product.install_path = get("PathName");
    if (product.install_path.empty())
        product.install_path = get("SystemRoot");
    product.source_path = get("SourcePath");
    product.installed = software.dword(current_version, "InstallDate").value_or(0);
    if (const auto hotfixes = software.find(std::string(current_version) + "\\Hotfix"))
        for (const registry::Key& key : hotfixes->children())
            product.hotfixes.push_back(text::printable(key.name(), 64));
    // Q246009 is the hotfix key that Service Pack 6a leaves; 6 and 6a say "Service Pack 6" alike.
    for (const std::string& hotfix : product.hotfixes)
        product.sp6a |= text::istarts_with(hotfix, "Q246009") && product.service_pack == 6U;
}

/// PDC and BDC differ only in the SECURITY hive: PolSrvRo, a DWORD behind 4 bytes or alone; 2 backup,
/// 3 primary (POLICY_LSA_SERVER_ROLE, ntlsa.h).
Role controller_role(const registry::Hive* security, std::string& from) {
    if (security == nullptr)
        return Role::domain_controller;
    const auto value = security->value("Policy\\PolSrvRo", "");
    if (!value || value->data.size() < 4)
        return Role::domain_controller;
    from = "SECURITY\\Policy\\PolSrvRo";
    for (const std::size_t at : {std::size_t{4}, std::size_t{0}}) {
        if (value->data.size() < at + 4)
            continue;
        const auto role = load_le<std::uint32_t>(value->data, at);
        if (role == 3)
            return Role::primary_controller;
        if (role == 2)
            return Role::backup_controller;
    }
    return Role::domain_controller;
}

/// PolPrDmN and PolAcDmN hold a UNICODE_STRING: length, maximum, offset of the text, text. They are names,
/// not secrets.
std::string policy_name(const registry::Hive* security, const char* key) {
    if (security == nullptr)
        return {};
    const auto value = security->value(fmt::format("Policy\\{}", key), "");
    if (!value || value->data.size() < 8)
        return {};
    const auto length = load_le<std::uint16_t>(value->data, 0);
    const auto offset = load_le<std::uint32_t>(value->data, 4);
    if (offset > value->data.size() || length > value->data.size() - offset || length > 128)
        return {};
    return text::printable(text::from_utf16le(ByteView(value->data).subspan(offset, length)), 64);
}

void read_role(Product& product, const Hives& hives) {
    const registry::Hive* security = hives.security ? &*hives.security : nullptr;
    product.role_from = "Control\\ProductOptions\\ProductType";
    std::string primary_domain;
    try {
        primary_domain = policy_name(security, "PolPrDmN");
        if (text::iequals(product.product_type, "LanmanNT"))
            product.role = controller_role(security, product.role_from);
    } catch (const Error&) {
        product.role = Role::domain_controller; // a damaged SECURITY hive is told with the hives
    }
    if (text::iequals(product.product_type, "WinNT"))
        product.role = Role::workstation;
    else if (text::iequals(product.product_type, "ServerNT"))
        product.role = Role::standalone_server;
    product.domain_from = "SECURITY\\Policy\\PolPrDmN";
    product.domain = primary_domain;
    if (product.domain.empty() && hives.software) {
        product.domain_from = "Winlogon\\CachePrimaryDomain";
        product.domain = text::printable(
            hives.software->string(std::string(current_version) + "\\Winlogon", "CachePrimaryDomain")
                .value_or(""),
            64);
    }
    if (product.domain.empty() && hives.software) {
        product.domain_from = "Winlogon\\DefaultDomainName";
        product.domain = text::printable(
            hives.software->string(std::string(current_version) + "\\Winlogon", "DefaultDomainName")
                .value_or(""),
            64);
        if (text::iequals(product.domain, product.name))
            product.domain.clear(); // that is how a machine without a domain logs on
    }
    if (product.domain.empty())
        product.domain_from.clear();
}

void name_product(Product& product) {
    const bool nt = product.version.starts_with("3.") || product.version == "4.0";
    product.title = nt ? "Windows NT " : "Windows ";
    if (product.version == "5.0")
        product.title = product.server ? "Windows 2000 Server" : "Windows 2000 Professional";
    else if (!nt)
        product.title += product.version;
    else
        product.title += (product.server ? "Server " : "Workstation ") + product.version;
    if (product.enterprise)
        product.title += ", Enterprise Edition";
    if (product.terminal_server)
        product.title += ", Terminal Server Edition";
}

} // namespace

const char* role_name(Role role) {
    switch (role) {
    case Role::workstation:
        return "workstation";
    case Role::standalone_server:
        return "stand-alone server";
    case Role::member_server:
        return "member server";
    case Role::domain_controller:
        return "domain controller";
    case Role::primary_controller:
        return "primary domain controller";
    case Role::backup_controller:
        return "backup domain controller";
    case Role::unknown:
        break;
    }
    return "unknown";
}

std::string Product::full_title() const {
    std::string text = title;
    if (!csd.empty())
        text += ", " + csd + (sp6a ? "a" : "");
    return text;
}

std::string language_name(const std::string& id) {
    // Primary language of a LANGID (winnt.h), the ones NT 4.0 was sold in.
    static constexpr std::array<std::pair<unsigned, const char*>, 22> names = {{
        {0x01, "Arabic"},  {0x04, "Chinese"},   {0x05, "Czech"},   {0x06, "Danish"},     {0x07, "German"},
        {0x08, "Greek"},   {0x09, "English"},   {0x0A, "Spanish"}, {0x0B, "Finnish"},    {0x0C, "French"},
        {0x0D, "Hebrew"},  {0x0E, "Hungarian"}, {0x10, "Italian"}, {0x11, "Japanese"},   {0x12, "Korean"},
        {0x13, "Dutch"},   {0x14, "Norwegian"}, {0x15, "Polish"},  {0x16, "Portuguese"}, {0x19, "Russian"},
        {0x1D, "Swedish"}, {0x1F, "Turkish"},
    }};
    unsigned number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number, 16);
    if (error != std::errc() || end != id.data() + id.size())
        return text::printable(id, 16);
    for (const auto& [primary, name] : names)
        if (primary == (number & 0x3FFU))
            return fmt::format("{} ({:04x})", name, number);
    return fmt::format("{:04x}", number);
}

Product read_product(const Hives& hives, const std::string& set) {
    Product product;
    if (hives.software)
        read_version(product, *hives.software);
    if (hives.system) {
        const registry::Hive& system = *hives.system;
        const std::string control = set + "\\Control\\";
        product.product_type = system.string(control + "ProductOptions", "ProductType").value_or("");
        product.suites = system.strings(control + "ProductOptions", "ProductSuite");
        product.name = text::printable(
            system.string(control + "ComputerName\\ComputerName", "ComputerName").value_or(""), 64);
        product.time_zone =
            text::printable(system.string(control + "TimeZoneInformation", "StandardName").value_or(""), 64);
        product.bias_minutes =
            static_cast<std::int32_t>(system.dword(control + "TimeZoneInformation", "Bias").value_or(0));
        if (const auto csd = system.dword(control + "Windows", "CSDVersion"))
            product.service_pack_in_system = *csd >> 8U & 0xFFU;
        const std::string environment = control + "Session Manager\\Environment";
        product.processors = number_of(system.string(environment, "NUMBER_OF_PROCESSORS").value_or(""));
        product.processor =
            text::printable(system.string(environment, "PROCESSOR_IDENTIFIER").value_or(""), 100);
        if (const auto language = system.string(control + "Nls\\Language", "InstallLanguage"))
            product.language = language_name(*language);
        else if (const auto fallback = system.string(control + "Nls\\Language", "Default"))
            product.language = language_name(*fallback);
        product.ansi_code_page =
            text::printable(system.string(control + "Nls\\CodePage", "ACP").value_or(""), 16);
        product.oem_code_page =
            text::printable(system.string(control + "Nls\\CodePage", "OEMCP").value_or(""), 16);
        product.text_setup_pending = system.dword("Setup", "SystemSetupInProgress").value_or(0) != 0;
        for (const std::string& suite : product.suites) {
            product.terminal_server |= text::icontains(suite, "terminal server");
            product.enterprise |= text::icontains(suite, "enterprise");
        }
    }
    product.server = !text::iequals(product.product_type, "WinNT") && !product.product_type.empty();
    read_role(product, hives);
    if (product.role == Role::standalone_server && !product.domain.empty() && hives.system)
        if (const auto start = hives.system->dword(set + "\\Services\\Netlogon", "Start");
            start && *start == 2)
            product.role = Role::member_server;
    name_product(product);
    return product;
}

} // namespace ntferry::nt
