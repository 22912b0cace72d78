// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/command_line.hpp"

#include "profiles/print.hpp"
#include "profiles/xml_file.hpp"
#include "vmm/kvm/kvm_system.hpp"
#include "vmm/machine/make_backends.hpp"
#include "vmm/machine/qemu_engine.hpp"
#include "vmm/machine/run_machine.hpp"

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

namespace po = boost::program_options;

po::options_description visible_options() {
    po::options_description options("Options");
    const auto text = [] { return po::value<std::string>(); };
    const auto texts = [] { return po::value<std::vector<std::string>>()->composing(); };
    // clang-format off
    options.add_options()
        ("machine", text()->value_name("FILE"), "machine.xml; the other options change what it says")
        ("profile", text()->value_name("NAME"), "hardware profile (default nt4)")
        ("disk", texts()->value_name("IMAGE"), "hard disk, in order: primary master, slave, secondary slave; any image "
            "NTFerry reads; IMAGE,ro is not written")
        ("cdrom", text()->value_name("ISO"), "CD in the drive")
        ("floppy", text()->value_name("IMAGE"), "floppy in drive A:")
        ("memory", text()->value_name("SIZE"), "RAM, e.g. 64M")
        ("cpus", po::value<unsigned>()->value_name("N"), "processors")
        ("boot", text()->value_name("DEVICE"), "disk, cdrom or floppy")
        ("nic", texts()->value_name("BACKEND"), "network card: isolated, nat, bridge or switch, then "
            ",model=NAME,mac=ADDRESS and options of the network")
        ("serial", texts()->value_name("LINE"), "COM1, then COM2: stdio, pty, file:PATH, unix:PATH, tcp:HOST:PORT, "
            "device:PATH, none")
        ("parallel", text()->value_name("LINE"), "LPT1: file:PATH or device:PATH")
        ("set", texts()->value_name("NAME=VALUE"), "change a setting of the profile, e.g. cpu.max_leaf=1")
        ("limit", texts()->value_name("NAME=VALUE"), "what the machine may use: cpu-weight (1-10000, default 100), "
            "cpu-cap-percent and cpu-reserve-percent (of one processor), memory-ceiling, disk-bytes-per-second, "
            "disk-operations-per-second (of all disks together)")
        ("cgroup", text()->value_name("FOLDER"), "group of a cgroup v2 tree below which the machine gets its own "
            "(default: where this process was delegated one)")
        ("display", text()->value_name("KIND"), "none")
        ("firmware", text()->value_name("FILE"), "system ROM instead of SeaBIOS")
        ("firmware-log", text()->value_name("FILE"), "what the firmware says on port 402h")
        ("debug-exit", text()->value_name("PORT"), "a byte V written there ends the run with exit code 2*V+1")
        ("state", text()->value_name("FOLDER"), "where snapshots and saved states lie (default: state beside machine.xml)")
        ("undo", text()->value_name("WHAT"), "run on undo disks; at the end keep, commit or discard what they hold")
        ("resume-state", text()->value_name("FILE"), "go on from a saved state")
        ("engine", text()->value_name("NAME"), "kvm, qemu, or auto: QEMU where this host's KVM cannot run NT")
        ("print-machine", "print the machine as one text block and end")
        ("probe", "say what this host's KVM can do and end")
        ("help", "this text");
    // clang-format on
    add_host_side_options(options);
    add_walls_options(options);
    return options;
}

std::uint64_t size_of(const std::string& text) {
    std::uint64_t bytes = 0;
    if (!profiles::parse_size(text, bytes))
        throw Error("--memory", fmt::format("\"{}\" is no size", text), "for example 64M", ErrorKind::usage);
    return bytes;
}

profiles::NicSpec nic_of(const std::string& text) {
    profiles::NicSpec nic;
    std::size_t at = text.find(',');
    nic.backend = text.substr(0, at);
    while (at != std::string::npos) {
        const std::size_t next = text.find(',', at + 1);
        const std::string part = text.substr(at + 1, next == std::string::npos ? next : next - at - 1);
        const std::size_t equals = part.find('=');
        const std::string name = part.substr(0, equals);
        const std::string value = equals == std::string::npos ? std::string() : part.substr(equals + 1);
        if (name == "model") {
            nic.model = value;
        } else if (name == "mac") {
            nic = profiles::parse_machine(
                      fmt::format("<machine><nic backend=\"{}\" mac=\"{}\" model=\"{}\"/></machine>",
                                  nic.backend, value, nic.model),
                      "--nic")
                      .nics[0];
        } else {
            nic.options[name] = value;
        }
        at = next;
    }
    return nic;
}

/// One NAME=VALUE of --limit; the rules are those of machine.xml.
void set_limit(profiles::MachineDescription& machine, const std::string& text) {
    const std::size_t equals = text.find('=');
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    };
    const std::string name = text.substr(0, equals);
    const std::string value = equals == std::string::npos ? std::string() : text.substr(equals + 1);
    if (name.empty() || value.empty() || !std::all_of(name.begin(), name.end(), plain) ||
        !std::all_of(value.begin(), value.end(), plain))
        throw Error("--limit", text, "NAME=VALUE", ErrorKind::usage);
    const profiles::ResourceSpec one =
        profiles::parse_machine(fmt::format("<machine><resources {}=\"{}\"/></machine>", name, value),
                                "--limit")
            .resources;
    profiles::ResourceSpec& all = machine.resources;
    if (name == "cpu-weight")
        all.cpu_weight = one.cpu_weight;
    else if (name == "cpu-cap-percent")
        all.cpu_cap_percent = one.cpu_cap_percent;
    else if (name == "cpu-reserve-percent")
        all.cpu_reserve_percent = one.cpu_reserve_percent;
    else if (name == "memory-ceiling")
        all.memory_ceiling = one.memory_ceiling;
    else if (name == "disk-bytes-per-second")
        all.disk_bytes_per_second = one.disk_bytes_per_second;
    else
        all.disk_operations_per_second = one.disk_operations_per_second;
}

/// Places for disks in the order they are named: the CD-ROM drive keeps the secondary master.
constexpr unsigned DISK_PLACES[] = {0, 1, 3, 2};

void apply_options(profiles::MachineDescription& machine, const po::variables_map& options) {
    const auto text = [&](const char* name, std::string& target) {
        if (options.count(name) != 0)
            target = options[name].as<std::string>();
    };
    const auto list = [&](const char* name) {
        return options.count(name) != 0 ? options[name].as<std::vector<std::string>>()
                                        : std::vector<std::string>();
    };
    text("name", machine.name);
    text("profile", machine.profile);
    text("cdrom", machine.cdrom);
    text("floppy", machine.floppy);
    text("parallel", machine.parallel);
    text("boot", machine.boot);
    if (machine.boot != "disk" && machine.boot != "cdrom" && machine.boot != "floppy")
        throw Error("--boot", machine.boot, "allowed: disk, cdrom, floppy", ErrorKind::usage);
    if (options.count("memory") != 0)
        machine.memory = size_of(options["memory"].as<std::string>());
    if (options.count("cpus") != 0)
        machine.cpus = options["cpus"].as<unsigned>();
    if (const auto disks = list("disk"); !disks.empty()) {
        machine.disks.clear();
        if (disks.size() > std::size(DISK_PLACES))
            throw Error("--disk", "four at most", {}, ErrorKind::usage);
        for (const std::string& path : disks) {
            profiles::DiskSpec disk;
            disk.read_only = path.ends_with(",ro");
            disk.path = disk.read_only ? path.substr(0, path.size() - 3) : path;
            disk.position = DISK_PLACES[machine.disks.size()];
            machine.disks.push_back(disk);
        }
    }
    if (const auto nics = list("nic"); !nics.empty()) {
        machine.nics.clear();
        for (const std::string& nic : nics)
            machine.nics.push_back(nic_of(nic));
    }
    if (const auto lines = list("serial"); !lines.empty()) {
        machine.serials.clear();
        for (unsigned port = 0; port < lines.size() && port < 2; ++port)
            machine.serials.push_back({port, lines[port]});
    }
    if (options.count("undo") != 0) {
        const std::string what = options["undo"].as<std::string>();
        if (what != "keep" && what != "commit" && what != "discard")
            throw Error("--undo", what, "allowed: keep, commit, discard", ErrorKind::usage);
        machine.undo = what == "keep"     ? profiles::UndoMode::keep
                       : what == "commit" ? profiles::UndoMode::commit
                                          : profiles::UndoMode::discard;
    }
    for (const std::string& limit : list("limit"))
        set_limit(machine, limit);
    for (const std::string& setting : list("set")) {
        const std::size_t equals = setting.find('=');
        if (equals == std::string::npos)
            throw Error("--set", setting, "NAME=VALUE", ErrorKind::usage);
        machine.overrides[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
}

MachineOptions machine_options(const po::variables_map& options) {
    MachineOptions machine;
    machine.lock = std::make_shared<std::mutex>();
    if (options.count("firmware") != 0)
        machine.firmware = options["firmware"].as<std::string>();
    if (options.count("debug-exit") != 0) {
        std::uint64_t port = 0;
        if (!profiles::parse_number(options["debug-exit"].as<std::string>(), port) || port > 0xFFFF)
            throw Error("--debug-exit", "not a port", "for example 0x501", ErrorKind::usage);
        machine.debug_exit = static_cast<std::uint16_t>(port);
    }
    if (options.count("firmware-log") != 0) {
        const std::string path = options["firmware-log"].as<std::string>();
        const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0)
            throw SystemError(path, "create", errno);
        machine.firmware_log = [fd](ByteView data) {
            static_cast<void>(!::write(fd, data.data(), data.size()));
        };
    }
    return machine;
}

int run_other_engine(const profiles::Profile& profile, profiles::MachineDescription machine,
                     const std::string& folder, const po::variables_map& options) {
    std::cerr << "ntferry-vmm: QEMU runs this machine, without KVM and without walls" << std::endl;
    for (const char* name : {"firmware", "firmware-log", "control", "vnc", "power-keys", "on-halt", "media",
                             "undo", "state", "resume-state", "cgroup", "limit"})
        if (options.count(name) != 0)
            std::cerr << "ntferry-vmm: --" << name << ": QEMU is not told of it" << std::endl;
    complete(machine, folder);
    return run_qemu(profile, machine, folder, machine_options(options).debug_exit);
}

int run(const po::variables_map& options) {
    if (options.count("help") != 0) {
        std::cout << "ntferry-vmm --profile nt4 --disk IMAGE [options]\n"
                  << "ntferry-vmm --machine machine.xml [options]\n\n"
                  << visible_options();
        return 0;
    }
    if (options.count("probe") != 0) {
        const kvm::HostReport report = kvm::probe_host();
        std::cout << report.sentence << "\n";
        return report.kind == kvm::HostKind::full ? 0 : static_cast<int>(ErrorKind::unsupported);
    }
    const auto text = [&](const char* name, std::string& target) {
        if (options.count(name) != 0)
            target = options[name].as<std::string>();
    };
    profiles::MachineDescription machine;
    std::string folder;
    if (options.count("machine") != 0) {
        const std::string path = options["machine"].as<std::string>();
        machine = profiles::load_machine(path);
        folder = std::filesystem::absolute(path).parent_path().lexically_normal().string();
    }
    apply_options(machine, options);
    if (options.count("display") != 0 && options["display"].as<std::string>() != "none")
        throw Error("--display", options["display"].as<std::string>(), "allowed: none", ErrorKind::usage);
    const profiles::Profile profile = profiles::find_profile(machine.profile);
    if (options.count("print-machine") != 0) {
        std::cout << profiles::print_machine(profile, machine);
        return 0;
    }
    const std::string engine = options.count("engine") != 0 ? options["engine"].as<std::string>() : "kvm";
    if (engine != "kvm" && engine != "qemu" && engine != "auto")
        throw Error("--engine", engine, "allowed: kvm, qemu, auto", ErrorKind::usage);
    if (engine == "qemu" || (engine == "auto" && kvm::probe_host().kind != kvm::HostKind::full))
        return run_other_engine(profile, std::move(machine), folder, options);
    RunRequest request{profile,
                       std::move(machine),
                       folder,
                       machine_options(options),
                       host_side_options(options),
                       walls_options(options),
                       {},
                       options.count("undo") != 0,
                       {},
                       {}};
    text("state", request.state_folder);
    text("resume-state", request.resume);
    text("cgroup", request.cgroup);
    return run_machine(std::move(request));
}

} // namespace

int run_command_line(int argc, char** argv) {
    try {
        po::variables_map options;
        po::store(po::command_line_parser(argc, argv)
                      .options(visible_options())
                      .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                      .run(),
                  options);
        po::notify(options);
        return run(options);
    } catch (const po::error& error) {
        std::cerr << "ntferry-vmm: " << error.what() << "; see --help" << std::endl;
        return static_cast<int>(ErrorKind::usage);
    } catch (const Error& error) {
        std::cerr << "ntferry-vmm: " << error.what() << std::endl;
        return static_cast<int>(error.kind());
    }
}

} // namespace ntferry::vmm
