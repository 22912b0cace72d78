// Exports: what each target gets, accepted by its validator where there is one, and booted as its BIOS would.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/migrate/support.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace ntferry;
using Catch::Contains;
using test::convert;
using test::ntferry_run;
using test::Outcome;
using test::run_shell;
using test::RunResult;
namespace fs = std::filesystem;

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The one file of a folder whose name ends so.
std::string with_extension(const std::string& folder, const std::string& extension) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == extension)
            return entry.path().string();
    return folder + "/nothing ends with " + extension;
}

std::string missing() {
    for (const char* program : {"qemu-system-i386", "qemu-img"})
        if (!test::have_program(program))
            return std::string("no ") + program;
    return test::lookalike_missing();
}

/// Boots a disk in QEMU's PC with the given properties of ide-hd; what the stand-in for NTLDR says on COM1.
std::string boot(const std::string& disk, const std::string& format, const std::string& properties) {
    const test::TempDir dir;
    const RunResult run = run_shell(
        "timeout 100 nice qemu-system-i386 -M pc -accel tcg -m 64 -display none -no-reboot -net none "
        "-serial file:" +
        (dir / "com1") + " -drive if=none,id=d,snapshot=on,format=" + format + ",file='" + disk +
        "' -device ide-hd,drive=d,bus=ide.0" + properties +
        " -device isa-debug-exit,iobase=0x501,iosize=1 2>&1");
    INFO(run.out);
    return text_of(dir / "com1");
}

/// libvirt's own reader of VMX files (its VMware driver, in libvirt0); it asks vmrun and vmplayer for no more
/// than their version.
std::string libvirt_reads(const std::string& vmx, const std::string& folder) {
    for (const char* program : {"vmrun", "vmplayer"}) {
        std::ofstream(folder + "/" + program) << "#!/bin/sh\necho 'VMware Player 14.0.0 build-1'\n";
        fs::permissions(folder + "/" + program, fs::perms(0755));
    }
    const RunResult read =
        run_shell("PATH='" + folder + "':$PATH XDG_RUNTIME_DIR='" + folder +
                  "' virsh -c vmwareplayer:///session domxml-from-native vmware-vmx " + vmx + " 2>&1");
    return read.out;
}

} // namespace

TEST_CASE("Exported disks boot with the geometry that the target's BIOS gives them") {
    if (const std::string why = missing(); !why.empty())
        NTFERRY_SKIP(why);
    const std::string variant = GENERATE("scsi-ntfs", "geo-240", "fat16-ntfs");
    const test::TempDir dir;
    const Outcome converted = convert(variant, dir / "bundle", {"--no-boot"});
    INFO(variant << converted.out << converted.err);
    REQUIRE(converted.exit_code == 0);
    struct Case {
        const char* target;
        const char* format;
        const char* file;
        const char* qemu_format;
        const char* properties; ///< what makes QEMU's BIOS do as the target's
    };
    const Case cases[] = {
        {"libvirt", "qcow2", "disk0.qcow2", "qcow2", ",bios-chs-trans=lba"},
        {"proxmox", "qcow2", "disk0.qcow2", "qcow2", ""},
        {"hyperv", "vhd", "disk0.vhd", "vpc", ",bios-chs-trans=lba"},
        {"hyperv", "vhd-fixed", "disk0.vhd", "vpc", ",bios-chs-trans=lba"},
        {"vmware", "vmdk", "disk0.vmdk", "vmdk", ",bios-chs-trans=lba"},
        {"vmware", "vmdk-stream", "disk0.vmdk", "vmdk", ",bios-chs-trans=lba"},
    };
    for (const Case& one : cases) {
        const std::string folder = dir / (std::string(one.target) + one.format);
        const Outcome exported = ntferry_run(
            {"export", dir / "bundle", "--to", one.target, "--format", one.format, "-o", folder, "--json"});
        INFO(one.target << " " << one.format << ": " << exported.out << exported.err);
        REQUIRE(exported.exit_code == 0);
        const auto disk = boost::json::parse(exported.out).at("disks").at(0);
        const std::string geometry =
            std::to_string(disk.at("geometry").at("heads").to_number<unsigned>()) + "/63";
        const std::string said = boot(folder + "/" + one.file, one.qemu_format, one.properties);
        CHECK_THAT(said, Contains("stand-in reached"));
        CHECK_THAT(said, Contains(geometry + " ok"));
        CHECK(text_of(folder + "/" + one.file).size() > 1000);
        fs::remove_all(folder);
    }
}

TEST_CASE("QEMU boots an export by its own start script") {
    if (const std::string why = missing(); !why.empty())
        NTFERRY_SKIP(why);
    const std::string variant = GENERATE("scsi-ntfs", "geo-240");
    const test::TempDir dir;
    REQUIRE(convert(variant, dir / "bundle", {"--no-boot"}).exit_code == 0);
    const Outcome exported = ntferry_run({"export", dir / "bundle", "--to", "qemu", "-o", dir / "it's here"});
    INFO(exported.err);
    REQUIRE(exported.exit_code == 0);
    fs::rename(dir / "it's here", dir / "moved");
    // Nothing is connected to COM1 of the machine; an administrator who wants to see it says so there.
    const RunResult run =
        run_shell("sed -i 's|-serial null|-serial file:" + (dir / "com1") + "|' " + (dir / "moved") +
                  "/start && ACCEL=tcg timeout 100 nice " + (dir / "moved") +
                  "/start -device isa-debug-exit,iobase=0x501,iosize=1 -no-reboot 2>&1");
    INFO(run.out);
    CHECK(run.exit_code == 2 * 0x31 + 1);
    CHECK_THAT(text_of(dir / "com1"), Contains("stand-in reached"));
}

TEST_CASE("Definitions are what the targets' validators accept") {
    if (const std::string why = missing(); !why.empty())
        NTFERRY_SKIP(why);
    const std::string variant = GENERATE("scsi-ntfs", "ft-mirror");
    const test::TempDir dir;
    std::vector<std::string> disks{"--no-boot"};
    for (unsigned i = 1; i < test::lookalike_facts(variant).at("disks").as_array().size(); ++i)
        disks.insert(disks.end(), {"--disk", test::lookalike_disk(variant, i)});
    const Outcome converted = convert(variant, dir / "bundle", disks);
    INFO(variant << converted.out << converted.err);
    REQUIRE(converted.exit_code == 0);
    const auto make = [&](const std::string& target, const std::vector<std::string>& more = {}) {
        const std::string folder = dir / (target + (more.empty() ? "" : "2"));
        std::vector<std::string> arguments = {"export", dir / "bundle", "--to",   target,
                                              "-o",     folder,         "--quiet"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Outcome outcome = ntferry_run(arguments);
        INFO(target << outcome.err);
        REQUIRE(outcome.exit_code == 0);
        return folder;
    };
    const auto accepts = [](const std::string& validator) {
        const RunResult result = run_shell(validator + " 2>&1");
        INFO(validator << "\n" << result.out);
        CHECK(result.exit_code == 0);
    };
    const std::string check = "'" NTFERRY_SOURCE_DIR "/tests/migrate/check-definition' ";
    const std::string vmware = make("vmware");
    accepts(check + "vmx " + vmware + "/*.vmx");
    const std::string ovf = make("vmware", {"--format", "vmdk-stream"});
    accepts(check + "ovf-refs " + ovf + "/*.ovf");
    const std::string proxmox = make("proxmox");
    accepts(check + "proxmox " + proxmox + "/machine.conf " + proxmox + "/import");
    accepts("sh -n " + proxmox + "/import");
    const std::string hyperv = make("hyperv");
    accepts(check + "hyperv " + hyperv + "/create.ps1");
    CHECK_THAT(text_of(hyperv + "/create.ps1"),
               Contains("-CompatibilityForOlderOperatingSystemsEnabled $true"));
    const std::string libvirt = make("libvirt");
    CHECK_THAT(text_of(libvirt + "/domain.xml"), Contains(libvirt + "/disk0.qcow2"));
    if (!test::have_program("xmllint"))
        NTFERRY_SKIP("no xmllint");
    accepts("xmllint --noout --relaxng '" NTFERRY_SOURCE_DIR "/tests/migrate/ovf.rng' " + ovf + "/*.ovf");
    if (!test::have_program("virt-xml-validate"))
        NTFERRY_SKIP("no virt-xml-validate");
    accepts("virt-xml-validate " + libvirt + "/domain.xml domain");
    accepts("virt-xml-validate " + libvirt + "/network.xml network");
}

TEST_CASE("VMware's definition is read by libvirt and by virt-v2v as the machine that it is") {
    if (const std::string why = missing(); !why.empty())
        NTFERRY_SKIP(why);
    if (!test::have_program("virsh"))
        NTFERRY_SKIP("no virsh");
    const std::string network = GENERATE("nat", "isolated", "bridge:tap0");
    const test::TempDir dir;
    REQUIRE(convert("scsi-ntfs", dir / "bundle", {"--no-boot", "--memory", "128M", "--network", network})
                .exit_code == 0);
    REQUIRE(
        ntferry_run({"export", dir / "bundle", "--to", "vmware", "-o", dir / "out", "--quiet"}).exit_code ==
        0);
    const std::string vmx = with_extension(dir / "out", ".vmx");
    INFO(network);
    // libvirt 9 has no word for "hostonly", and wants the name that ESX has for a bridge.
    if (network == "nat") {
        const std::string domain = libvirt_reads(vmx, dir.path().string());
        INFO(domain);
        CHECK_THAT(domain, Contains("<memory unit='KiB'>131072<"));
        CHECK_THAT(domain, Contains("<target dev='hda' bus='ide'/>"));
        CHECK_THAT(domain, Contains("disk0.vmdk"));
        CHECK_THAT(domain, Contains("<model type='vlance'/>"));
        CHECK_THAT(domain, Contains("type='static' check='no'"));
    }
    if (!test::have_program("virt-v2v"))
        NTFERRY_SKIP("no virt-v2v");
    const RunResult v2v = run_shell("virt-v2v -i vmx " + vmx + " --print-source 2>&1");
    INFO(v2v.out);
    CHECK(v2v.exit_code == 0);
    CHECK_THAT(v2v.out, Contains("0 [ide]")); // its disk
    CHECK_THAT(v2v.out, Contains("CD-ROM [ide] in slot 2"));
    CHECK_THAT(v2v.out, Contains("[vlance]"));
    CHECK_THAT(v2v.out, Contains("134217728 (bytes)"));
}

TEST_CASE("The stand-ins for validators find what is wrong") {
    if (const std::string why = missing(); !why.empty())
        NTFERRY_SKIP(why);
    const test::TempDir dir;
    REQUIRE(convert("scsi-ntfs", dir / "bundle", {"--no-boot"}).exit_code == 0);
    const std::string check = "'" NTFERRY_SOURCE_DIR "/tests/migrate/check-definition' ";
    const std::string grammar = "xmllint --noout --relaxng '" NTFERRY_SOURCE_DIR "/tests/migrate/ovf.rng' ";
    struct Case {
        const char* target;
        const char* extension;
        std::string validator;
        const char* edit; ///< of sed
    };
    const Case cases[] = {
        {"vmware", ".vmx", check + "vmx", "s/virtualDev = .*/virtualDev = \"pcnet\"/"},
        {"vmware", ".vmx", check + "vmx", "s/^memSize/memsizes/"},
        {"vmware", ".vmx", check + "vmx", "s/disk0.vmdk/disk9.vmdk/"},
        {"vmware", ".vmx", check + "vmx", "s/^displayName.*/&\\n&/"},
        {"ovf", ".ovf", check + "ovf-refs", "s,ovf:/disk/vmdisk0,ovf:/disk/vmdisk1,"},
        {"ovf", ".ovf", grammar, "s,<rasd:ResourceType>17<,<rasd:ResourceType>disk<,"},
        {"ovf", ".ovf", grammar, "s,VirtualQuantity>,VirtualQuantities>,g"},
        {"proxmox", ".conf", check + "proxmox", "s/^ostype: other/ostype: nt4/"},
        {"proxmox", ".conf", check + "proxmox", "s/^boot: .*/boot: order=scsi0/"},
        {"hyperv", ".ps1", check + "hyperv", "s/-IsLegacy/-Legacy/"},
        {"hyperv", ".ps1", check + "hyperv", "s/-Name .net0./-Name \\x27net0/"},
        {"hyperv", ".ps1", check + "hyperv", "s/^Set-VMProcessor/Set-VMCpu/"},
    };
    for (const Case& one : cases) {
        const std::string folder = dir / one.target;
        if (!fs::exists(folder)) {
            std::vector<std::string> words = {"export", dir / "bundle", "-o", folder, "--quiet", "--to"};
            if (std::string_view(one.target) == "ovf")
                words.insert(words.end(), {"vmware", "--format", "vmdk-stream"});
            else
                words.emplace_back(one.target);
            const Outcome exported = ntferry_run(words);
            INFO(exported.err);
            REQUIRE(exported.exit_code == 0);
        }
        INFO(one.target << ": " << one.edit);
        const std::string file = with_extension(folder, one.extension);
        fs::copy_file(file, folder + "/right");
        REQUIRE(run_shell(std::string("sed -i '") + one.edit + "' " + file).exit_code == 0);
        REQUIRE(text_of(file) != text_of(folder + "/right"));
        const std::string script = std::string_view(one.target) == "proxmox" ? " " + folder + "/import" : "";
        CHECK(run_shell(one.validator + " " + file + script + " 2>&1").exit_code != 0);
        fs::rename(folder + "/right", file);
    }
}

TEST_CASE("Proxmox's import asks qm for the machine and its disks") {
    if (const std::string why = missing(); !why.empty())
        NTFERRY_SKIP(why);
    const test::TempDir dir;
    REQUIRE(convert("scsi-ntfs", dir / "bundle", {"--no-boot"}).exit_code == 0);
    REQUIRE(ntferry_run({"export", dir / "bundle", "--to", "proxmox", "-o", dir / "proxmox"}).exit_code == 0);
    // A qm that writes down what it is asked.
    std::ofstream(dir / "qm")
        << "#!/bin/sh\necho \"$@\" >> " << (dir / "calls")
        << "\n[ \"$1\" = config ] && echo 'unused0: local:100/vm-100-disk-0.qcow2'\nexit 0\n";
    fs::permissions(dir / "qm", fs::perms(0755));
    const RunResult imported =
        run_shell("PATH=" + dir.path().string() + ":$PATH " + (dir / "proxmox/import") + " 100 local 2>&1");
    INFO(imported.out);
    CHECK(imported.exit_code == 0);
    const std::string calls = text_of(dir / "calls");
    CHECK_THAT(calls, Contains("create 100 --acpi 0"));
    CHECK_THAT(calls, Contains("importdisk 100 disk0.qcow2 local"));
    CHECK_THAT(calls, Contains("set 100 --ide0 local:100/vm-100-disk-0.qcow2"));
}

TEST_CASE("An export that the target could not boot is refused and leaves nothing") {
    if (const std::string why = missing(); !why.empty())
        NTFERRY_SKIP(why);
    const test::TempDir dir;
    REQUIRE(convert("scsi-ntfs", dir / "bundle", {"--no-boot"}).exit_code == 0);
    SECTION("an unknown target") {
        CHECK(ntferry_run({"export", dir / "bundle", "--to", "xen", "-o", dir / "out"}).exit_code == 2);
    }
    SECTION("a format that the target does not take") {
        CHECK(
            ntferry_run({"export", dir / "bundle", "--to", "hyperv", "--format", "qcow2", "-o", dir / "out"})
                .exit_code == 2);
    }
    SECTION("no bundle") {
        CHECK(ntferry_run({"export", dir.path().string(), "--to", "qemu", "-o", dir / "out"}).exit_code == 2);
    }
    SECTION("no qemu-img that works") {
        const std::string path = std::getenv("PATH");
        std::ofstream(dir / "qemu-img") << "#!/bin/sh\necho 'No space left on device' >&2; exit 1\n";
        fs::permissions(dir / "qemu-img", fs::perms(0755));
        ::setenv("PATH", (dir.path().string() + ":" + path).c_str(), 1);
        const Outcome outcome = ntferry_run({"export", dir / "bundle", "--to", "libvirt", "-o", dir / "out"});
        ::setenv("PATH", path.c_str(), 1);
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.err, Contains("No space left on device"));
    }
    CHECK_FALSE(fs::exists(dir / "out"));
    CHECK_FALSE(fs::exists(dir / ".out.part"));
}
