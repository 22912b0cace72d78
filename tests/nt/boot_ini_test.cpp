// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/boot_ini.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::nt;

namespace {

Bytes bytes(std::string_view text) {
    return Bytes(text.begin(), text.end());
}

constexpr std::string_view typical =
    "[boot loader]\r\n"
    "timeout=30\r\n"
    "default=multi(0)disk(0)rdisk(0)partition(2)\\WINNT\r\n"
    "; written by the administrator\r\n"
    "[operating systems]\r\n"
    "multi(0)disk(0)rdisk(0)partition(2)\\WINNT=\"Windows NT Server Version 4.00\" \r\n"
    "multi(0)disk(0)rdisk(0)partition(2)\\WINNT=\"Windows NT Server Version 4.00 [VGA "
    "mode]\" /basevideo /sos /MAXMEM=64 /NOSERIALMICE:COM1\r\n"
    "C:\\=\"MS-DOS\"\r\n";

} // namespace

TEST_CASE("boot.ini is read entry by entry with ARC paths and switches") {
    const BootIni ini = parse_boot_ini(bytes(typical));
    CHECK(ini.problems.empty());
    CHECK(ini.timeout == 30U);
    REQUIRE(ini.entries.size() == 3);
    REQUIRE(ini.default_arc);
    CHECK(ini.default_arc->partition == 2);
    CHECK(ini.default_arc->directory == "\\WINNT");
    CHECK(ini.default_entry() == &ini.entries[0]);
    CHECK(ini.entries[0].title == "Windows NT Server Version 4.00");
    CHECK(ini.entries[0].switches.empty());
    REQUIRE(ini.entries[1].switches.size() == 4);
    CHECK(ini.entries[1].find("maxmem")->value == "64");
    CHECK(ini.entries[1].find("NOSERIALMICE")->value == "COM1");
    CHECK(ini.entries[1].find("SOS") != nullptr);
    CHECK_FALSE(ini.entries[2].arc);
    CHECK(ini.entries[2].path == "C:\\");
}

TEST_CASE("ARC paths of each kind are understood and written back") {
    for (const char* text :
         {"multi(0)disk(0)rdisk(0)partition(1)\\WINNT", "scsi(1)disk(3)rdisk(0)partition(2)\\NT40",
          "signature(8b467c12)disk(0)rdisk(0)partition(2)\\WINNT"}) {
        const auto arc = parse_arc_path(text);
        REQUIRE(arc);
        CHECK(arc->text() == text);
    }
    CHECK(parse_arc_path("MULTI()DISK()RDISK()PARTITION(1)\\WINNT")->text() ==
          "multi(0)disk(0)rdisk(0)partition(1)\\WINNT");
    CHECK_FALSE(parse_arc_path("C:\\"));
    CHECK_FALSE(parse_arc_path("multi(0)disk(0)"));
    CHECK_FALSE(parse_arc_path("multi(x)disk(0)rdisk(0)partition(1)\\WINNT"));
    CHECK_FALSE(parse_arc_path("multi(99999999999)disk(0)rdisk(0)partition(1)\\WINNT"));
}

TEST_CASE("the editor keeps every line it does not change, byte for byte") {
    const Bytes original = bytes(typical);
    BootIniEditor editor(original);
    CHECK(editor.bytes() == original);
    editor.set_timeout(5);
    editor.set_default("multi(0)disk(0)rdisk(0)partition(1)\\WINNT");
    editor.insert_first("multi(0)disk(0)rdisk(0)partition(1)\\WINNT", "NT [migrated]", "/basevideo /sos");
    const Bytes now = editor.bytes();
    const std::string text(now.begin(), now.end());
    CHECK(text ==
          "[boot loader]\r\n"
          "timeout=5\r\n"
          "default=multi(0)disk(0)rdisk(0)partition(1)\\WINNT\r\n"
          "; written by the administrator\r\n"
          "[operating systems]\r\n"
          "multi(0)disk(0)rdisk(0)partition(1)\\WINNT=\"NT [migrated]\" /basevideo /sos\r\n" +
              std::string(typical.substr(typical.find("multi(0)disk(0)rdisk(0)partition(2)\\WINNT=\""))));
    CHECK(parse_boot_ini(now).default_entry()->title == "NT [migrated]");
    editor.remove(0);
    CHECK(parse_boot_ini(editor.bytes()).entries.size() == 3);
}

TEST_CASE("odd line ends and a last line without one survive an edit") {
    BootIniEditor editor(bytes("[boot loader]\ntimeout=1\n[operating systems]\rC:\\=\"DOS\""));
    editor.insert_after(0, "D:\\", "x", "");
    const Bytes now = editor.bytes();
    CHECK(std::string(now.begin(), now.end()) ==
          "[boot loader]\ntimeout=1\n[operating systems]\rC:\\=\"DOS\"\r\nD:\\=\"x\"\r\n");
}

TEST_CASE("what is wrong with a boot.ini is told, not fatal") {
    CHECK(parse_boot_ini({}).problems == std::vector<std::string>{"no entry under [operating systems]"});
    const BootIni ini = parse_boot_ini(
        bytes("[boot loader]\r\ntimeout=soon\r\ndefault=multi(0)disk(0)rdisk(0)partition(9)\\X\r\n"
              "[operating systems]\r\nmulti(0)disk(=\"x\"\r\nnonsense\r\n"));
    CHECK(ini.problems.size() == 4);
    CHECK(parse_boot_ini(Bytes(1U << 20U, '\n')).problems.size() == 2);
}

TEST_CASE("titles in the OEM code page become UTF-8") {
    const BootIni ini = parse_boot_ini(bytes("[operating systems]\r\nC:\\=\"Datentr\x84ger\"\r\n"));
    CHECK(ini.entries.at(0).title == "Datenträger");
}
