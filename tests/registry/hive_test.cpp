// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/hive.hpp"

#include "tests/registry/hive_maker.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::registry;

TEST_CASE("a hive gives typed values, whatever the case of the names") {
    const Hive hive = Hive::open(test::small_hive(), "SYSTEM");
    CHECK(hive.dword("alpha", "START") == 3U);
    CHECK(hive.string("ALPHA", "path") == "C:\\WINNT");
    CHECK_FALSE(hive.dword("Alpha", "Path"));
    CHECK_FALSE(hive.value("Alpha", "None"));
    CHECK_FALSE(hive.find("Alpha\\Missing"));
    CHECK(hive.root().children().size() == 2);
    CHECK(hive.find("Beta")->values().empty());
    CHECK(hive.base().minor == 3);
}

TEST_CASE("a walk visits every key once, parents first") {
    const Hive hive = Hive::open(test::small_hive(), "SYSTEM");
    std::vector<std::string> paths;
    hive.walk([&paths](const std::string& path, const Key&) {
        paths.push_back(path);
        return true;
    });
    CHECK(paths == std::vector<std::string>{"", "Alpha", "Beta"});
}

TEST_CASE("a hive whose key is its own ancestor is refused with one line instead of a hang") {
    test::HiveMaker maker;
    const std::uint32_t sk = maker.security();
    const std::uint32_t root = maker.key("root", 0, sk, true);
    const std::uint32_t a = maker.key("A", root, sk);
    maker.set_subkeys(root, {a});
    maker.set_subkeys(a, {root});
    const Hive hive = Hive::open(maker.finish(root), "SYSTEM");
    CHECK_THROWS_WITH(hive.walk([](const std::string&, const Key&) { return true; }),
                      Catch::Contains("refers to itself"));
    // A path is as long as its caller made it, so a lookup ends even here.
    CHECK(hive.find("A\\A\\A\\A") == std::nullopt);
}

TEST_CASE("a list of subkeys that points outside the hive is an error, not a crash") {
    test::HiveMaker maker;
    const std::uint32_t sk = maker.security();
    const std::uint32_t root = maker.key("root", 0, sk, true);
    maker.set_subkeys(root, {0x7FFFFFF0});
    const Hive hive = Hive::open(maker.finish(root), "SOFTWARE");
    CHECK_THROWS_WITH(hive.root().children(), Catch::Contains("SOFTWARE") && Catch::Contains("damaged"));
}

TEST_CASE("what is no hive is told apart from a damaged one") {
    CHECK_THROWS_WITH(Hive::open(Bytes(4096), "SAM"), Catch::Contains("all zeros"));
    CHECK_THROWS_WITH(Hive::open(Bytes(8192, 'x'), "SAM"), Catch::Contains("not a hive"));
    Bytes short_hive = test::small_hive();
    short_hive.resize(5000);
    CHECK_THROWS_WITH(Hive::open(short_hive, "SAM"), Catch::Contains("truncated"));
}

TEST_CASE("values are read in the forms that NT writes") {
    CHECK(Value::dword(7).as_dword() == 7U);
    CHECK(Value{ValueType::dword_big_endian, {0, 0, 1, 2}}.as_dword() == 0x102U);
    CHECK(Value::multi_sz({"a", "b"}).as_strings() == std::vector<std::string>{"a", "b"});
    CHECK(Value::sz("x").as_strings() == std::vector<std::string>{"x"});
    // Without terminator, with an odd byte at the end: as some programs of the time left them.
    CHECK(Value{ValueType::sz, {'h', 0, 'i', 0, 9}}.as_string() == "hi");
    CHECK(Value::multi_sz({}).as_strings().empty());
    CHECK(Value::sz("Größe").as_string() == "Größe");
}
