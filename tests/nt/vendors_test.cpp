// Vendor rules: data in files, an administrator's before those that NTFerry comes with.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/vendors.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace ntferry;
using namespace ntferry::nt;

namespace {

std::string problem_of(const std::string& xml) {
    VendorTable table;
    try {
        table.add(xml, "site.xml");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::usage);
        return error.what();
    }
    return "no problem";
}

} // namespace

TEST_CASE("the vendor rules that NTFerry comes with are found and name what they are known for") {
    const SharedVendorTable table = load_vendor_table();
    CHECK(table->size() > 150);
    REQUIRE(table->find("CqMgHost") != nullptr);
    CHECK(table->find("CqMgHost")->vendor == "Compaq");
    CHECK(table->find("CqMgHost")->kind == VendorClass::agent);
    CHECK(table->find("Cpqarray")->kind == VendorClass::stock_storage);
    CHECK(table->find("dellcerc")->kind == VendorClass::oem_storage); // not the agents of dell*
    CHECK(table->find("DellAnything")->kind == VendorClass::agent);
    CHECK(table->find("LanmanServer") == nullptr);
    REQUIRE(table->find_folder("C:\\Compaq\\Survey\\surveyor.exe") != nullptr);
    CHECK(table->find_folder("C:\\Compaq\\Survey\\surveyor.exe")->vendor == "Compaq");
    CHECK(table->find_folder("%SystemRoot%\\system32\\spoolss.exe") == nullptr);
}

TEST_CASE("the vendor rules that NTFerry comes with fit their schema") {
    if (!test::have_program("xmllint"))
        NTFERRY_SKIP("xmllint is not installed");
    const std::string folder = NTFERRY_SOURCE_DIR "/converter/nt/data/vendors/";
    const auto result =
        test::run_shell("xmllint --noout --schema '" + folder + "vendor-rules.xsd' '" + folder + "'*.xml");
    CHECK(result.exit_code == 0);
    INFO(result.err);
}

TEST_CASE("an own folder of vendor rules wins, and in a folder the most exact name") {
    const test::TempDir dir;
    std::ofstream(dir / "b.xml")
        << R"(<vendor-rules vendor="Acme"><service name="*mon*" class="agent" product="any"/>
        <service name="AcmeMon*" class="agent" product="Acme monitor" action="disable" note="old backplane"/>
        </vendor-rules>)";
    std::ofstream(dir / "a.xml") << R"(<vendor-rules vendor="Acme"><folder path="\Acme\"/>
        <service name="cqmghost" class="agent" product="kept here" action="keep"/></vendor-rules>)";
    std::ofstream(dir / "notes.txt") << "not a rule";
    const SharedVendorTable table = load_vendor_table({dir.path().string()});
    const VendorEntry* monitor = table->find("acmemonitor");
    REQUIRE(monitor != nullptr);
    CHECK(monitor->product == "Acme monitor");
    CHECK(monitor->action == VendorAction::disable);
    CHECK(monitor->origin == "b.xml");
    CHECK(table->find("CqMgHost")->action == VendorAction::keep);
    CHECK(table->find("CqMgServ")->vendor == "Compaq");
    CHECK(table->find_folder("d:\\acme\\x.exe")->vendor == "Acme");
    CHECK_THROWS_AS(load_vendor_table({dir / "none"}), Error);
}

TEST_CASE("a wrong vendor rule names file, line and element") {
    CHECK_THAT(problem_of("<vendor-rules vendor='x'>\n<service name='a' product='b'/></vendor-rules>"),
               Catch::Contains("site.xml:2: <service>: attribute class is missing"));
    CHECK_THAT(problem_of("<vendor-rules vendor='x'>\n\n<service name='a' class='printer' product='b'/>"
                          "</vendor-rules>"),
               Catch::Contains("site.xml:3: <service>") && Catch::Contains("allowed: stock-storage"));
    CHECK_THAT(problem_of("<vendor-rules vendor='x'><service name='a' class='ups' product='b' action='off'/>"
                          "</vendor-rules>"),
               Catch::Contains("keep, report, manual, disable"));
    CHECK_THAT(problem_of("<vendor-rules vendor='x'><driver/></vendor-rules>"),
               Catch::Contains("allowed: <folder>, <service>"));
    CHECK_THAT(problem_of("<rules/>"), Catch::Contains("<vendor-rules>"));
    CHECK_THAT(problem_of("<vendor-rules vendor='x'><folder path='a'/></vendor-rules>"),
               Catch::Contains("too short"));
}
