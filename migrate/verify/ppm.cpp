// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/ppm.hpp"

#include "converter/base/error.hpp"

#include <cctype>
#include <cerrno>
#include <fstream>
#include <optional>

#include <png.h>

namespace ntferry::verify {
namespace {

constexpr unsigned largest_side = 4096;

/// The next decimal number of a PPM head.
std::optional<unsigned> next_number(ByteView file, std::size_t& at) {
    while (at < file.size() && std::isspace(file[at]) != 0)
        ++at;
    unsigned value = 0;
    const std::size_t begin = at;
    while (at < file.size() && std::isdigit(file[at]) != 0 && at - begin < 6)
        value = value * 10 + (file[at++] - unsigned{'0'});
    return at == begin ? std::nullopt : std::optional(value);
}

} // namespace

Bytes read_file(const std::string& path, std::size_t limit) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw SystemError(path, "read", errno);
    Bytes bytes(limit);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(limit));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

void write_file(const std::string& path, ByteView content) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    if (!file.flush())
        throw SystemError(path, "write", errno);
}

Picture parse_ppm(ByteView file, const std::string& name) {
    std::size_t at = 2;
    const auto fail = [&] { return Error(name, "is no picture"); };
    if (file.size() < 8 || file[0] != 'P' || file[1] != '6')
        throw fail();
    const auto width = next_number(file, at);
    const auto height = next_number(file, at);
    const auto depth = next_number(file, at);
    if (!width || !height || depth != 255U || *width == 0 || *height == 0 || *width > largest_side ||
        *height > largest_side)
        throw fail();
    ++at;
    const std::size_t count = std::size_t{*width} * *height;
    if (file.size() < at + count * 3)
        throw fail();
    Picture picture{*width, *height, std::vector<std::uint32_t>(count)};
    for (std::size_t i = 0; i < count; ++i, at += 3)
        picture.pixels[i] = std::uint32_t{file[at]} << 16U | std::uint32_t{file[at + 1]} << 8U | file[at + 2];
    return picture;
}

void write_png(const std::string& path, const Picture& picture) {
    Bytes rows;
    rows.reserve(picture.pixels.size() * 3);
    for (const std::uint32_t pixel : picture.pixels)
        for (const unsigned shift : {16U, 8U, 0U})
            rows.push_back(static_cast<std::uint8_t>(pixel >> shift));
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = picture.width;
    image.height = picture.height;
    image.format = PNG_FORMAT_RGB;
    if (rows.empty() || png_image_write_to_file(&image, path.c_str(), 0, rows.data(), 0, nullptr) == 0)
        throw Error(path, "cannot write the screenshot");
}

} // namespace ntferry::verify
