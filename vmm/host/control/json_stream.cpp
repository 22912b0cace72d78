// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/json_stream.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

namespace json = boost::json;

json::parse_options options() {
    json::parse_options options;
    options.max_depth = JsonStream::max_depth;
    return options;
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

} // namespace

JsonStream::JsonStream(std::function<void(const json::object&)> found,
                       std::function<void(const std::string&)> broken)
    : found_(std::move(found)), broken_(std::move(broken)), parser_(json::storage_ptr(), options()) {}

void JsonStream::fail(const std::string& why) {
    parser_.reset();
    inside_ = false;
    size_ = 0;
    skipping_ = true;
    broken_(why);
}

void JsonStream::receive(std::string_view bytes) {
    while (!bytes.empty()) {
        if (skipping_) {
            const std::size_t end = bytes.find('\n');
            if (end == std::string_view::npos)
                return;
            bytes.remove_prefix(end + 1);
            skipping_ = false;
            continue;
        }
        if (!inside_) {
            if (is_space(bytes.front())) {
                bytes.remove_prefix(1);
                continue;
            }
            if (bytes.front() != '{') {
                fail("JSON parse error, expecting an object");
                continue;
            }
            inside_ = true;
        }
        const std::string_view piece = bytes.substr(0, std::min(bytes.size(), max_bytes - size_ + 1));
        json::error_code error;
        const std::size_t used = parser_.write_some(piece.data(), piece.size(), error);
        if (error) {
            // What follows on the same line is part of the broken input.
            bytes.remove_prefix(std::min(used, bytes.size()));
            fail("JSON parse error, " + error.message());
            continue;
        }
        bytes.remove_prefix(used);
        size_ += used;
        if (parser_.done()) {
            const json::value value = parser_.release();
            parser_.reset();
            inside_ = false;
            size_ = 0;
            found_(value.as_object());
        } else if (size_ > max_bytes) {
            fail("JSON parse error, object too large");
        }
    }
}

} // namespace ntferry::vmm
