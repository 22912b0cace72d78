// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/saved_state.hpp"

#include "converter/base/error.hpp"
#include "vmm/bus/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <sys/stat.h>

namespace ntferry::vmm {
namespace {

constexpr std::uint16_t VERSION = 1;
constexpr std::uint64_t MOST_TEXT = 4096;
constexpr std::uint32_t MOST_IMAGES = 8;

void put_text(StateWriter& writer, const std::string& text) {
    writer.put_bytes(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::string get_text(StateReader& reader) {
    const Bytes bytes = reader.get_bytes(MOST_TEXT);
    return {bytes.begin(), bytes.end()};
}

/// The length of the identity in front of the machine's own stream.
std::size_t identity_length(ByteView content) {
    std::uint64_t length = 0;
    if (content.size() < sizeof length)
        throw Error({}, "the state ends early");
    length = load_le<std::uint64_t>(content, 0);
    if (length > content.size() - sizeof length)
        throw Error({}, "the state ends early");
    return static_cast<std::size_t>(length);
}

std::vector<ImageStamp> saved_images(const StateFile& file) {
    const ByteView content = file.content();
    StateReader reader(content.subspan(sizeof(std::uint64_t), identity_length(content)));
    reader.version(VERSION, VERSION);
    const auto count = reader.get<std::uint32_t>();
    if (count > MOST_IMAGES)
        throw Error(file.path(), "belongs to more drives than there are");
    std::vector<ImageStamp> images(count);
    for (ImageStamp& image : images) {
        image.drive = get_text(reader);
        image.file = get_text(reader);
        image.size = reader.get<std::uint64_t>();
        image.written = reader.get_signed();
    }
    return images;
}

} // namespace

ImageStamp stamp_of(const std::string& drive, const std::string& file, int descriptor) {
    ImageStamp stamp{drive, file, 0, 0};
    struct stat info {};
    if (descriptor < 0)
        return stamp;
    if (::fstat(descriptor, &info) != 0)
        throw SystemError(file, "look at it", errno);
    if (S_ISREG(info.st_mode)) {
        constexpr std::int64_t ns = 1'000'000'000;
        stamp.size = static_cast<std::uint64_t>(info.st_size);
        stamp.written = std::int64_t{info.st_mtim.tv_sec} * ns + info.st_mtim.tv_nsec;
    }
    return stamp;
}

void write_saved_state(Machine& machine, const std::vector<ImageStamp>& images, StateFileWriter& file) {
    StateWriter identity;
    identity.version(VERSION);
    identity.put(static_cast<std::uint32_t>(images.size()));
    for (const ImageStamp& image : images) {
        put_text(identity, image.drive);
        put_text(identity, image.file);
        identity.put(image.size);
        identity.put(image.written);
    }
    StateWriter front;
    front.put_bytes(identity.bytes());
    file.write(front.bytes());
    machine.save([&file](ByteView part) { file.write(part); });
    file.finish();
}

void check_saved_state(const StateFile& file, const std::vector<ImageStamp>& images) {
    const std::vector<ImageStamp> saved = saved_images(file);
    for (const ImageStamp& wanted : saved) {
        const auto now = std::find_if(images.begin(), images.end(),
                                      [&](const ImageStamp& image) { return image.drive == wanted.drive; });
        if (now == images.end() || (now->file.empty() && !wanted.file.empty()))
            throw Error(file.path(), fmt::format("was saved with {} in drive {}", wanted.file, wanted.drive),
                        "give the machine the same images");
        if (wanted.file.empty() && !now->file.empty())
            throw Error(file.path(), fmt::format("was saved without an image in drive {}", wanted.drive),
                        "give the machine the same images");
        if (now->size != wanted.size || now->written != wanted.written)
            throw Error(
                file.path(),
                fmt::format("{} ({}) is not as it was when the machine was saved", now->file, now->drive),
                "start the machine without the state, as after a power cut");
    }
    for (const ImageStamp& image : images)
        if (!image.file.empty() && std::none_of(saved.begin(), saved.end(), [&](const ImageStamp& other) {
                return other.drive == image.drive && !other.file.empty();
            }))
            throw Error(file.path(), fmt::format("was saved without an image in drive {}", image.drive),
                        "give the machine the same images");
}

void load_saved_state(Machine& machine, const StateFile& file) {
    const ByteView content = file.content();
    try {
        machine.load(content.subspan(sizeof(std::uint64_t) + identity_length(content)));
    } catch (const Error& error) {
        throw Error(file.path(), error.what());
    }
}

} // namespace ntferry::vmm
