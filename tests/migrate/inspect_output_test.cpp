// What `ntferry inspect` tells: every fact in the table, in the JSON form and on the printed page.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/lookalike.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

using namespace ntferry;
using Catch::Matchers::Contains;
using test::run_shell;
using test::RunResult;

namespace {

const std::string program = std::string(NTFERRY_BINARY_DIR) + "/migrate/ntferry";

struct Server {
    const char* variant;
    unsigned disks;
    std::vector<std::string> told;    ///< in the table and on the page
    std::vector<std::string> in_json; ///< as JSON
};

// clang-format off
const std::vector<Server>& servers() {
    static const std::vector<Server> all = {
        {"vendor-raid", 1,
         {"Windows NT Server 4.0, Service Pack 6a", "1381", "Q246009", "Q299444", "stand-alone server", "RAIDSRV1", "German (0407)",
          "W. Europe Standard Time", "1997-07-26", "C:\\WINNT", "for one processor", "Standard PC", "OriginalFilename of the version resource is hal.dll",
          "multi(0)disk(0)rdisk(0)partition(1)\\WINNT", "/NOSERIALMICE=COM1", "C: (disk 0 partition 1)", "SYSTEM", "DATA", "NTFS 1.2",
          "C:\\pagefile.sys 64 128", "dac960nt", "4.0.1381.335", "NTFerry lookalike", "Intel EtherExpress PRO/100B", "10.1.1.20", "255.255.255.0",
          "10.1.1.1", "10.1.1.4", "10.1.1.2", "example.test", "10.9.0.0 mask 255.255.0.0", "APC PowerChute", "Rainbow Sentinel", "pcAnywhere", "awgina.dll",
          "Mylex DAC960", "Dell OpenManage", "automatic", "manual", "LASER1", "LPT1:", "HP LaserJet 4", "D:\\Shares\\Public", "COM1", "UPS service",
          "pcANYWHERE32", "800x600, 8 bits", "VgaSave", "last known good", "G:"},
         {"\"service_pack\":6", "\"build\":1381", "\"role\":\"stand-alone server\"", "\"computer_name\":\"RAIDSRV1\"", "\"language\":\"German (0407)\"",
          "\"hal_title\":\"Standard PC\"", "\"class\":\"dongle\"", "\"gina\":\"awgina.dll\"", "\"wins\":[\"10.1.1.4\"]", "\"letter\":\"D\"",
          "\"printers\":[{", "\"shares\":[{", "\"ports\":[{", "\"applications\":[{", "\"last_known_good\":true", "\"free_bytes\":"}},
        {"dc-teaming", 1,
         {"primary domain controller", "CPQTeam makes CPQTeam1 of CpqNF31, CpqNF32", "10.3.0.10, 10.3.0.11", "Dns", "Wins", "DhcpServer"},
         {"\"role\":\"primary domain controller\"", "\"teams\":[{"}},
        {"compaq-mp", 1, {"Compaq SystemPro", "for several processors", "2 (x86 Family 6"}, {"\"multiprocessor\":true", "\"processors\":2"}},
        {"tse", 1, {"Terminal Server Edition"}, {"\"suites\":[\"Terminal Server\"]"}},
        {"dirty-hive", 1, {"log"}, {"\"notes\":["}},
        {"ft-parity", 3, {"Fault-tolerant stripe set with parity: 3 of 3 members found", "PARITY", "right-asymmetric from the last member"},
         {"\"kind\":\"stripe set with parity\""}},
        {"ft-volume", 2, {"Fault-tolerant volume set: 2 of 2 members found", "EXTENDED"}, {"\"kind\":\"volume set\""}},
    };
    return all;
}
// clang-format on

/// Without the page's mark-up: entities of what tables show.
std::string plain(std::string html) {
    for (const auto& [entity, text] :
         {std::pair("<wbr>", ""), std::pair("&quot;", "\""), std::pair("&#39;", "'"), std::pair("&lt;", "<"),
          std::pair("&gt;", ">"), std::pair("&amp;", "&")})
        for (std::size_t at = html.find(entity); at != std::string::npos; at = html.find(entity, at))
            html.replace(at, std::string(entity).size(), text);
    return html;
}

} // namespace

TEST_CASE("inspect tells every fact in its table, as JSON and on a page of one file") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const test::TempDir dir;
    for (const Server& server : servers()) {
        std::string sources = test::lookalike_disk(server.variant);
        for (unsigned disk = 1; disk < server.disks; ++disk)
            sources += " --disk " + test::lookalike_disk(server.variant, disk);
        const RunResult table = run_shell(program + " inspect " + sources + " --html " + (dir / "page.html"));
        const RunResult json = run_shell(program + " inspect --json " + sources);
        INFO(server.variant << table.err << json.err);
        REQUIRE(table.exit_code == 0);
        REQUIRE(json.exit_code == 0);
        std::ifstream file(dir / "page.html");
        const std::string page =
            plain({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
        for (const std::string& fact : server.told) {
            CHECK_THAT(table.out, Contains(fact));
            CHECK_THAT(page, Contains(fact));
        }
        for (const std::string& fact : server.in_json)
            CHECK_THAT(json.out, Contains(fact));
        for (const char* loaded : {"<script", "<link", "src=\"http", "href=\"http", "@import", "url(http"})
            CHECK_THAT(page, !Contains(loaded));
        for (const std::string& text : {table.out, json.out, page})
            CHECK_THAT(text, !Contains("DefaultPassword"));
    }
}
