// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/display/frame_image.hpp"

#include "converter/base/error.hpp"
#include "converter/base/shared_library.hpp"

#include <fmt/format.h>
#include <png.h>

#include <cstring>

namespace ntferry::vmm {
namespace {

constexpr SharedLibrary libpng{"libpng16.so.16", "libpng16-16"};
NTFERRY_LATE(libpng, png_image_begin_read_from_memory);
NTFERRY_LATE(libpng, png_image_finish_read);
NTFERRY_LATE(libpng, png_image_free);
NTFERRY_LATE(libpng, png_image_write_to_memory);

/// Three bytes per pixel, red first.
Bytes rgb_of(const Frame& frame) {
    if (frame.width == 0 || frame.height == 0 ||
        frame.pixels.size() < std::size_t{frame.width} * frame.height)
        throw Error("screen", "there is no picture");
    Bytes rgb;
    const std::size_t count = std::size_t{frame.width} * frame.height;
    rgb.resize(count * 3);
    for (std::size_t n = 0; n < count; ++n) {
        const std::uint32_t pixel = frame.pixels[n];
        rgb[3 * n] = static_cast<std::uint8_t>(pixel >> 16U);
        rgb[3 * n + 1] = static_cast<std::uint8_t>(pixel >> 8U);
        rgb[3 * n + 2] = static_cast<std::uint8_t>(pixel);
    }
    return rgb;
}

} // namespace

void load_image_library() {
    libpng.load();
}

Bytes png_of(const Frame& frame) {
    const Bytes rgb = rgb_of(frame);
    png_image image;
    std::memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = frame.width;
    image.height = frame.height;
    image.format = PNG_FORMAT_RGB;
    image.flags = PNG_IMAGE_FLAG_FAST;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    Bytes file(size);
    if (png_image_write_to_memory(&image, file.data(), &size, 0, rgb.data(), 0, nullptr) == 0)
        throw Error("screen", fmt::format("no PNG: {}", image.message));
    file.resize(size);
    return file;
}

Bytes ppm_of(const Frame& frame) {
    const Bytes rgb = rgb_of(frame);
    const std::string header = fmt::format("P6\n{} {}\n255\n", frame.width, frame.height);
    Bytes file(header.begin(), header.end());
    file.insert(file.end(), rgb.begin(), rgb.end());
    return file;
}

Frame frame_of_png(ByteView file) {
    constexpr std::uint32_t most = 4096;
    png_image image;
    std::memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_memory(&image, file.data(), file.size()) == 0)
        throw Error("picture", fmt::format("no PNG: {}", image.message));
    if (image.width == 0 || image.height == 0 || image.width > most || image.height > most) {
        png_image_free(&image);
        throw Error("picture", fmt::format("{} x {} is no size of a screen", image.width, image.height));
    }
    image.format = PNG_FORMAT_RGB;
    Bytes rgb(PNG_IMAGE_SIZE(image));
    if (png_image_finish_read(&image, nullptr, rgb.data(), 0, nullptr) == 0)
        throw Error("picture", fmt::format("no PNG: {}", image.message));
    Frame frame;
    frame.width = image.width;
    frame.height = image.height;
    frame.pixels.resize(std::size_t{image.width} * image.height);
    for (std::size_t n = 0; n < frame.pixels.size(); ++n)
        frame.pixels[n] =
            std::uint32_t{rgb[3 * n]} << 16U | std::uint32_t{rgb[3 * n + 1]} << 8U | rgb[3 * n + 2];
    return frame;
}

} // namespace ntferry::vmm
