// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/host_side.hpp"

#include "converter/base/error.hpp"
#include "converter/base/run_directory.hpp"
#include "vmm/host/control/control_server.hpp"
#include "vmm/host/control/off_screen.hpp"
#include "vmm/host/display/frame_image.hpp"
#include "vmm/host/display/vnc_server.hpp"
#include "vmm/host/state/state_file.hpp"

#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

namespace ntferry::vmm {
namespace {

namespace po = boost::program_options;

/// How often a text screen is looked at for the end of a shutdown.
constexpr std::chrono::seconds POWER_WATCH{3};

void make_folder_of(const std::string& socket) {
    const std::filesystem::path folder = std::filesystem::path(socket).parent_path();
    if (folder.empty() || std::filesystem::exists(folder))
        return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error)
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    if (error)
        throw Error(folder.string(), "cannot make the run directory: " + error.message(),
                    "set XDG_RUNTIME_DIR or name a socket with --control");
}

/// The password in a file; empty without a file. @throws Error
std::string first_line_of(const std::string& path) {
    std::string line;
    if (path.empty())
        return line;
    std::ifstream file(path);
    std::getline(file, line);
    if (!file || line.empty())
        throw Error(path, "no password in the first line", {}, ErrorKind::usage);
    return line;
}

/// Of a picture; empty when it cannot be read or is longer than one.
Bytes content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    Bytes content(OffScreen::longest_file + 1);
    file.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(file.gcount()));
    return content.size() > OffScreen::longest_file ? Bytes() : content;
}

} // namespace

void add_host_side_options(po::options_description& options) {
    const auto text = [] { return po::value<std::string>(); };
    // clang-format off
    options.add_options()
        ("name", text()->value_name("NAME"), "how ntferry ps, stop and the others find the machine")
        ("control", text()->value_name("SOCKET"), "control socket (QMP) instead of NAME.sock in the run directory; "
            "none: no socket")
        ("vnc", text()->value_name("ADDRESS"), "screen for VNC viewers: unix:PATH, :N (port 5900+N of this host only) "
            "or ADDRESS:PORT")
        ("vnc-password", text()->value_name("FILE"), "password (8 characters) in the first line; needed beyond this host")
        ("vnc-tls", text()->value_name("FOLDER"), "viewers encrypt (VeNCrypt, TLS 1.2 or later) with server-cert.pem and "
            "server-key.pem from there; with a ca-cert.pem they need a certificate signed by it, and no password")
        ("keyboard", text()->value_name("LAYOUT"), "keyboard of the guest, for viewers that send characters: us, gb, "
            "de, fr")
        ("power-keys", text()->value_name("KEYS"), "keys and pauses (ms) that ask the guest to shut down "
            "(default ctrl-alt-delete,3000,alt-s,3000,ret)")
        ("off-screen", text()->value_name("PNG"), "picture of the screen that says that the computer can be switched off, "
            "taken once with 'ntferry screenshot' (default: off-screen.png in the state folder, if it is there)")
        ("on-halt", text()->value_name("WHAT"), "when the guest has shut down: stop (default) or stay");
    // clang-format on
}

HostSideOptions host_side_options(const po::variables_map& options) {
    HostSideOptions result;
    const auto text = [&](const char* name, std::string& target) {
        if (options.count(name) != 0)
            target = options[name].as<std::string>();
    };
    text("control", result.control);
    text("vnc", result.vnc);
    text("vnc-password", result.vnc_password);
    text("vnc-tls", result.vnc_tls);
    text("off-screen", result.off_screen);
    text("keyboard", result.keyboard);
    const KeyboardLayout checked(result.keyboard);
    result.power_keys = options.count("power-keys") != 0 ? options["power-keys"].as<std::string>()
                                                         : std::string(default_power_keys);
    parse_power_keys(result.power_keys); // refused before anything is started
    if (options.count("on-halt") != 0) {
        const std::string what = options["on-halt"].as<std::string>();
        if (what != "stop" && what != "stay")
            throw Error("--on-halt", what, "allowed: stop, stay", ErrorKind::usage);
        result.stay_when_halted = what == "stay";
    }
    return result;
}

struct HostListeners::Impl {
    Bytes off_screen; ///< the file; empty: none was named
    std::unique_ptr<UnixListener> control;
    std::unique_ptr<VncListener> vnc;
};

HostListeners::HostListeners(const HostSideOptions& options, const std::string& machine_name)
    : impl_(std::make_unique<Impl>()) {
    std::string control = options.control;
    if (control.empty() && !machine_name.empty())
        control = control_socket_of(machine_name);
    if (!control.empty() && control != "none") {
        make_folder_of(control);
        impl_->control = std::make_unique<UnixListener>(control);
        // Its clients ask for pictures and saved states once the walls stand.
        load_image_library();
        StateFileWriter::load_library();
    }
    if (!options.off_screen.empty()) {
        load_image_library();
        impl_->off_screen = content_of(options.off_screen);
        if (impl_->off_screen.empty())
            throw Error(options.off_screen, "cannot be read", "--off-screen names a PNG", ErrorKind::usage);
    }
    if (!options.vnc.empty()) {
        VncServer::load_library();
        const auto tls = options.vnc_tls.empty() ? nullptr : std::make_shared<VncTls>(options.vnc_tls);
        impl_->vnc = std::make_unique<VncListener>(options.vnc, first_line_of(options.vnc_password), tls);
    }
}

HostListeners::~HostListeners() = default;

std::vector<std::string> HostListeners::sockets() const {
    std::vector<std::string> sockets;
    for (const std::string& path : {impl_->control ? impl_->control->path() : std::string(),
                                    impl_->vnc ? impl_->vnc->path() : std::string()})
        if (!path.empty())
            sockets.push_back(std::filesystem::absolute(path).lexically_normal().string());
    return sockets;
}

struct HostSide::Impl {
    Impl(Machine& the_machine, const std::shared_ptr<std::mutex>& lock, const HostSideOptions& options,
         MachineSurroundings surroundings)
        : machine(the_machine),
          control(machine, lock, std::move(surroundings), parse_power_keys(options.power_keys)),
          screen(control), stay(options.stay_when_halted) {}

    void on_event(const MachineEvent& event);
    void on_fault(const DiskFault& fault);
    void on_network(const NetworkNews& news) const;
    /// A guest that has shut down as far as it can. With the machine lock.
    void power_off() {
        if (!stay)
            control.guest_has_shut_down();
    }
    void watch_power(const std::stop_token& stop);
    void load_off_screen(const Bytes& named, const std::string& state_folder);
    bool shows_off_screen();

    Machine& machine;
    MachineControl control;
    Screen screen;
    bool stay;
    std::unique_ptr<OffScreen> off_screen;
    std::uint64_t generation_seen = 0; ///< of the screen, when it was compared last
    bool matched = false;              ///< then
    std::unique_ptr<ControlServer> server;
    std::unique_ptr<VncServer> vnc;
    std::jthread power_watch;
};

void HostSide::Impl::on_event(const MachineEvent& event) {
    const auto tell = [this](std::string_view name, const boost::json::object& data = {}) {
        if (server)
            server->emit(name, data);
    };
    switch (event.kind) {
    case MachineEvent::Kind::paused:
        tell("STOP");
        break;
    case MachineEvent::Kind::resumed:
        tell("RESUME");
        break;
    case MachineEvent::Kind::reset:
        tell("RESET", {{"guest", event.by_guest},
                       {"reason", event.by_guest ? "guest-reset" : "host-qmp-system-reset"}});
        control.guest_was_reset();
        if (vnc)
            vnc->guest_was_reset();
        break;
    case MachineEvent::Kind::failed:
        tell("GUEST_PANICKED", {{"action", "shutdown"}, {"info", {{"type", event.text}}}});
        break;
    case MachineEvent::Kind::halted: {
        // With several processors the others may go on. A STOP screen stays until somebody has read it.
        const DisplaySource* display = machine.display();
        const auto text = display != nullptr ? display->text() : std::nullopt;
        if (text && shows_stop_screen(*text))
            tell("GUEST_PANICKED", {{"action", "run"}});
        else if (machine.description().cpus == 1)
            power_off();
        break;
    }
    default:
        break;
    }
}

/// QEMU qapi/block-core.json, BLOCK_IO_ERROR.
void HostSide::Impl::on_fault(const DiskFault& fault) {
    if (server)
        server->emit("BLOCK_IO_ERROR",
                     {{"device", fault.drive},
                      {"node-name", fault.drive + "-medium"},
                      {"operation", fault.operation == DiskBackend::Operation::read ? "read" : "write"},
                      {"action", "stop"},
                      {"nospace", fault.error == ENOSPC},
                      {"reason", fault.text}});
}

void HostSide::Impl::on_network(const NetworkNews& news) const {
    if (server)
        server->emit("NTFERRY_NETWORK",
                     {{"network", news.network}, {"link", news.up ? "up" : "down"}, {"reason", news.text}});
}

void HostSide::Impl::watch_power(const std::stop_token& stop) {
    std::mutex own;
    std::unique_lock<std::mutex> held(own);
    std::condition_variable_any asleep;
    while (!asleep.wait_for(held, stop, POWER_WATCH, [&] { return stop.stop_requested(); })) {
        if (stop.stop_requested())
            return;
        bool graphics = false;
        machine.locked([&] {
            const DisplaySource* display = machine.display();
            const auto text = display != nullptr ? display->text() : std::nullopt;
            graphics = display != nullptr && !text;
            if (text && says_safe_to_turn_off(*text))
                power_off();
        });
        if (graphics && off_screen && shows_off_screen())
            machine.locked([this] { power_off(); });
    }
}

void HostSide::Impl::load_off_screen(const Bytes& named, const std::string& state_folder) {
    Bytes png = named;
    if (png.empty() && !state_folder.empty())
        png = content_of(state_folder + "/" + OffScreen::file_name);
    try {
        if (!png.empty())
            off_screen = std::make_unique<OffScreen>(ByteView(png));
    } catch (const Error& error) {
        std::cerr << "ntferry-vmm: " << OffScreen::file_name << ": " << error.what() << std::endl;
    }
}

/// At two looks in a row: a picture on its way to another one is not it.
bool HostSide::Impl::shows_off_screen() {
    const std::uint64_t generation = screen.refresh();
    const bool before = matched;
    if (generation != generation_seen)
        screen.with_frame([this](const Frame& frame) { matched = off_screen->matches(frame); });
    generation_seen = generation;
    return before && matched;
}

HostSide::HostSide(Machine& machine, const std::shared_ptr<std::mutex>& lock, HostListeners& listeners,
                   const HostSideOptions& options, MachineSurroundings surroundings)
    : impl_(std::make_unique<Impl>(machine, lock, options, surroundings)) {
    impl_->load_off_screen(listeners.impl_->off_screen, surroundings.state_folder);
    if (listeners.impl_->control)
        impl_->server = std::make_unique<ControlServer>(std::move(listeners.impl_->control), impl_->control,
                                                        impl_->screen);
    if (listeners.impl_->vnc)
        impl_->vnc = std::make_unique<VncServer>(std::move(listeners.impl_->vnc), impl_->control,
                                                 impl_->screen, KeyboardLayout(options.keyboard));
    impl_->control.on_fault([impl = impl_.get()](const DiskFault& fault) { impl->on_fault(fault); });
    impl_->control.on_network([impl = impl_.get()](const NetworkNews& news) { impl->on_network(news); });
    machine.locked([&] {
        machine.on_event([impl = impl_.get()](const MachineEvent& event) { impl->on_event(event); });
    });
    if (!impl_->stay)
        impl_->power_watch =
            std::jthread([impl = impl_.get()](const std::stop_token& stop) { impl->watch_power(stop); });
}

HostSide::~HostSide() = default;

bool HostSide::saved() const {
    return impl_->control.end_reason() == EndReason::saved;
}

std::string HostSide::finish() {
    const EndReason reason = impl_->control.end_reason();
    const bool guest = reason == EndReason::guest_shutdown || reason == EndReason::guest_asked;
    if (impl_->server) {
        impl_->server->emit("SHUTDOWN", {{"guest", guest},
                                         {"reason", guest ? "guest-shutdown"
                                                    : reason == EndReason::quit || reason == EndReason::saved
                                                        ? "host-qmp-quit"
                                                        : "host-signal"}});
        impl_->server.reset();
    }
    switch (reason) {
    case EndReason::guest_asked:
        return "the guest shut down as it was asked to";
    case EndReason::guest_shutdown:
        return "the guest shut down by itself";
    case EndReason::quit:
        return "ended by the control socket";
    case EndReason::saved:
        return "saved; --resume-state goes on from there";
    case EndReason::unknown:
        break;
    }
    return {};
}

} // namespace ntferry::vmm
