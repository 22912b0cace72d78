// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/manifest.hpp"

#include "converter/block/replacement_file.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace ntferry::capture {
namespace {

namespace json = boost::json;

constexpr const char* format_name = "ntferry-manifest";
constexpr std::uint64_t format_version = 1;
/// 2 TiB are 524288 chunks of 68 characters.
constexpr std::uint64_t largest_manifest = 64U << 20U;
constexpr std::uint64_t largest_disk = std::uint64_t{1} << 50U;

const json::value& member(const json::object& object, const char* name, const std::string& file) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr)
        throw Error(file, fmt::format("manifest: '{}' is missing", name));
    return *value;
}

std::uint64_t number(const json::object& object, const char* name, const std::string& file) {
    const json::value& value = member(object, name, file);
    boost::json::error_code error;
    const auto result = value.to_number<std::uint64_t>(error);
    if (error)
        throw Error(file, fmt::format("manifest: '{}' is not a number", name));
    return result;
}

std::string text(const json::object& object, const char* name, const std::string& file) {
    const json::value& value = member(object, name, file);
    if (!value.is_string())
        throw Error(file, fmt::format("manifest: '{}' is not a string", name));
    return std::string(value.as_string());
}

const json::array& list(const json::object& object, const char* name, const std::string& file) {
    const json::value& value = member(object, name, file);
    if (!value.is_array())
        throw Error(file, fmt::format("manifest: '{}' is not a list", name));
    return value.as_array();
}

int nibble(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Digest digest_from(const json::value& value, const std::string& file) {
    Digest digest{};
    const json::string* hex = value.if_string();
    if (hex == nullptr || hex->size() != 2 * digest.size())
        throw Error(file, "manifest: a digest is not 64 hexadecimal digits");
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = nibble((*hex)[2 * i]);
        const int low = nibble((*hex)[2 * i + 1]);
        if (high < 0 || low < 0)
            throw Error(file, "manifest: a digest is not 64 hexadecimal digits");
        digest[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return digest;
}

std::string quoted(const std::string& value) {
    return json::serialize(json::string(value));
}

} // namespace

std::uint64_t Manifest::chunk_length(std::size_t index) const {
    const std::uint64_t begin = index * manifest_chunk;
    return std::min(manifest_chunk, disk_size - begin);
}

Digest Manifest::disk_digest() const {
    Sha256 hash;
    for (const Digest& chunk : chunks)
        hash.update(chunk);
    return hash.finish();
}

std::string Manifest::to_json() const {
    std::string text_of_all;
    write_json([&](std::string_view piece) { text_of_all += piece; });
    return text_of_all;
}

void Manifest::write_json(const std::function<void(std::string_view)>& out) const {
    out(fmt::format(
        "{{\n \"format\": \"{}\",\n \"version\": {},\n \"source\": {},\n \"captured\": \"{}\",\n"
        " \"time\": \"{}\",\n \"disk_size\": {},\n \"free_bytes\": {},\n \"page_file_bytes\": {},\n"
        " \"digest\": \"sha256\",\n \"chunk_size\": {},\n \"disk_digest\": \"{}\",\n \"losses\": [",
        format_name, format_version, quoted(source), captured, time, disk_size, free_bytes, page_file_bytes,
        manifest_chunk, to_hex(disk_digest())));
    for (std::size_t i = 0; i < losses.size(); ++i)
        out(fmt::format("{}\n  {{\"offset\": {}, \"length\": {}, \"what\": {}}}", i == 0 ? "" : ",",
                        losses[i].offset, losses[i].length, quoted(losses[i].what)));
    out("],\n \"chunks\": [");
    for (std::size_t i = 0; i < chunks.size(); ++i)
        out(fmt::format("{}\n  \"{}\"", i == 0 ? "" : ",", to_hex(chunks[i])));
    out("]\n}\n");
}

Manifest Manifest::parse(std::string_view text_of_file, const std::string& name) {
    json::error_code error;
    json::parse_options options;
    options.max_depth = 8;
    const json::value root = json::parse(text_of_file, error, {}, options);
    if (error || !root.is_object())
        throw Error(name, "is not a manifest: no JSON object");
    const json::object& object = root.as_object();
    if (text(object, "format", name) != format_name)
        throw Error(name, "is not a manifest of ntferry");
    if (number(object, "version", name) != format_version)
        throw Error(name, "is a manifest of another version", "use the ntferry that wrote it",
                    ErrorKind::unsupported);
    Manifest manifest;
    manifest.source = text(object, "source", name);
    manifest.captured = text(object, "captured", name);
    manifest.time = text(object, "time", name);
    manifest.disk_size = number(object, "disk_size", name);
    manifest.free_bytes = number(object, "free_bytes", name);
    manifest.page_file_bytes = number(object, "page_file_bytes", name);
    if (number(object, "chunk_size", name) != manifest_chunk || text(object, "digest", name) != "sha256")
        throw Error(name, "manifest: another chunk size or digest than 4 MiB and sha256");
    for (const json::value& value : list(object, "chunks", name))
        manifest.chunks.push_back(digest_from(value, name));
    if (manifest.disk_size > largest_disk || manifest.chunks.size() != chunks_of(manifest.disk_size))
        throw Error(name, fmt::format("manifest: {} chunks do not fit a disk of {} bytes",
                                      manifest.chunks.size(), manifest.disk_size));
    for (const json::value& value : list(object, "losses", name)) {
        if (!value.is_object())
            throw Error(name, "manifest: a loss is not an object");
        const json::object& loss = value.as_object();
        manifest.losses.push_back(
            {number(loss, "offset", name), number(loss, "length", name), text(loss, "what", name)});
    }
    if (digest_from(member(object, "disk_digest", name), name) != manifest.disk_digest())
        throw Error(name, "manifest: the digest of the whole disk does not fit its chunks",
                    "it was changed or damaged");
    return manifest;
}

Manifest Manifest::load(const std::string& path) {
    const block::PosixFile file(path, block::Access::read_only);
    if (file.size() > largest_manifest)
        throw Error(path, "is too large for a manifest");
    std::string content(file.size(), '\0');
    file.read(0, MutableByteView(reinterpret_cast<std::uint8_t*>(content.data()), content.size()));
    return parse(content, path);
}

void Manifest::save(const std::string& path) const {
    block::ReplacementFile fresh(path);
    std::uint64_t at = 0;
    std::string buffer;
    const auto empty_buffer = [&] {
        fresh.file().write(at, ByteView(reinterpret_cast<const std::uint8_t*>(buffer.data()), buffer.size()));
        at += buffer.size();
        buffer.clear();
    };
    write_json([&](std::string_view piece) {
        buffer += piece;
        if (buffer.size() > (1U << 20U))
            empty_buffer();
    });
    empty_buffer();
    fresh.commit();
}

std::string manifest_path_for(const std::string& image_path) {
    return image_path + ".manifest.json";
}

Digest zero_digest(std::uint64_t length) {
    const auto compute = [](std::uint64_t zeros) {
        Sha256 hash;
        hash.update_zeros(zeros);
        return hash.finish();
    };
    static const Digest whole_chunk = compute(manifest_chunk);
    return length == manifest_chunk ? whole_chunk : compute(length);
}

} // namespace ntferry::capture
