// SPDX-License-Identifier: GPL-3.0-or-later
//
// RFC 6143; QEMU extended key event: rfbproto "QEMU Extended Key Event Message" (message 255/0, encoding
// -258).
#include "vmm/host/display/vnc_server.hpp"

#include "converter/base/error.hpp"
#include "converter/base/shared_library.hpp"
#include "vmm/host/display/pointer.hpp"

#include <rfb/rfb.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <poll.h>
#include <set>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

constexpr SharedLibrary libvncserver{"libvncserver.so.1", "libvncserver1"};
NTFERRY_LATE(libvncserver, rfbCheckPasswordByList);
NTFERRY_LATE(libvncserver, rfbCloseClient);
NTFERRY_LATE(libvncserver, rfbGetScreen);
NTFERRY_LATE(libvncserver, rfbInitServerWithPthreadsAndZRLE);
NTFERRY_LATE(libvncserver, rfbLogEnable);
NTFERRY_LATE(libvncserver, rfbMarkRectAsModified);
NTFERRY_LATE(libvncserver, rfbNewClient);
NTFERRY_LATE(libvncserver, rfbNewFramebuffer);
NTFERRY_LATE(libvncserver, rfbProcessEvents);
NTFERRY_LATE(libvncserver, rfbReadExact);
NTFERRY_LATE(libvncserver, rfbRegisterProtocolExtension);
NTFERRY_LATE(libvncserver, rfbScreenCleanup);
NTFERRY_LATE(libvncserver, rfbShutdownServer);
NTFERRY_LATE(libvncserver, rfbWriteExact);

constexpr int FASTEST_MS = 33;
constexpr int SLOWEST_MS = 500;
constexpr int VIEWER_PATIENCE_MS = 5000; ///< a viewer that blocks for longer is cut off
constexpr int FIRST_WIDTH = 640;
constexpr int FIRST_HEIGHT = 480;
constexpr std::uint8_t QEMU_MESSAGE = 255;
constexpr int QEMU_KEY_ENCODING = -258;

/// libvncserver's pixels have red in the lowest byte.
constexpr std::uint32_t swapped(std::uint32_t pixel) {
    return (pixel & 0x0000FF00U) | (pixel & 0xFFU) << 16U | (pixel >> 16U & 0xFFU);
}

} // namespace

struct VncServer::Impl {
    Impl(std::unique_ptr<VncListener> the_listener, ControlledMachine& the_machine, Screen& the_screen,
         const KeyboardLayout& the_layout);
    ~Impl();

    void serve();
    /// Looks at the screen. Returns whether it has changed.
    bool look();
    void copy(const Frame& frame);
    void take_viewer();
    bool has_viewers() const { return server->clientHead != nullptr; }
    unsigned viewers() const;

    void key(XtCode code, bool down);
    void release_keys();
    void pointer(int mask, int x, int y);

    static Impl& of(rfbClientPtr client) { return *static_cast<Impl*>(client->screen->screenData); }
    static rfbProtocolExtension& extended_keys();
    static void free_extensions(rfbClientPtr client);
    static rfbBool enable_extended_keys(rfbClientPtr client, void** data, int encoding);
    static rfbBool handle_extended_key(rfbClientPtr client, void* data, const rfbClientToServerMsg* message);

    std::unique_ptr<VncListener> listener;
    ControlledMachine& machine;
    Screen& screen;
    KeyboardLayout layout;
    std::string name;
    char* passwords[2] = {nullptr, nullptr};
    std::string password;
    rfbScreenInfoPtr server = nullptr;
    std::vector<std::uint32_t> pixels; ///< what viewers see, in libvncserver's order
    Frame shown;                       ///< the same as it came from the adapter
    std::uint64_t generation = 0;
    std::set<XtCode> down_keys;
    PointerTracker tracker;
    unsigned buttons = 0;
    bool used = false; ///< a viewer has pressed or moved something: the screen will change soon
    int wake = -1;
    std::atomic<bool> stopping{false};
    std::atomic<bool> pointer_lost{false};
    std::atomic<std::uint64_t> looks{0};
    std::list<std::unique_ptr<TlsViewer>> encrypted; ///< the thread's own
    std::thread thread;
};

/// libvncserver keeps one list of extensions per process and tells them apart by address, so this is the one
/// object of its kind.
rfbProtocolExtension& VncServer::Impl::extended_keys() {
    static int encodings[] = {QEMU_KEY_ENCODING, 0};
    static rfbProtocolExtension extension{};
    static const bool registered = [] {
        extension.pseudoEncodings = encodings;
        extension.enablePseudoEncoding = enable_extended_keys;
        extension.handleMessage = handle_extended_key;
        rfbRegisterProtocolExtension(&extension);
        return true;
    }();
    static_cast<void>(registered);
    return extension;
}

/// libvncserver 0.9.14 unlinks what it allocated for a viewer's extensions but does not free it.
void VncServer::Impl::free_extensions(rfbClientPtr client) {
    while (rfbExtensionData* data = client->extensions) {
        client->extensions = data->next;
        std::free(data);
    }
}

rfbBool VncServer::Impl::enable_extended_keys(rfbClientPtr client, void**, int encoding) {
    if (encoding != QEMU_KEY_ENCODING)
        return FALSE;
    // The server agrees by an update with one empty rectangle of this encoding.
    const std::uint8_t agreed[16] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFE, 0xFE};
    return rfbWriteExact(client, reinterpret_cast<const char*>(agreed), sizeof agreed) > 0 ? TRUE : FALSE;
}

rfbBool VncServer::Impl::handle_extended_key(rfbClientPtr client, void*,
                                             const rfbClientToServerMsg* message) {
    if (message->type != QEMU_MESSAGE)
        return FALSE;
    std::uint8_t rest[11]; // sub-type, down (2), keysym (4), key code (4), big-endian
    if (rfbReadExact(client, reinterpret_cast<char*>(rest), sizeof rest) <= 0 || rest[0] != 0) {
        rfbCloseClient(client);
        return TRUE;
    }
    const auto word = [&](std::size_t at) {
        return std::uint32_t{rest[at]} << 24U | std::uint32_t{rest[at + 1]} << 16U |
               std::uint32_t{rest[at + 2]} << 8U | rest[at + 3];
    };
    auto code = xt_of_number(word(7));
    if (!code)
        code = of(client).layout.key_of_keysym(word(3));
    if (code && !client->viewOnly)
        of(client).key(*code, (rest[1] | rest[2]) != 0);
    return TRUE;
}

VncServer::Impl::Impl(std::unique_ptr<VncListener> the_listener, ControlledMachine& the_machine,
                      Screen& the_screen, const KeyboardLayout& the_layout)
    : listener(std::move(the_listener)), machine(the_machine), screen(the_screen), layout(the_layout),
      name(the_machine.name()), password(listener->password()) {
    rfbLogEnable(0);
    extended_keys();
    int no_arguments = 0;
    server = rfbGetScreen(&no_arguments, nullptr, FIRST_WIDTH, FIRST_HEIGHT, 8, 3, 4);
    if (server == nullptr)
        throw Error("vnc", "libvncserver has no memory");
    pixels.assign(std::size_t{FIRST_WIDTH} * FIRST_HEIGHT, 0);
    server->frameBuffer = reinterpret_cast<char*>(pixels.data());
    server->screenData = this;
    server->desktopName = name.c_str();
    server->port = 0; // sockets are ours
    server->ipv6port = 0;
    server->alwaysShared = TRUE;
    server->deferUpdateTime = 0;
    server->maxClientWait = VIEWER_PATIENCE_MS;
    server->cursor = nullptr;
    if (!password.empty()) {
        passwords[0] = password.data();
        server->authPasswdData = passwords;
        server->passwordCheck = rfbCheckPasswordByList;
    }
    server->kbdAddEvent = [](rfbBool down, rfbKeySym keysym, rfbClientPtr client) {
        if (const auto code = of(client).layout.key_of_keysym(keysym))
            of(client).key(*code, down != 0);
    };
    server->kbdReleaseAllKeys = [](rfbClientPtr client) { of(client).release_keys(); };
    server->ptrAddEvent = [](int mask, int x, int y, rfbClientPtr client) { of(client).pointer(mask, x, y); };
    server->newClientHook = [](rfbClientPtr client) {
        client->clientGoneHook = [](rfbClientPtr gone) {
            of(gone).release_keys();
            free_extensions(gone);
        };
        return RFB_CLIENT_ACCEPT;
    };
    rfbInitServer(server);
    wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0) {
        const int number = errno;
        rfbScreenCleanup(server);
        throw SystemError("vnc", "make an event descriptor", number);
    }
    thread = std::thread([this] { serve(); });
}

VncServer::Impl::~Impl() {
    stopping = true;
    ::eventfd_write(wake, 1);
    thread.join();
    encrypted.clear();
    rfbShutdownServer(server, TRUE);
    server->frameBuffer = nullptr; // belongs to pixels
    rfbScreenCleanup(server);
    ::close(wake);
}

unsigned VncServer::Impl::viewers() const {
    unsigned count = 0;
    for (rfbClientPtr client = server->clientHead; client != nullptr; client = client->next)
        ++count;
    return count;
}

void VncServer::Impl::take_viewer() {
    const int descriptor = listener->accept();
    if (descriptor < 0)
        return;
    if (viewers() >= max_viewers) {
        ::close(descriptor);
        return;
    }
    int inner = descriptor;
    std::erase_if(encrypted, [](const auto& viewer) { return viewer->finished(); });
    if (listener->tls()) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            ::close(descriptor);
            return;
        }
        const int flags = ::fcntl(descriptor, F_GETFL);
        ::fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
        ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
        inner = ends[0];
        encrypted.push_back(
            std::make_unique<TlsViewer>(listener->tls(), descriptor, ends[1], !listener->password().empty()));
    }
    rfbNewClient(server, inner); // closes the descriptor itself when it fails
    used = true;
}

void VncServer::Impl::serve() {
    int interval = FASTEST_MS;
    auto next_look = std::chrono::steady_clock::now();
    while (!stopping) {
        std::vector<pollfd> watched = {{wake, POLLIN, 0}, {listener->descriptor(), POLLIN, 0}};
        for (rfbClientPtr client = server->clientHead; client != nullptr; client = client->next)
            watched.push_back({client->sock, POLLIN, 0});
        int timeout = -1;
        if (has_viewers())
            timeout = static_cast<int>(
                std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(
                                              next_look - std::chrono::steady_clock::now())
                                                  .count() +
                                              1));
        if (::poll(watched.data(), watched.size(), timeout) < 0 && errno != EINTR)
            return;
        if (stopping)
            return;
        if (watched[1].revents != 0)
            take_viewer();
        rfbProcessEvents(server, 0);
        const auto now = std::chrono::steady_clock::now();
        if (used) {
            interval = FASTEST_MS;
            next_look = std::min(next_look, now + std::chrono::milliseconds(interval));
            used = false;
        }
        if (has_viewers() && now >= next_look) {
            interval = look() ? FASTEST_MS : std::min(interval * 2, SLOWEST_MS);
            next_look = now + std::chrono::milliseconds(interval);
            rfbProcessEvents(server, 0);
        }
    }
}

bool VncServer::Impl::look() {
    ++looks;
    const std::uint64_t now = screen.refresh();
    if (now == generation)
        return false;
    generation = now;
    screen.with_frame([this](const Frame& frame) { copy(frame); });
    return true;
}

void VncServer::Impl::copy(const Frame& frame) {
    if (frame.width == 0 || frame.height == 0 ||
        frame.pixels.size() < std::size_t{frame.width} * frame.height)
        return;
    const bool resized = frame.width != shown.width || frame.height != shown.height;
    if (resized) {
        std::vector<std::uint32_t> bigger(std::size_t{frame.width} * frame.height, 0);
        rfbNewFramebuffer(server, reinterpret_cast<char*>(bigger.data()), static_cast<int>(frame.width),
                          static_cast<int>(frame.height), 8, 3, 4);
        pixels.swap(bigger);
        shown.width = frame.width;
        shown.height = frame.height;
        shown.pixels.assign(pixels.size(), 0);
        tracker.forget();
    }
    const std::size_t width = frame.width;
    std::size_t first = frame.height;
    std::size_t last = 0;
    for (std::size_t row = 0; row < frame.height; ++row) {
        const std::uint32_t* from = frame.pixels.data() + row * width;
        std::uint32_t* old = shown.pixels.data() + row * width;
        if (!resized && std::memcmp(from, old, width * sizeof *from) == 0)
            continue;
        std::memcpy(old, from, width * sizeof *from);
        std::transform(from, from + width, pixels.data() + row * width, swapped);
        first = std::min(first, row);
        last = row + 1;
    }
    if (first < last)
        rfbMarkRectAsModified(server, 0, static_cast<int>(first), static_cast<int>(width),
                              static_cast<int>(last));
}

void VncServer::Impl::key(XtCode code, bool down) {
    used = true;
    if (down)
        down_keys.insert(code);
    else if (down_keys.erase(code) == 0)
        return; // let go what was not pressed here
    machine.locked([&] { machine.input().key(code, down); });
}

void VncServer::Impl::release_keys() {
    machine.locked([this] {
        for (const XtCode code : down_keys)
            machine.input().key(code, false);
    });
    down_keys.clear();
}

void VncServer::Impl::pointer(int mask, int x, int y) {
    used = true;
    if (pointer_lost.exchange(false))
        tracker.forget();
    const auto bit = [mask](unsigned number) { return (static_cast<unsigned>(mask) >> number & 1U) != 0; };
    const auto width = static_cast<std::uint32_t>(server->width);
    const auto height = static_cast<std::uint32_t>(server->height);
    const PointerTracker::Motion corner = tracker.corner(width, height);
    const PointerTracker::Motion motion = tracker.move(x, y, width, height);
    const unsigned now = (bit(0) ? 1U : 0U) | (bit(2) ? 2U : 0U) | (bit(1) ? 4U : 0U);
    const int wheel = bit(3) ? -1 : bit(4) ? 1 : 0;
    machine.locked([&] {
        InputSink& input = machine.input();
        if (corner.dx != 0 || corner.dy != 0)
            input.mouse(corner.dx, corner.dy, 0, buttons);
        if (motion.dx != 0 || motion.dy != 0 || now != buttons || wheel != 0)
            input.mouse(motion.dx, motion.dy, wheel, now);
    });
    buttons = now;
}

VncServer::VncServer(std::unique_ptr<VncListener> listener, ControlledMachine& machine, Screen& screen,
                     const KeyboardLayout& layout)
    : impl_(std::make_unique<Impl>(std::move(listener), machine, screen, layout)) {}

VncServer::~VncServer() = default;

void VncServer::load_library() {
    libvncserver.load();
}

void VncServer::guest_was_reset() {
    impl_->pointer_lost = true;
}

std::uint64_t VncServer::looks() const {
    return impl_->looks;
}

} // namespace ntferry::vmm
