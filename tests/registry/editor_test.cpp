// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/editor.hpp"

#include "converter/registry/cells.hpp"
#include "converter/registry/diff.hpp"
#include "tests/registry/hive_maker.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace ntferry;
using namespace ntferry::registry;

TEST_CASE("a DWORD is edited in place: four bytes and the header change, nothing grows") {
    const Bytes before = test::small_hive();
    HiveEditor editor(before, "SYSTEM");
    editor.set_dword("Alpha", "Start", 4);
    const Bytes after = editor.commit();
    REQUIRE(after.size() == before.size());
    std::size_t changed = 0;
    for (std::size_t at = 4096; at < after.size(); ++at)
        changed += after[at] != before[at] ? 1U : 0U;
    CHECK(changed == 1);
    CHECK(Hive::open(after, "SYSTEM").dword("Alpha", "Start") == 4U);
    const BaseBlock base = parse_base_block(after, "SYSTEM");
    CHECK(base.primary_sequence == 10);
    CHECK(base.sequences_equal());
    CHECK(base.checksum_good());
    CHECK(base.minor == 3);
}

TEST_CASE("a string that fits its cell is edited in place, a longer one is moved") {
    HiveEditor editor(test::small_hive(), "SYSTEM");
    editor.set("Alpha", "Path", Value::sz("D:\\NT"));
    CHECK(editor.growth() == 0);
    CHECK(editor.hive().string("Alpha", "Path") == "D:\\NT");
    editor.set("Alpha", "Path", Value::sz(std::string(5000, 'x')));
    CHECK(editor.growth() >= 8192);
    const Bytes after = editor.commit();
    const Hive hive = Hive::open(after, "SYSTEM");
    CHECK(hive.string("Alpha", "Path") == std::string(5000, 'x'));
    CHECK(hive.dword("Alpha", "Start") == 3U);
}

TEST_CASE("new keys keep fast leaves, sorted as NT sorts, and the format 1.3") {
    HiveEditor editor(test::small_hive(), "SYSTEM");
    CHECK(editor.add_key("Beta\\Linkage\\Disabled"));
    CHECK(editor.add_key("Beta\\LEGACY_X"));
    CHECK(editor.add_key("Beta\\LEGACYA"));
    CHECK_FALSE(editor.add_key("alpha"));
    editor.set("Beta\\Linkage", "Bind", Value::multi_sz({"\\Device\\CpqNF31"}));
    editor.set_dword("Beta\\LEGACY_X", "Count", 1);
    const Bytes after = editor.commit();
    const Hive hive = Hive::open(after, "SYSTEM");
    CHECK(hive.base().minor == 3);
    CHECK(cells::foreign_features(after, hive.base()).empty());
    std::vector<std::string> names;
    for (const Key& key : hive.find("Beta")->children())
        names.push_back(key.name());
    CHECK(names == std::vector<std::string>{"LEGACYA", "LEGACY_X", "Linkage"});
    CHECK(hive.strings("Beta\\Linkage", "Bind") == std::vector<std::string>{"\\Device\\CpqNF31"});
}

TEST_CASE("the difference of two hives names what changed and nothing else") {
    const Bytes before = test::small_hive();
    HiveEditor editor(before, "SYSTEM");
    editor.set_dword("Alpha", "Start", 4);
    editor.add_key("Gamma");
    editor.set("Gamma", "Text", Value::sz("x"));
    CHECK(editor.delete_value("Alpha", "Path"));
    CHECK_FALSE(editor.delete_value("Alpha", "Path"));
    const std::vector<HiveChange> changes =
        diff_hives(Hive::open(before, "a"), Hive::open(editor.commit(), "b"));
    REQUIRE(changes.size() == 4);
    CHECK(changes[0].describe() == "Alpha\\Path: \"C:\\WINNT\" -> absent");
    CHECK(changes[1].describe() == "Alpha\\Start: 0x3 -> 0x4");
    CHECK(changes[2].key_added);
    CHECK(changes[3].describe() == "Gamma\\Text: absent -> \"x\"");
}

TEST_CASE("deleting a key takes what is below it") {
    HiveEditor editor(test::small_hive(), "SYSTEM");
    editor.add_key("Alpha\\One\\Two");
    CHECK(editor.delete_key("Alpha"));
    CHECK_FALSE(editor.delete_key("Alpha"));
    const Bytes after = editor.commit();
    CHECK(Hive::open(after, "SYSTEM").root().children().size() == 1);
}

TEST_CASE("a value of a type without a name is read and written as it is") {
    const Value odd{static_cast<ValueType>(258), {1, 2, 3, 4, 5, 6}};
    HiveEditor editor(test::small_hive(), "SYSTEM");
    editor.set("Alpha", "Odd", odd);
    editor.set_dword("Alpha", "More", 1); // a second value writes the first one anew
    const Bytes after = editor.commit();
    CHECK(Hive::open(after, "SYSTEM").value("Alpha", "Odd") == odd);
}

TEST_CASE("nothing changed gives the original bytes back") {
    const Bytes before = test::small_hive();
    HiveEditor editor(before, "SYSTEM");
    editor.set_dword("Alpha", "Start", 3);
    CHECK_FALSE(editor.changed());
    CHECK(editor.commit() == before);
}

TEST_CASE("growth past the limit needs a decision") {
    HiveEditor editor(test::small_hive(), "SYSTEM", 12288);
    editor.set("Alpha", "Blob", Value::binary(Bytes(9000, 7)));
    try {
        editor.commit();
        FAIL("grew past the limit");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::decision);
    }
}

TEST_CASE("a hive of a newer Windows is not edited") {
    test::HiveMaker maker;
    const std::uint32_t sk = maker.security();
    const std::uint32_t root = maker.key("root", 0, sk, true);
    const std::uint32_t a = maker.key("A", root, sk);
    SECTION("hash leaves") {
        maker.set_subkeys(root, {a}, "lh");
        CHECK_THROWS_WITH(HiveEditor(maker.finish(root), "SYSTEM"), Catch::Contains("hash leaves"));
    }
    SECTION("format 1.5") {
        maker.set_subkeys(root, {a});
        CHECK_THROWS_WITH(HiveEditor(maker.finish(root, 5), "SYSTEM"), Catch::Contains("1.5"));
    }
}

TEST_CASE("an independent reader finds the edited values") {
    if (!test::have_program("reglookup"))
        NTFERRY_SKIP("reglookup is not installed");
    HiveEditor editor(test::small_hive(), "SYSTEM");
    editor.add_key("Beta\\Services\\Atapi");
    editor.set_dword("Beta\\Services\\Atapi", "Start", 0);
    editor.set("Beta\\Services\\Atapi", "Group", Value::sz("SCSI miniport"));
    editor.set_dword("Alpha", "Start", 4);
    const Bytes after = editor.commit();
    const test::TempDir dir;
    const std::string path = dir / "hive";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(after.data()), static_cast<std::streamsize>(after.size()));
    const std::string out = test::run_shell("reglookup '" + path + "'").out;
    CHECK_THAT(out, Catch::Contains("/Beta/Services/Atapi/Start,DWORD,0x00000000"));
    CHECK_THAT(out, Catch::Contains("/Beta/Services/Atapi/Group,SZ,SCSI miniport"));
    CHECK_THAT(out, Catch::Contains("/Alpha/Start,DWORD,0x00000004"));
}
