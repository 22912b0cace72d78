// JsonStream: finds the JSON objects in a stream of bytes from somebody who may mean harm.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace ntferry::vmm {

/// Objects follow each other with or without white space between them, as QMP clients send them. An object of
/// more than max_bytes or nested deeper than max_depth is broken like one that is no JSON.
class JsonStream {
  public:
    static constexpr std::size_t max_bytes = std::size_t{1} << 20U;
    static constexpr std::size_t max_depth = 32;

    /// @param found gets each object
    /// @param broken gets a sentence for input that is no object; the stream goes on after the next line end
    JsonStream(std::function<void(const boost::json::object&)> found,
               std::function<void(const std::string&)> broken);
    void receive(std::string_view bytes);

  private:
    void fail(const std::string& why);

    std::function<void(const boost::json::object&)> found_;
    std::function<void(const std::string&)> broken_;
    boost::json::stream_parser parser_;
    std::size_t size_ = 0;  ///< bytes of the object so far
    bool inside_ = false;   ///< an object has begun
    bool skipping_ = false; ///< up to the next line end
};

} // namespace ntferry::vmm
