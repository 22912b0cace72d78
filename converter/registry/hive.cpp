// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/hive.hpp"

#include "converter/base/text.hpp"
#include "converter/registry/hive_handle.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <unordered_set>

#include <sys/mman.h>
#include <unistd.h>

namespace ntferry::registry {
namespace detail {

MemoryFile::MemoryFile(ByteView content) : fd_(memfd_create("ntferry-hive", MFD_CLOEXEC)) {
    if (fd_ < 0)
        throw SystemError("hive", "cannot make a file in memory", errno);
    for (std::size_t done = 0; done < content.size();) {
        const ssize_t n = ::write(fd_, content.data() + done, content.size() - done);
        if (n < 0) {
            const int error = errno;
            ::close(fd_);
            throw SystemError("hive", "cannot write a file in memory", error);
        }
        done += static_cast<std::size_t>(n);
    }
}

void MemoryFile::write_at(std::size_t offset, ByteView bytes) const {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n <= 0)
            throw SystemError("hive", "cannot write a file in memory", n < 0 ? errno : EIO);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::size_t>(n);
    }
}

MemoryFile::~MemoryFile() {
    ::close(fd_);
}

std::string MemoryFile::path() const {
    return fmt::format("/proc/self/fd/{}", fd_);
}

Bytes MemoryFile::read_all() const {
    const off_t end = ::lseek(fd_, 0, SEEK_END);
    Bytes content(end > 0 ? static_cast<std::size_t>(end) : 0);
    for (std::size_t done = 0; done < content.size();) {
        const ssize_t n =
            ::pread(fd_, content.data() + done, content.size() - done, static_cast<off_t>(done));
        if (n <= 0)
            throw SystemError("hive", "cannot read a file in memory", n < 0 ? errno : EIO);
        done += static_cast<std::size_t>(n);
    }
    return content;
}

HiveHandle::HiveHandle(ByteView image, std::string hive_name, bool writable)
    : name(std::move(hive_name)), base(parse_base_block(image, name)), size(image.size()), file(image),
      writable_(writable) {
    if (const std::vector<std::string> problems = check_bins(image, base); !problems.empty())
        throw Error(name, "the hive is damaged: " + problems.front());
    hivex = hivex_open(file.path().c_str(), writable ? HIVEX_OPEN_WRITE : 0);
    if (hivex == nullptr)
        fail("cannot be opened");
    root = hivex_root(hivex);
    if (root == 0) {
        const int error = errno;
        hivex_close(hivex);
        errno = error;
        fail("has no root key");
    }
}

HiveHandle::~HiveHandle() {
    if (hivex != nullptr)
        hivex_close(hivex);
}

const HiveHandle::Children* HiveHandle::children_of(std::size_t node) const {
    constexpr std::size_t most_names = 16384;
    const auto [at, fresh] = known_.try_emplace(node);
    if (!fresh)
        return &at->second;
    const std::unique_ptr<hive_node_h, decltype(&std::free)> nodes(hivex_node_children(hivex, node),
                                                                   &std::free);
    bool whole = nodes != nullptr && known_names_++ < most_names; // a key without any counts as well
    for (const hive_node_h* one = nodes.get(); whole && *one != 0; ++one) {
        const std::unique_ptr<char, decltype(&std::free)> own(hivex_node_name(hivex, *one), &std::free);
        whole = own != nullptr && known_names_ < most_names;
        if (whole && at->second.emplace(text::to_lower(own.get()), *one).second)
            ++known_names_;
    }
    if (whole)
        return &at->second;
    known_.erase(at);
    return nullptr;
}

std::size_t HiveHandle::child(std::size_t node, std::string_view wanted) const {
    if (!writable_)
        if (const Children* children = children_of(node)) {
            const auto found = children->find(text::to_lower(wanted));
            errno = 0;
            return found == children->end() ? 0 : found->second;
        }
    errno = 0;
    return hivex_node_get_child(hivex, node, std::string(wanted).c_str());
}

bool is_damage(int error) noexcept {
    return error == EFAULT || error == EINVAL || error == ENOTSUP || error == ERANGE || error == ELOOP;
}

void HiveHandle::fail(std::string_view what, std::string_view key) const {
    const int error = errno;
    const char* why = is_damage(error) ? "the hive is damaged" : nullptr;
    if (error == ENOMEM)
        throw std::bad_alloc();
    std::string where = name;
    if (!key.empty())
        where += ": " + text::printable(key, 80);
    throw Error(where, why != nullptr ? fmt::format("{}: {}", what, why)
                                      : fmt::format("{}: {}", what, std::generic_category().message(error)));
}

} // namespace detail

namespace {

struct FreeDeleter {
    void operator()(void* pointer) const { std::free(pointer); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeDeleter>;

std::string node_name(const detail::HiveHandle& hive, std::size_t node) {
    errno = 0;
    const Owned<char> name(hivex_node_name(hive.hivex, node));
    if (!name)
        hive.fail("a key has no readable name");
    return name.get();
}

/// Nothing for a value of more bytes than largest.
std::optional<Value> value_of(const detail::HiveHandle& hive, hive_value_h handle, std::size_t largest) {
    hive_type type{};
    std::size_t length = 0;
    if (hivex_value_type(hive.hivex, handle, &type, &length) != 0)
        hive.fail("a value cannot be read");
    if (length > largest)
        return std::nullopt;
    const Owned<char> data(hivex_value_value(hive.hivex, handle, &type, &length));
    if (!data)
        hive.fail("a value cannot be read");
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data.get());
    // Hivex stores whatever number the hive has; loading it as its enum would not be defined.
    std::uint32_t number = 0;
    static_assert(sizeof type == sizeof number);
    std::memcpy(&number, &type, sizeof number);
    return Value{static_cast<ValueType>(number), Bytes(bytes, bytes + length)};
}

std::string value_name(const detail::HiveHandle& hive, hive_value_h handle) {
    const Owned<char> name(hivex_value_key(hive.hivex, handle));
    if (!name)
        hive.fail("a value has no readable name");
    return name.get();
}

} // namespace

void Key::fail(std::string_view what) const {
    const int error = errno;
    const Owned<char> own(hivex_node_name(handle_->hivex, node_));
    errno = error;
    handle_->fail(what, own ? own.get() : "?");
}

std::string Key::name() const {
    return node_name(*handle_, node_);
}

std::uint64_t Key::last_written() const {
    const std::int64_t time = hivex_node_timestamp(handle_->hivex, node_);
    return time < 0 ? 0 : static_cast<std::uint64_t>(time);
}

std::vector<Key> Key::children() const {
    const Owned<hive_node_h> nodes(hivex_node_children(handle_->hivex, node_));
    if (!nodes)
        fail("its subkeys cannot be read");
    std::vector<Key> keys;
    for (const hive_node_h* node = nodes.get(); *node != 0; ++node)
        keys.push_back(Key(handle_, *node));
    return keys;
}

std::optional<Key> Key::child(std::string_view wanted) const {
    const std::size_t node = handle_->child(node_, wanted);
    if (node != 0)
        return Key(handle_, node);
    if (detail::is_damage(errno) || errno == ENOMEM)
        fail("its subkeys cannot be read");
    return std::nullopt;
}

std::optional<Key> Key::find(std::string_view path) const {
    Key key = *this;
    for (const std::string_view part : text::split(path, '\\')) {
        if (part.empty())
            continue;
        const std::optional<Key> next = key.child(part);
        if (!next)
            return std::nullopt;
        key = *next;
    }
    return key;
}

std::vector<std::pair<std::string, Value>> Key::values(std::size_t largest) const {
    const Owned<hive_value_h> handles(hivex_node_values(handle_->hivex, node_));
    if (!handles)
        fail("its values cannot be read");
    std::vector<std::pair<std::string, Value>> all;
    for (const hive_value_h* handle = handles.get(); *handle != 0; ++handle)
        if (std::optional<Value> value = value_of(*handle_, *handle, largest))
            all.emplace_back(value_name(*handle_, *handle), std::move(*value));
    return all;
}

std::optional<Value> Key::bounded_value(std::string_view wanted, std::size_t largest) const {
    errno = 0;
    const hive_value_h handle = hivex_node_get_value(handle_->hivex, node_, std::string(wanted).c_str());
    if (handle != 0)
        return value_of(*handle_, handle, largest);
    if (detail::is_damage(errno) || errno == ENOMEM)
        fail("its values cannot be read");
    return std::nullopt;
}

std::optional<Value> Key::value(std::string_view wanted) const {
    return bounded_value(wanted, SIZE_MAX);
}

std::optional<std::uint32_t> Key::dword(std::string_view wanted) const {
    const std::optional<Value> found = bounded_value(wanted, typed_limit);
    return found ? found->as_dword() : std::nullopt;
}

std::optional<std::string> Key::string(std::string_view wanted) const {
    const std::optional<Value> found = bounded_value(wanted, typed_limit);
    return found ? found->as_string() : std::nullopt;
}

std::vector<std::string> Key::strings(std::string_view wanted) const {
    const std::optional<Value> found = bounded_value(wanted, typed_limit);
    return found ? found->as_strings() : std::vector<std::string>();
}

Hive::Hive(std::unique_ptr<detail::HiveHandle> handle) : handle_(std::move(handle)) {}
Hive::Hive(Hive&&) noexcept = default;
Hive& Hive::operator=(Hive&&) noexcept = default;
Hive::~Hive() = default;

Hive Hive::open(ByteView image, std::string name) {
    return Hive(std::make_unique<detail::HiveHandle>(image, std::move(name), false));
}

Hive Hive::open_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw SystemError(path, "cannot be opened", errno);
    const Bytes image((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    return open(image, path);
}

const std::string& Hive::name() const {
    return handle_->name;
}

std::size_t Hive::size() const {
    return handle_->size;
}

const BaseBlock& Hive::base() const {
    return handle_->base;
}

Key Hive::root() const {
    return Key(handle_.get(), handle_->root);
}

std::optional<Key> Hive::find(std::string_view path) const {
    return root().find(path);
}

std::optional<Value> Hive::value(std::string_view path, std::string_view name) const {
    const std::optional<Key> key = find(path);
    return key ? key->value(name) : std::nullopt;
}

std::optional<std::uint32_t> Hive::dword(std::string_view path, std::string_view name) const {
    const std::optional<Key> key = find(path);
    return key ? key->dword(name) : std::nullopt;
}

std::optional<std::string> Hive::string(std::string_view path, std::string_view name) const {
    const std::optional<Key> key = find(path);
    return key ? key->string(name) : std::nullopt;
}

std::vector<std::string> Hive::strings(std::string_view path, std::string_view name) const {
    const std::optional<Key> key = find(path);
    return key ? key->strings(name) : std::vector<std::string>();
}

void Hive::walk(const std::function<bool(const std::string&, const Key&)>& visit) const {
    struct Pending {
        Key key;
        std::shared_ptr<const std::string>
            parent; // path; shared, for a hostile hive has many siblings far down
        std::size_t depth;
    };
    constexpr std::size_t path_limit = 32768; // bytes; NT's object names end at 65534 bytes of UTF-16
    // A stack of our own: a hostile hive decides how deep it goes. A cell met twice is a cycle or a cross
    // link; real hives are trees.
    const auto top = std::make_shared<const std::string>();
    std::vector<Pending> stack{{root(), top, 0}};
    std::unordered_set<std::size_t> seen{root().offset()};
    while (!stack.empty()) {
        const Pending at = std::move(stack.back());
        stack.pop_back();
        std::string path;
        if (at.depth > 0)
            path = at.depth == 1 ? at.key.name() : *at.parent + '\\' + at.key.name();
        if (!visit(path, at.key))
            continue;
        if (at.depth == depth_limit || path.size() > path_limit)
            throw Error(handle_->name,
                        fmt::format("keys lie deeper than NT allows, below {}", text::printable(path, 80)));
        const auto shared = std::make_shared<const std::string>(std::move(path));
        const std::vector<Key> children = at.key.children();
        for (auto child = children.rbegin(); child != children.rend(); ++child) {
            if (!seen.insert(child->offset()).second)
                throw Error(
                    handle_->name,
                    fmt::format("the hive refers to itself: the key at {:#x} is met twice, again below {}",
                                child->offset(),
                                shared->empty() ? "the root" : text::printable(*shared, 80)));
            stack.push_back({*child, shared, at.depth + 1});
        }
    }
}

} // namespace ntferry::registry
