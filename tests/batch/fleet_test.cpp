// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/batch/job.hpp"

#include "converter/base/error.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace ntferry;
using namespace ntferry::batch;

namespace {

constexpr const char* FLEET = R"(<fleet output="/srv/nt">
  <limits jobs="3" disk="1" network="2"/>
  <defaults profile="nt4" drivers="/srv/nt4.iso" retries="2">
    <drivers path="/srv/sp 6a"/><option name="memory" value="128M"/>
  </defaults>
  <server name="PDC1" source="/images/pdc1.vhd"><drivers path="/srv/nt4ee.iso"/></server>
  <server name="BDC1" after="PDC1" retries="0">
    <disk source="ssh://root@bdc1/dev/sda"/><disk source="ssh://root@bdc1/dev/sdb"/>
    <option name="memory" value="256M"/>
  </server>
</fleet>)";

void refused(const std::string& text, const std::string& why) {
    try {
        text.starts_with("<") ? parse_fleet_xml(text, "f") : parse_fleet_csv(text, "f");
        FAIL("accepted: " + text);
    } catch (const Error& error) {
        INFO(error.what());
        CHECK(std::string(error.what()).find(why) != std::string::npos);
    }
}

} // namespace

TEST_CASE("A server takes defaults and overrides them one by one") {
    const Fleet fleet = parse_fleet_xml(FLEET, "fleet.xml");
    REQUIRE(fleet.servers.size() == 2);
    CHECK(fleet.limits.network == 2);
    CHECK(fleet.servers[0].settings.options.at("memory") == "128M");
    CHECK_FALSE(fleet.servers[0].remote());
    CHECK(fleet.servers[1].settings.options.at("memory") == "256M");
    CHECK(fleet.servers[0].settings.drivers == std::vector<std::string>{"/srv/nt4ee.iso"});
    CHECK(fleet.servers[1].settings.drivers == std::vector<std::string>{"/srv/nt4.iso", "/srv/sp 6a"});
    CHECK(fleet.servers[1].settings.retries == 0);
    CHECK(fleet.servers[1].sources.size() == 2);
    CHECK(fleet.servers[1].remote());
    const Fleet again = parse_fleet_xml(fleet_xml(fleet), "again");
    CHECK(again.servers[1].settings.options == fleet.servers[1].settings.options);
    CHECK(again.servers[1].after == fleet.servers[1].after);
    CHECK(again.servers[1].settings.drivers == fleet.servers[1].settings.drivers);
}

TEST_CASE("A bundle that was begun is gone on with") {
    const test::TempDir dir;
    const Fleet fleet = parse_fleet_xml(FLEET, "fleet.xml");
    const Layout layout{dir.path().string()};
    const std::vector<std::string> fresh = {"p",
                                            "convert",
                                            "ssh://root@bdc1/dev/sda",
                                            "-o",
                                            dir / "BDC1",
                                            "--json",
                                            "--yes",
                                            "--disk",
                                            "ssh://root@bdc1/dev/sdb",
                                            "--profile",
                                            "nt4",
                                            "--drivers",
                                            "/srv/nt4.iso",
                                            "--drivers",
                                            "/srv/sp 6a",
                                            "--memory=256M"};
    CHECK(job_command(fleet.servers[1], layout, {"p"}) == fresh);
    std::filesystem::create_directories(dir / "BDC1/state");
    std::ofstream(dir / "BDC1/state/convert.json") << "{}";
    const std::vector<std::string> again = job_command(fleet.servers[1], layout, {"p"});
    CHECK(std::count(again.begin(), again.end(), "--resume") == 1);
}

TEST_CASE("A fleet that cannot work is refused with place and reason") {
    refused("<fleet><server name='a' source='x' after='b'/><server name='b' source='y' after='a'/></fleet>",
            "wait for each other");
    refused("<fleet><server name='a' source='x' after='a'/></fleet>", "wait for each other");
    refused("<fleet><server name='a' source='x' after='z'/></fleet>", "not in the fleet");
    refused("<fleet><server name='a' source='x'/><server name='a' source='x'/></fleet>", "twice");
    refused("<fleet>\n<server name='../a' source='x'/></fleet>", "f:2");
    refused("<fleet><server name='a'/></fleet>", "no source");
    refused("<fleet/>", "names no server");
    refused("name,source\na,\"x", "does not end");
    refused("name,source\na\n", "f:2");
    refused("server;disk\na;b\n", "no column is called name");
    refused("name,source,--yes\na,b,c\n", "no name for a column");
}

TEST_CASE("CSV of a spreadsheet: semicolons, quotes, CRLF, empty cells") {
    const Fleet fleet = parse_fleet_csv("name;source;after;memory;retries;drivers\r\n"
                                        "PDC1;/a.vhd;;;;\r\n"
                                        "\"BDC1\";\"ssh://b/dev/sda ssh://b/dev/sdb\";PDC1;\"256M\";3;"
                                        "nt4.iso sp6a\r\n",
                                        "f.csv");
    REQUIRE(fleet.servers.size() == 2);
    CHECK(fleet.servers[0].settings.options.empty());
    CHECK(fleet.servers[1].sources.size() == 2);
    CHECK(fleet.servers[1].after == std::vector<std::string>{"PDC1"});
    CHECK(fleet.servers[1].settings.options.at("memory") == "256M");
    CHECK(fleet.servers[1].settings.drivers == std::vector<std::string>{"nt4.iso", "sp6a"});
    CHECK(fleet.servers[1].settings.retries == 3);
}

TEST_CASE("The schema accepts what the parser accepts") {
    if (!test::have_program("xmllint"))
        NTFERRY_SKIP("xmllint is not installed (libxml2-utils)");
    const test::TempDir dir;
    std::ofstream(dir / "a.xml") << FLEET;
    std::ofstream(dir / "b.xml") << fleet_xml(parse_fleet_xml(FLEET, "f"));
    std::ofstream(dir / "c.xml") << "<fleet><server name='a' sauce='x'/></fleet>";
    const std::string lint = "xmllint --noout --schema " NTFERRY_SOURCE_DIR "/migrate/batch/fleet.xsd ";
    CHECK(test::run_shell(lint + (dir / "a.xml")).exit_code == 0);
    CHECK(test::run_shell(lint + (dir / "b.xml")).exit_code == 0);
    CHECK(test::run_shell(lint + (dir / "c.xml")).exit_code != 0);
}
