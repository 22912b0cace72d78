// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/nbd.hpp"

#include "converter/base/shared_library.hpp"
#include "converter/block/parallel_reads.hpp"

#include <fmt/format.h>
#include <libnbd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>

namespace ntferry::block {
namespace {

constexpr SharedLibrary libnbd{"libnbd.so.0", "libnbd0"};
NTFERRY_LATE(libnbd, nbd_add_meta_context);
NTFERRY_LATE(libnbd, nbd_aio_is_closed);
NTFERRY_LATE(libnbd, nbd_aio_is_dead);
NTFERRY_LATE(libnbd, nbd_aio_pread);
NTFERRY_LATE(libnbd, nbd_block_status);
NTFERRY_LATE(libnbd, nbd_can_flush);
NTFERRY_LATE(libnbd, nbd_can_meta_context);
NTFERRY_LATE(libnbd, nbd_can_multi_conn);
NTFERRY_LATE(libnbd, nbd_close);
NTFERRY_LATE(libnbd, nbd_connect_uri);
NTFERRY_LATE(libnbd, nbd_create);
NTFERRY_LATE(libnbd, nbd_flush);
NTFERRY_LATE(libnbd, nbd_get_block_size);
NTFERRY_LATE(libnbd, nbd_get_error);
NTFERRY_LATE(libnbd, nbd_get_size);
NTFERRY_LATE(libnbd, nbd_is_read_only);
NTFERRY_LATE(libnbd, nbd_poll);
NTFERRY_LATE(libnbd, nbd_pwrite);
NTFERRY_LATE(libnbd, nbd_set_uri_allow_local_file);

/// Bytes of one request: large enough to keep a server busy, small enough to have several under way.
constexpr std::size_t request_size = 256U << 10U;
constexpr std::size_t requests_under_way = 16;
constexpr std::size_t most_connections = 4;
/// Bytes written but not flushed that are kept for a server that dies.
constexpr std::size_t most_not_durable = 16U << 20U;
constexpr std::uint32_t base_hole = 1; ///< NBD protocol, base:allocation: NBD_STATE_HOLE
constexpr std::uint32_t base_zero = 2; ///< NBD_STATE_ZERO
constexpr const char* base_allocation = "base:allocation";

/// "nbds://user:secret@host/" without the secret.
std::string without_password(std::string uri) {
    const std::size_t authority = uri.find("://");
    const std::size_t at = uri.find('@');
    if (authority == std::string::npos || at == std::string::npos || at > uri.find('/', authority + 3))
        return uri;
    const std::size_t colon = uri.find(':', authority + 3);
    if (colon < at)
        uri.erase(colon, at - colon);
    return uri;
}

class Connection {
  public:
    Connection(const std::string& uri, std::string name) : name_(std::move(name)), handle_(nbd_create()) {
        if (handle_ == nullptr)
            throw Error(name_, nbd_get_error());
        // Key files in the address (tls-psk-file=) are the user's choice; libnbd wants to be told so.
        if (nbd_set_uri_allow_local_file(handle_, true) != 0 ||
            nbd_add_meta_context(handle_, base_allocation) != 0 ||
            nbd_connect_uri(handle_, uri.c_str()) != 0) {
            const Error error(name_, nbd_get_error(), "is the server running?");
            nbd_close(handle_);
            throw error;
        }
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { nbd_close(handle_); }
    nbd_handle* get() const { return handle_; }

    /// All requests of one read are under way together.
    void read(std::uint64_t offset, MutableByteView out) {
        if (dead_)
            lost(offset);
        std::vector<Request>& requests = requests_;
        requests.assign((out.size() + request_size - 1) / request_size, Request{});
        std::size_t next = 0;
        std::size_t oldest = 0;
        while (oldest < requests.size()) {
            while (next < requests.size() && next - oldest < requests_under_way) {
                Request& request = requests[next];
                const std::size_t at = next * request_size;
                request.offset = offset + at;
                request.length = std::min(request_size, out.size() - at);
                const nbd_completion_callback done{[](void* user, int* error) {
                                                       auto* own = static_cast<Request*>(user);
                                                       own->error = *error;
                                                       own->done = true;
                                                       return 1;
                                                   },
                                                   &request, nullptr};
                if (nbd_aio_pread(handle_, out.data() + at, request.length, request.offset, done, 0) < 0)
                    lost(request.offset);
                ++next;
            }
            while (!requests[oldest].done)
                if (nbd_poll(handle_, -1) < 0 || nbd_aio_is_dead(handle_) > 0 ||
                    nbd_aio_is_closed(handle_) > 0)
                    lost(requests[oldest].offset);
            ++oldest;
        }
        for (const Request& request : requests)
            if (request.error != 0)
                throw_read_error(request);
    }

    [[noreturn]] void lost(std::uint64_t offset) {
        dead_ = true;
        const char* text = nbd_get_error();
        const bool said = text != nullptr && *text != 0;
        throw Error(name_,
                    fmt::format("the NBD server went away at offset {}{}{}", offset, said ? ": " : "",
                                said ? text : ""),
                    "start the server again");
    }
    /// The server is gone; nothing more comes through here.
    bool dead() const { return dead_ || nbd_aio_is_dead(handle_) > 0 || nbd_aio_is_closed(handle_) > 0; }

  private:
    struct Request {
        std::uint64_t offset = 0;
        std::size_t length = 0;
        int error = 0;
        bool done = false;
    };

    [[noreturn]] void throw_read_error(const Request& request) {
        if (nbd_aio_is_dead(handle_) > 0 || nbd_aio_is_closed(handle_) > 0 || request.error == ENOTCONN ||
            request.error == ESHUTDOWN)
            lost(request.offset);
        throw ReadError(name_, request.offset, request.length, request.error);
    }

    std::string name_;
    nbd_handle* handle_;
    std::vector<Request> requests_; ///< outlives a read that gave up: libnbd still knows the addresses
    bool dead_ = false;
};

class NbdDevice final : public BlockDevice, public ParallelReads {
  public:
    NbdDevice(const std::string& uri, Access access)
        : uri_(uri), name_(without_password(uri)), access_(access) {
        connections_.push_back(std::make_unique<Connection>(uri_, name_));
        nbd_handle* handle = connections_[0]->get();
        const std::int64_t size = nbd_get_size(handle);
        if (size < 0)
            throw Error(name_, nbd_get_error());
        size_ = static_cast<std::uint64_t>(size);
        if (access_ == Access::read_write && nbd_is_read_only(handle) != 0)
            throw Error(name_, "the server allows reading only");
        const std::int64_t preferred = nbd_get_block_size(handle, LIBNBD_SIZE_PREFERRED);
        if (preferred >= 512 && preferred <= 65536)
            physical_ = static_cast<std::uint32_t>(preferred);
        multi_conn_ = nbd_can_multi_conn(handle) == 1 && access_ == Access::read_only;
        if (multi_conn_)
            allowed_ = most_connections;
        has_status_ = nbd_can_meta_context(handle, base_allocation) == 1;
        free_.push_back(connections_[0].get());
    }

    std::string name() const override { return name_; }
    std::uint64_t size() const override { return size_; }
    std::uint32_t physical_block_size() const override { return physical_; }
    bool writable() const override { return access_ == Access::read_write; }
    /// While one reader handles the end of its piece, the server works for the others.
    unsigned useful_readers() const override { return multi_conn_ ? 3 : 1; }

    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        Loan(*this)->read(offset, out);
    }
    void write(std::uint64_t offset, ByteView data) override {
        if (!writable())
            BlockDevice::write(offset, data);
        check_range(offset, data.size());
        const Loan loan(*this);
        write_through(*loan.get(), offset, data);
        if (nbd_can_flush(loan->get()) != 1)
            return; // a server without flush answers for what it has taken
        not_durable_.push_back({offset, Bytes(data.begin(), data.end())});
        not_durable_bytes_ += data.size();
        if (not_durable_bytes_ > most_not_durable)
            make_durable(*loan.get());
    }
    void flush() override {
        if (!writable())
            return;
        const Loan loan(*this);
        make_durable(*loan.get());
    }
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override {
        check_range(offset, length);
        if (!has_status_ || length == 0)
            return BlockDevice::extents(offset, length);
        std::vector<Extent> found;
        const std::uint64_t end = offset + length;
        const Loan loan(*this);
        while (offset < end) {
            // The protocol's request length is 32 bits.
            Status status{.at = offset, .end = std::min(end, offset + (1U << 30U)), .found = found};
            if (nbd_block_status(loan->get(), status.end - offset, offset, {&collect, &status, nullptr}, 0) !=
                    0 ||
                status.at == offset) {
                status.add(status.end - offset, ExtentKind::data); // no answer: it may hold data
            }
            offset = status.at;
        }
        return found;
    }

  private:
    /// A write that a server which dies may lose. A new connection gets them again, in their order.
    struct NotDurable {
        std::uint64_t offset;
        Bytes data;
    };
    void write_through(Connection& connection, std::uint64_t offset, ByteView data) {
        for (std::size_t at = 0; at < data.size(); at += request_size) {
            const ByteView part = data.subspan(at, std::min(request_size, data.size() - at));
            if (nbd_pwrite(connection.get(), part.data(), part.size(), offset + at, 0) == 0)
                continue;
            if (connection.dead())
                connection.lost(offset + at);
            throw Error(name_, fmt::format("cannot write {} bytes at offset {}: {}", part.size(), offset + at,
                                           nbd_get_error()));
        }
    }
    void make_durable(Connection& connection) {
        if (nbd_can_flush(connection.get()) == 1 && nbd_flush(connection.get(), 0) != 0) {
            if (connection.dead())
                connection.lost(0);
            throw Error(name_, nbd_get_error());
        }
        not_durable_.clear();
        not_durable_bytes_ = 0;
    }
    /// A connection in the place of one whose server went away. With mutex_. @throws Error
    Connection* connect_again(Connection* gone) {
        auto fresh = std::make_unique<Connection>(uri_, name_);
        const std::int64_t size = nbd_get_size(fresh->get());
        if (size < 0 || static_cast<std::uint64_t>(size) != size_)
            throw Error(name_, fmt::format("the server came back with {} bytes instead of {}", size, size_),
                        "serve the same disk again");
        if (writable() && nbd_is_read_only(fresh->get()) != 0)
            throw Error(name_, "the server came back and allows reading only");
        for (const NotDurable& write : not_durable_)
            write_through(*fresh, write.offset, write.data);
        const auto at = std::find_if(connections_.begin(), connections_.end(),
                                     [gone](const auto& one) { return one.get() == gone; });
        *at = std::move(fresh);
        return at->get();
    }

    struct Status {
        std::uint64_t at;
        std::uint64_t end;
        std::vector<Extent>& found;
        void add(std::uint64_t length, ExtentKind kind) {
            length = std::min(length, end - at);
            if (length == 0)
                return;
            if (!found.empty() && found.back().kind == kind)
                found.back().length += length;
            else
                found.push_back({at, length, kind});
            at += length;
        }
    };
    static int collect(void* user, const char*, std::uint64_t, std::uint32_t* entries, std::size_t count,
                       int*) {
        auto* status = static_cast<Status*>(user);
        for (std::size_t i = 0; i + 1 < count; i += 2) {
            const std::uint32_t flags = entries[i + 1];
            status->add(entries[i], (flags & base_zero) == 0   ? ExtentKind::data
                                    : (flags & base_hole) != 0 ? ExtentKind::hole
                                                               : ExtentKind::zero);
        }
        return 0;
    }

    /// A connection for the time of one call; makes new ones up to what the server allows.
    class Loan {
      public:
        explicit Loan(NbdDevice& device) : device_(device), connection_(device.take()) {}
        ~Loan() { device_.give_back(connection_); }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        Connection* operator->() const { return connection_; }
        Connection* get() const { return connection_; }

      private:
        NbdDevice& device_;
        Connection* connection_;
    };
    Connection* take() {
        std::unique_lock lock(mutex_);
        if (free_.empty() && connections_.size() < allowed_) {
            try {
                connections_.push_back(std::make_unique<Connection>(uri_, name_));
                return connections_.back().get();
            } catch (const Error&) {
                allowed_ = connections_.size(); // the server's limit
            }
        }
        returned_.wait(lock, [&] { return !free_.empty(); });
        Connection* connection = free_.back();
        if (connection->dead())
            connection = connect_again(connection); // it stays free when that fails
        free_.pop_back();
        return connection;
    }
    void give_back(Connection* connection) {
        const std::lock_guard lock(mutex_);
        free_.push_back(connection);
        returned_.notify_one();
    }

    std::string uri_;
    std::string name_;
    Access access_;
    std::uint64_t size_ = 0;
    std::uint32_t physical_ = 512;
    bool has_status_ = false;
    bool multi_conn_ = false;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::size_t allowed_ = 1;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> free_;
    std::vector<NotDurable> not_durable_; ///< the writer's own
    std::size_t not_durable_bytes_ = 0;
};

} // namespace

bool is_nbd_uri(std::string_view spec) {
    return spec.starts_with("nbd://") || spec.starts_with("nbds://") || spec.starts_with("nbd+unix://") ||
           spec.starts_with("nbds+unix://");
}

BlockDevicePtr open_nbd(const std::string& uri, Access access) {
    return std::make_unique<NbdDevice>(uri, access);
}

} // namespace ntferry::block
