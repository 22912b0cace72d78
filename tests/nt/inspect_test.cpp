// Inspections of the lookalike servers against their manifests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/inspection.hpp"

#include "converter/base/text.hpp"
#include "converter/block/open.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/skip.hpp"

#include <algorithm>

using namespace ntferry;
using namespace ntferry::nt;
namespace json = boost::json;

namespace {

Inspection inspected(const std::string& variant, unsigned disks) {
    std::vector<block::SharedBlockDevice> devices;
    for (unsigned i = 0; i < disks; ++i)
        devices.emplace_back(block::open_disk(test::lookalike_disk(variant, i)));
    DiskSet set(std::move(devices));
    return inspect(set);
}

std::string text_of(const json::value& value) {
    return std::string(value.as_string());
}

std::vector<std::string> strings(const json::value& value) {
    std::vector<std::string> all;
    if (value.is_array())
        for (const json::value& one : value.as_array())
            all.push_back(text_of(one));
    return all;
}

} // namespace

TEST_CASE("an inspection says what the manifest says") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string variant =
        GENERATE("scsi-ntfs", "ide-ntfs", "fat16-ntfs", "geo-240", "compaq-eisa", "compaq-mp", "mps-mp",
                 "dc-teaming", "tse", "dirty-hive", "alt-hive", "dirty-ntfs", "beyond-8g", "vendor-raid");
    CAPTURE(variant);
    const json::object facts = test::lookalike_facts(variant);
    const Inspection inspection = inspected(variant, 1);
    REQUIRE(inspection.installations.size() == 1);
    const Installation& one = inspection.installations.front();
    CHECK(one.problems.empty());

    const Product& product = one.product;
    CHECK(product.name == text_of(facts.at("computer_name")));
    CHECK(product.product_type == text_of(facts.at("product_type")));
    CHECK(product.service_pack == facts.at("service_pack").to_number<unsigned>());
    CHECK(product.install_path == text_of(facts.at("system_root")));
    CHECK(product.suites == strings(facts.at("product_suite")));
    std::vector<std::string> hotfixes = product.hotfixes;
    std::sort(hotfixes.begin(), hotfixes.end());
    CHECK(hotfixes == strings(facts.at("hotfixes")));
    CHECK(one.kernel.kernel.name == text_of(facts.at("kernel")));
    CHECK(one.kernel.hal.name == text_of(facts.at("hal")));
    CHECK(text::iequals(one.place.root, "\\" + text_of(facts.at("root_folder"))));
    CHECK(one.peripherals.gina == text_of(facts.at("gina")));
    CHECK(inspection.boot.ntbootdd.present == !text_of(facts.at("ntbootdd")).empty());

    const json::value& disk = facts.at("disks").at(0);
    CHECK(inspection.disks[0].geometry.heads == disk.at("heads").to_number<unsigned>());
    CHECK(inspection.disks[0].geometry.sectors == disk.at("sectors_per_track").to_number<unsigned>());
    for (const json::value& partition : disk.at("partitions").as_array()) {
        const auto start = partition.at("start").to_number<std::uint64_t>();
        const auto volume =
            std::find_if(inspection.volumes.begin(), inspection.volumes.end(),
                         [&](const VolumeFacts& candidate) { return candidate.start_lba == start; });
        if (text_of(partition.at("fs")).empty())
            continue;
        REQUIRE(volume != inspection.volumes.end());
        REQUIRE(volume->files);
        CHECK(volume->files->label == text_of(partition.at("label")));
        CHECK((volume->letter == 0 ? std::string() : std::string(1, volume->letter)) ==
              text_of(partition.at("letter")));
    }
    for (const json::value& card : facts.at("network").as_array()) {
        const auto adapter = std::find_if(
            one.network.adapters.begin(), one.network.adapters.end(),
            [&](const NetworkAdapter& candidate) { return candidate.key == text_of(card.at("adapter")); });
        REQUIRE(adapter != one.network.adapters.end());
        CHECK(adapter->ip.addresses == strings(card.at("address")));
        CHECK(adapter->ip.gateways == strings(card.at("gateway")));
        CHECK(adapter->virtual_adapter == card.as_object().contains("virtual"));
    }
    for (const auto& [name, values] : facts.at("services").as_object()) {
        const Service* service = find_service(one.services, std::string(name));
        CAPTURE(std::string(name));
        REQUIRE(service != nullptr);
        if (values.as_object().contains("Start"))
            CHECK(service->start == values.at("Start").to_number<std::uint32_t>());
    }
    std::vector<std::string> printers;
    for (const Printer& printer : one.peripherals.printers)
        printers.push_back(printer.name);
    std::vector<std::string> expected = strings(facts.at("printers"));
    std::sort(printers.begin(), printers.end());
    std::sort(expected.begin(), expected.end());
    CHECK(printers == expected);
}

TEST_CASE("boot drivers are listed in the order in which NT loads them") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Installation one = inspected("compaq-eisa", 1).installations.at(0);
    std::vector<std::string> lower;
    for (const std::string& name : one.boot_order)
        lower.push_back(text::to_lower(name));
    const auto at = [&](const char* name) {
        return std::find(lower.begin(), lower.end(), name) - lower.begin();
    };
    CHECK(at("cpqfws2e") < at("cpq32fs2")); // same group, tags 28 and 39
    CHECK(at("cpq32fs2") < at("disk"));     // SCSI miniport before SCSI class
    CHECK(one.files.at("drivers\\atapi.sys").present == false);
}

TEST_CASE("a primary domain controller is told from the SECURITY hive") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Installation one = inspected("dc-teaming", 1).installations.at(0);
    CHECK(one.product.role == Role::primary_controller);
    REQUIRE(one.network.teams.size() == 1);
    CHECK(one.network.teams[0].members == std::vector<std::string>{"CpqNF31", "CpqNF32"});
    CHECK(one.network.teams[0].adapters == std::vector<std::string>{"CPQTeam1"});
}

TEST_CASE("dirty hives are recovered as NT would, and it is said how") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    CHECK(inspected("dirty-hive", 1).installations.at(0).hives.at(0).recovery.state ==
          registry::HiveState::log_replayed);
    CHECK(inspected("alt-hive", 1).installations.at(0).hives.at(0).recovery.state ==
          registry::HiveState::alternate);
}

TEST_CASE("a stripe is put together from its disks and gets its letter") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Inspection inspection = inspected("ft-stripe", 2);
    REQUIRE(inspection.ft_sets.size() == 1);
    REQUIRE(inspection.ft_sets[0].assembled);
    const VolumeFacts& volume = inspection.volumes[*inspection.ft_sets[0].assembled];
    CHECK(volume.letter == 'D');
    REQUIRE(volume.files);
    CHECK(volume.files->label == "STRIPE");
    CHECK_FALSE(inspected("ft-stripe", 1).ft_sets.at(0).problem.empty());
}

TEST_CASE(
    "a stripe with parity is put together, also without one of its disks; the generator drew its parity") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Inspection whole = inspected("ft-parity", 3);
    REQUIRE(whole.ft_sets.size() == 1);
    REQUIRE(whole.ft_sets[0].assembled);
    const VolumeFacts& volume = whole.volumes[*whole.ft_sets[0].assembled];
    CHECK(volume.letter == 'D');
    REQUIRE(volume.files);
    CHECK(volume.files->label == "PARITY");
    CHECK_THAT(whole.ft_sets[0].notes.at(0), Catch::Contains("from the last member"));
    const Inspection degraded = inspected("ft-parity", 2);
    REQUIRE(degraded.ft_sets.at(0).assembled);
    CHECK(degraded.volumes[*degraded.ft_sets[0].assembled].files->label == "PARITY");
    CHECK_FALSE(inspected("ft-parity", 1).ft_sets.at(0).problem.empty());
}

TEST_CASE("a volume set is put together from its disks") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Inspection inspection = inspected("ft-volume", 2);
    REQUIRE(inspection.ft_sets.at(0).assembled);
    const VolumeFacts& volume = inspection.volumes[*inspection.ft_sets[0].assembled];
    REQUIRE(volume.files);
    CHECK(volume.files->label == "EXTENDED");
    CHECK(volume.letter == 'D');
    CHECK_FALSE(inspected("ft-volume", 1).ft_sets.at(0).problem.empty());
}

TEST_CASE("no password of the logon key appears in the JSON form") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string text = json::serialize(to_json(inspected("vendor-raid", 1)));
    CHECK(text.find("DefaultPassword") == std::string::npos);
    CHECK(text.find("\"schema\":\"ntferry.inspection\",\"version\":1") != std::string::npos);
}

TEST_CASE("NT paths lead to files") {
    const DiskSet none({});
    const SystemPlace place{0, "\\WINNT"};
    const auto path = [&](const char* text) {
        const auto found = resolve_nt_path(none, place, text);
        return found ? found->path : std::string();
    };
    CHECK(path("\\SystemRoot\\System32\\drivers\\afd.sys") == "\\WINNT\\System32\\drivers\\afd.sys");
    CHECK(path("%SystemRoot%\\System32\\services.exe -k") == "\\WINNT\\System32\\services.exe");
    CHECK(path("System32\\DRIVERS\\atapi.sys") == "\\WINNT\\System32\\DRIVERS\\atapi.sys");
    CHECK(path("\"%SystemRoot%\\my prog.exe\" /x") == "\\WINNT\\my prog.exe");
    CHECK(path("lsass.exe") == "\\WINNT\\system32\\lsass.exe");
    CHECK(path("Z:\\x.exe").empty());
}
