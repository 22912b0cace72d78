// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/ssh.hpp"

#include "converter/block/child_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>

#include <sys/random.h>

namespace ntferry::block {
namespace {

/// Bytes of one dd command, and how many are written ahead of the answers.
constexpr std::size_t command_size = 1U << 20U;
constexpr std::size_t commands_ahead = 8;
constexpr std::uint64_t sector = 512;

/// For sh: in single quotes, with quotes inside closed, escaped and opened again.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text)
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

std::string random_word() {
    std::array<std::uint8_t, 16> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw SystemError("getrandom", "no random numbers", errno);
    return to_hex(bytes);
}

/// Finds the size of $d without tools that a rescue system may lack; falls back to looking for the last
/// sector.
constexpr const char* ask_size = R"sh(n=
if [ -b "$d" ]; then
  r=$(readlink -f "$d" 2>/dev/null || echo "$d")
  s=$(cat "/sys/class/block/${r##*/}/size" 2>/dev/null) && n=$((s*512))
elif [ -f "$d" ]; then
  n=$(wc -c <"$d" 2>/dev/null)
  n=$((n))
fi
there() { [ "$(dd if="$d" bs=512 skip="$1" count=1 2>/dev/null | wc -c)" -gt 0 ]; }
if [ -z "$n" ] && [ -r "$d" ]; then
  h=1
  while there $h; do h=$((h*2)); done
  l=0
  while [ $((h-l)) -gt 1 ]; do
    m=$(( (l+h)/2 ))
    if there $m; then l=$m; else h=$m; fi
  done
  n=$((h*512))
fi
[ -r "$d" ] || n=unreadable
u=$(grep -c "^$d" /proc/mounts 2>/dev/null)
echo "$w $n ${u:-0}"
)sh";

class RemoteShell final : public BlockDevice {
  public:
    RemoteShell(const std::vector<std::string>& command, std::string name, const std::string& path,
                bool allow_busy)
        : name_(std::move(name)), path_(path), word_(random_word()), shell_(command) {
        shell_.write("d=" + quoted(path) + "; w=" + word_ + "\n" + ask_size);
        const std::string answer = line_after_word();
        const std::size_t space = answer.find(' ');
        const std::string size = answer.substr(0, space);
        if (size == "unreadable")
            throw Error(name_, "is missing there or may not be read",
                        "log in as a user that may read the device");
        const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), size_);
        if (error != std::errc() || end != size.data() + size.size() || size_ == 0)
            throw Error(name_, "its size could not be found out");
        if (!allow_busy && space != std::string::npos && answer.substr(space + 1) != "0")
            throw Error(name_, "is mounted there",
                        "boot that machine from a rescue system (nothing was read)");
    }

    std::string name() const override { return name_; }
    std::uint64_t size() const override { return size_; }

    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        if (out.empty())
            return;
        const std::lock_guard lock(mutex_);
        const std::uint64_t begin = offset / sector * sector;
        const std::uint64_t end = std::min(size_, (offset + out.size() + sector - 1) / sector * sector);
        if (begin == offset && end == offset + out.size()) {
            read_sectors(begin, out);
            return;
        }
        Bytes whole(end - begin);
        read_sectors(begin, whole);
        std::copy_n(whole.begin() + static_cast<std::ptrdiff_t>(offset - begin), out.size(), out.begin());
    }

  private:
    struct Pending {
        std::uint64_t offset;
        std::size_t length;
    };

    /// dd counts in blocks: the largest power of two that divides the offset and fits the request.
    void send(std::uint64_t offset, std::size_t length) {
        std::uint64_t block = command_size;
        while (block > sector && (offset % block != 0 || length % block != 0))
            block /= 2;
        shell_.write(
            fmt::format("dd if=\"$d\" bs={} skip={} count={} 2>/dev/null </dev/null && echo \"${{w}}0\" || "
                        "echo \"${{w}}1\"\n",
                        block, offset / block, (length + block - 1) / block));
    }

    void read_sectors(std::uint64_t offset, MutableByteView out) {
        std::deque<Pending> pending;
        std::size_t sent = 0;
        std::size_t received = 0;
        std::optional<ReadError> failure;
        while (received < out.size()) {
            while (sent < out.size() && pending.size() < commands_ahead && !failure) {
                const std::size_t length =
                    std::min<std::size_t>(out.size() - sent, command_size - (offset + sent) % command_size);
                send(offset + sent, length);
                pending.push_back({offset + sent, length});
                sent += length;
            }
            if (pending.empty())
                break;
            const Pending next = pending.front();
            pending.pop_front();
            const std::size_t got = receive(out.subspan(received, next.length));
            if (got < next.length && !failure)
                failure.emplace(name_, next.offset + got, next.length - got, EIO);
            received += next.length;
        }
        if (failure)
            throw ReadError(*failure);
    }

    /// One answer: what dd wrote, then the word and its exit status. Returns how much dd wrote.
    std::size_t receive(MutableByteView out) {
        const std::size_t tail = word_.size() + 2; // status digit, newline
        const std::size_t wanted = out.size() + tail;
        for (std::size_t looked = 0;;) {
            // The word is random, so disk content cannot look like it.
            if (buffer_.size() >= wanted &&
                std::memcmp(buffer_.data() + out.size(), word_.data(), word_.size()) == 0)
                return take(out, out.size(), tail);
            if (buffer_.size() >= tail) {
                const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(looked);
                const auto at = std::search(begin, buffer_.end(), word_.begin(), word_.end());
                const auto position = static_cast<std::size_t>(at - buffer_.begin());
                if (at != buffer_.end() && buffer_.size() >= position + tail)
                    return take(out, std::min(position, out.size()),
                                position - std::min(position, out.size()) + tail);
                looked = buffer_.size() - std::min(buffer_.size(), tail);
            }
            const std::size_t before = buffer_.size();
            buffer_.resize(before + std::max<std::size_t>(65536, wanted > before ? wanted - before : 0));
            const std::size_t got = shell_.read_some(MutableByteView(buffer_).subspan(before));
            buffer_.resize(before + got);
            if (got == 0)
                throw Error(name_, "the connection was closed", "connect again and go on with --resume");
        }
    }

    std::size_t take(MutableByteView out, std::size_t data, std::size_t rest) {
        std::copy_n(buffer_.begin(), data, out.begin());
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(data + rest));
        return data;
    }

    /// The rest of the line that starts with the word; what a login prints before it is skipped.
    std::string line_after_word() {
        for (;;) {
            const auto at = std::search(buffer_.begin(), buffer_.end(), word_.begin(), word_.end());
            const auto end = std::find(at, buffer_.end(), std::uint8_t{'\n'});
            if (end != buffer_.end()) {
                std::string line(at + static_cast<std::ptrdiff_t>(word_.size()) + 1, end);
                buffer_.erase(buffer_.begin(), end + 1);
                return line;
            }
            const std::size_t before = buffer_.size();
            if (before > 1U << 20U)
                throw Error(name_, "the login prints too much to be a shell for programs");
            buffer_.resize(before + 4096);
            const std::size_t got = shell_.read_some(MutableByteView(buffer_).subspan(before));
            buffer_.resize(before + got);
            if (got == 0)
                throw Error(name_, "no connection",
                            "try the same ssh command by hand; a key or agent must log in");
        }
    }

    std::string name_;
    std::string path_;
    std::string word_;
    std::uint64_t size_ = 0;
    std::mutex mutex_;
    ChildProcess shell_;
    Bytes buffer_;
};

} // namespace

SshAddress parse_ssh_address(std::string_view spec) {
    const auto bad = [&](std::string problem) {
        return Error(std::string(spec), std::move(problem), "write ssh://[user@]host[:port]/dev/sda",
                     ErrorKind::usage);
    };
    std::string_view rest = spec;
    rest.remove_prefix(std::string_view("ssh://").size());
    const std::size_t slash = rest.find('/');
    if (slash == 0 || slash == std::string_view::npos)
        throw bad("names no host or no device");
    SshAddress address;
    address.target = rest.substr(0, slash);
    rest.remove_prefix(slash);
    const std::size_t question = rest.find('?');
    address.path = rest.substr(0, question);
    if (const std::size_t colon = address.target.rfind(':');
        colon != std::string::npos && address.target.find(']', colon) == std::string::npos) {
        address.port = address.target.substr(colon + 1);
        address.target.resize(colon);
        if (address.port.empty() || address.port.find_first_not_of("0123456789") != std::string::npos)
            throw bad("the port is not a number");
    }
    if (address.target.starts_with('-'))
        throw bad("the host cannot start with '-'");
    while (question != std::string_view::npos && !rest.empty()) {
        rest.remove_prefix(std::min(rest.size(), rest.find_first_of("?&") == std::string_view::npos
                                                     ? rest.size()
                                                     : rest.find_first_of("?&") + 1));
        const std::string_view pair = rest.substr(0, rest.find('&'));
        if (pair.starts_with("identity="))
            address.identity = pair.substr(9);
        else if (pair.starts_with("known_hosts="))
            address.known_hosts = pair.substr(12);
        else if (!pair.empty())
            throw bad(fmt::format("'{}' is not known", pair));
        rest.remove_prefix(pair.size());
    }
    return address;
}

std::vector<std::string> SshAddress::command() const {
    std::vector<std::string> words{"ssh", "-T", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=15"};
    const auto add = [&](const char* option, const std::string& value) {
        words.emplace_back(option);
        words.push_back(value);
    };
    if (!port.empty())
        add("-p", port);
    if (!identity.empty()) {
        add("-i", identity);
        add("-o", "IdentitiesOnly=yes");
    }
    if (!known_hosts.empty())
        add("-o", "UserKnownHostsFile=" + known_hosts);
    words.emplace_back("--");
    words.push_back(target);
    words.emplace_back("exec sh");
    return words;
}

BlockDevicePtr open_remote_shell(const std::vector<std::string>& command, const std::string& name,
                                 const std::string& path, bool allow_busy) {
    return std::make_unique<RemoteShell>(command, name, path, allow_busy);
}

BlockDevicePtr open_ssh(std::string_view spec, bool allow_busy) {
    const SshAddress address = parse_ssh_address(spec);
    return open_remote_shell(address.command(), "ssh://" + address.target + address.path, address.path,
                             allow_busy);
}

} // namespace ntferry::block
