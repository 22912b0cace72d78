// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/serial/tty_line.hpp"

#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace ntferry::vmm {
namespace {

constexpr std::pair<std::uint32_t, speed_t> SPEEDS[] = {
    {50, B50},     {75, B75},       {110, B110},     {134, B134},     {150, B150},       {200, B200},
    {300, B300},   {600, B600},     {1200, B1200},   {1800, B1800},   {2400, B2400},     {4800, B4800},
    {9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200},
};

speed_t nearest(std::uint32_t baud) {
    speed_t best = B9600;
    std::uint32_t distance = ~0U;
    for (const auto& [rate, speed] : SPEEDS) {
        const std::uint32_t d = rate > baud ? rate - baud : baud - rate;
        if (d < distance) {
            distance = d;
            best = speed;
        }
    }
    return best;
}

} // namespace

std::unique_ptr<TtyLine> TtyLine::open(const std::string& path, std::shared_ptr<std::mutex> machine_lock) {
    const int fd = ::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        throw SystemError(path, "open", errno, "the user needs access to the port (group dialout)");
    if (::isatty(fd) == 0) {
        ::close(fd);
        throw Error(path, "not a serial port", "use file:, unix: or tcp: for other things", ErrorKind::usage);
    }
    return std::make_unique<TtyLine>(fd, std::move(machine_lock));
}

TtyLine::TtyLine(int fd, std::shared_ptr<std::mutex> machine_lock)
    : DescriptorLine({.input = fd, .output = fd}, std::move(machine_lock)) {
    termios settings{};
    if (::tcgetattr(fd, &settings) == 0) {
        ::cfmakeraw(&settings);
        settings.c_cflag |= CLOCAL | CREAD;
        ::tcsetattr(fd, TCSANOW, &settings);
    }
}

void TtyLine::set_line(std::uint32_t baud, std::uint8_t data_bits, char parity, std::uint8_t stop_bits) {
    termios settings{};
    if (::tcgetattr(descriptor(), &settings) != 0)
        return;
    const speed_t speed = nearest(baud);
    ::cfsetispeed(&settings, speed);
    ::cfsetospeed(&settings, speed);
    constexpr tcflag_t sizes[] = {CS5, CS6, CS7, CS8};
    settings.c_cflag &= ~static_cast<tcflag_t>(CSIZE | CSTOPB | PARENB | PARODD | CMSPAR);
    settings.c_cflag |= sizes[(data_bits - 5U) & 3U];
    if (stop_bits > 1)
        settings.c_cflag |= CSTOPB;
    if (parity != 'N')
        settings.c_cflag |= PARENB;
    if (parity == 'O' || parity == 'M')
        settings.c_cflag |= PARODD;
    if (parity == 'M' || parity == 'S')
        settings.c_cflag |= CMSPAR;
    ::tcsetattr(descriptor(), TCSANOW, &settings);
}

void TtyLine::set_break(bool on) {
    ::ioctl(descriptor(), on ? TIOCSBRK : TIOCCBRK);
}

void TtyLine::set_modem_lines(std::uint8_t lines) {
    int value = 0;
    if (::ioctl(descriptor(), TIOCMGET, &value) != 0)
        return;
    value &= ~(TIOCM_DTR | TIOCM_RTS);
    value |= ((lines & 1U) != 0 ? TIOCM_DTR : 0) | ((lines & 2U) != 0 ? TIOCM_RTS : 0);
    ::ioctl(descriptor(), TIOCMSET, &value);
}

std::uint8_t TtyLine::modem_lines() const {
    int value = 0;
    if (::ioctl(descriptor(), TIOCMGET, &value) != 0)
        return CharBackend::modem_lines();
    return static_cast<std::uint8_t>(
        ((value & TIOCM_CTS) != 0 ? 1U : 0U) | ((value & TIOCM_DSR) != 0 ? 2U : 0U) |
        ((value & TIOCM_RI) != 0 ? 4U : 0U) | ((value & TIOCM_CD) != 0 ? 8U : 0U));
}

} // namespace ntferry::vmm
