// Reading the screenshot of the trial boot with libpng's simplified API (libpng-manual, section V).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/work.hpp"

#include "converter/base/error.hpp"

#include <png.h>

namespace ntferry::wizard {

verify::Picture read_png(const std::string& path) {
    constexpr unsigned largest_side = 4096;
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_file(&image, path.c_str()) == 0)
        throw Error(path, std::string("is no picture that can be shown: ") + image.message);
    if (image.width == 0 || image.height == 0 || image.width > largest_side || image.height > largest_side) {
        png_image_free(&image);
        throw Error(path, "is no picture of a screen");
    }
    image.format = PNG_FORMAT_RGB;
    std::vector<png_byte> bytes(PNG_IMAGE_SIZE(image));
    if (png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr) == 0)
        throw Error(path, std::string("is a damaged picture: ") + image.message);
    verify::Picture picture{image.width, image.height, {}};
    picture.pixels.reserve(std::size_t{image.width} * image.height);
    for (std::size_t i = 0; i + 2 < bytes.size(); i += 3)
        picture.pixels.push_back(std::uint32_t{bytes[i]} << 16U | std::uint32_t{bytes[i + 1]} << 8U |
                                 bytes[i + 2]);
    return picture;
}

} // namespace ntferry::wizard
