// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/pe/version.hpp"

#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace ntferry;
using namespace ntferry::nt;

namespace {

void write(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

Bytes read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return Bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

/// A DLL that GNU ld links: exports, a forwarder, an import by name, a version resource by windres.
Bytes made_by_mingw(const test::TempDir& dir) {
    write(dir / "hal.c", "__declspec(dllimport) void __stdcall KeStallX(void);\n"
                         "__declspec(dllexport) int HalAnswer(void) { KeStallX(); return 42; }\n"
                         "int __stdcall DllEntry(void* a, unsigned b, void* c) { return 1; }\n");
    write(dir / "kernel.def", "LIBRARY ntoskrnl.exe\nEXPORTS\nKeStallX@0\n");
    write(dir / "hal.def", "LIBRARY halx.dll\nEXPORTS\nHalAnswer @7\nForwarded = ntoskrnl.KeOther\n");
    write(dir / "hal.rc",
          "1 VERSIONINFO\nFILEVERSION 4,0,1381,133\nPRODUCTVERSION 4,0,1381,133\nBEGIN\n"
          "BLOCK \"StringFileInfo\"\nBEGIN\nBLOCK \"040904b0\"\nBEGIN\n"
          "VALUE \"CompanyName\", \"Compaq Computer Corporation\"\n"
          "VALUE \"OriginalFilename\", \"halmps.dll\"\nVALUE \"InternalName\", \"halmps.dll\"\n"
          "VALUE \"FileVersion\", \"4.00\"\nEND\nEND\n"
          "BLOCK \"VarFileInfo\"\nBEGIN\nVALUE \"Translation\", 0x409, 1200\nEND\nEND\n");
    const std::string cc = "i686-w64-mingw32-";
    const test::RunResult result =
        test::run_shell("cd '" + dir.path().string() + "' && " + cc + "dlltool -d kernel.def -l libk.a && " +
                        cc + "windres hal.rc hal.res.o && " + cc +
                        "gcc -nostdlib -shared -o hal.dll hal.c hal.def hal.res.o libk.a "
                        "-Wl,--subsystem,native,--enable-stdcall-fixup "
                        "-Wl,-e,_DllEntry@12 2>&1");
    INFO(result.out);
    REQUIRE(result.exit_code == 0);
    return read(dir / "hal.dll");
}

} // namespace

TEST_CASE("a file linked by GNU ld is read as its makers say") {
    if (!test::have_program("i686-w64-mingw32-gcc"))
        NTFERRY_SKIP("gcc-mingw-w64-i686 is not installed");
    const test::TempDir dir;
    Bytes file = made_by_mingw(dir);
    const pe::Headers headers = pe::parse_headers(file, "hal.dll");
    CHECK(headers.machine == pe::machine_i386);
    CHECK(headers.subsystem == pe::subsystem_native);
    CHECK(headers.is_dll());

    // GNU ld computes the checksum of what it links; ours has to agree, and to notice a changed byte.
    CHECK(headers.checksum != 0);
    CHECK(pe::checksum_good(file, headers));
    Bytes changed = file;
    changed.back() ^= 0x55;
    CHECK_FALSE(pe::checksum_good(changed, headers));

    const auto imports = pe::read_imports(file, headers);
    REQUIRE(imports.size() == 1);
    CHECK(imports[0].name == "ntoskrnl.exe");
    CHECK(imports[0].symbols == std::vector<std::string>{"KeStallX@0"});

    const pe::ExportTable exports = pe::read_exports(file, headers);
    CHECK(exports.module == "halx.dll");
    REQUIRE(exports.exports.size() == 2);
    const auto answer = std::find_if(exports.exports.begin(), exports.exports.end(),
                                     [](const pe::Export& one) { return one.name == "HalAnswer"; });
    REQUIRE(answer != exports.exports.end());
    CHECK(answer->ordinal == 7);
    const auto forwarded = std::find_if(exports.exports.begin(), exports.exports.end(),
                                        [](const pe::Export& one) { return one.name == "Forwarded"; });
    REQUIRE(forwarded != exports.exports.end());
    CHECK(forwarded->forwarder == "ntoskrnl.KeOther");

    const auto version = pe::read_version(file, headers);
    REQUIRE(version);
    CHECK(pe::to_string(version->file) == "4.0.1381.133");
    CHECK(version->company() == "Compaq Computer Corporation");
    CHECK(version->original_name() == "halmps.dll");
    CHECK(version->internal_name() == "halmps.dll");
    CHECK(version->string("fileversion") == "4.00");
}

TEST_CASE("no truncation of a PE file is worse than one clear error") {
    if (!test::have_program("i686-w64-mingw32-gcc"))
        NTFERRY_SKIP("gcc-mingw-w64-i686 is not installed");
    const test::TempDir dir;
    const Bytes file = made_by_mingw(dir);
    std::size_t refused = 0;
    for (std::size_t size = 0; size < file.size(); size += 7) {
        const ByteView cut = ByteView(file).first(size);
        try {
            const pe::Headers headers = pe::parse_headers(cut, "cut");
            (void)pe::read_imports(cut, headers);
            (void)pe::read_exports(cut, headers);
            (void)pe::read_version(cut, headers);
        } catch (const Error&) {
            ++refused;
        }
    }
    CHECK(refused > 0);
}

TEST_CASE("what is no PE file is told") {
    CHECK_FALSE(pe::is_pe({}));
    CHECK_THROWS_WITH(pe::parse_headers(Bytes(100, 'M'), "x.sys"), Catch::Contains("x.sys"));
    Bytes far = Bytes(64);
    far[0] = 'M';
    far[1] = 'Z';
    store_le<std::uint32_t>(far, 0x3C, 0xFFFFFFFC);
    CHECK_FALSE(pe::is_pe(far));
}

TEST_CASE("blocks of a version resource without length end the reading") {
    CHECK_THROWS_AS(pe::parse_version_info(Bytes(64)), Error);
    CHECK_THROWS_AS(pe::parse_version_info(Bytes(3)), Error);
}
