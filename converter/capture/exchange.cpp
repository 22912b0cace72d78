// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/exchange.hpp"

#include "converter/capture/sha256_pair.hpp"

#include <utility>

namespace ntferry::capture {
namespace {

constexpr std::size_t buffers_under_way = 6;
/// The reader hashes itself when so many chunks wait for the hashing thread.
constexpr std::size_t hash_backlog = 2;

} // namespace

template <typename Item>
std::optional<Item> Exchange::pop(std::deque<Item>& queue, std::size_t& taken) {
    if (queue.empty())
        return std::nullopt;
    Item item = std::move(queue.front());
    queue.pop_front();
    ++taken;
    return item;
}

Exchange::Exchange() {
    for (std::size_t i = 0; i < buffers_under_way; ++i)
        free_.push_back(std::make_unique<ChunkBuffer>());
}

bool Exchange::take_work_instead(std::optional<Chunk>& first, std::optional<Chunk>& second) {
    const std::lock_guard lock(mutex_);
    if (!free_.empty() || writer_failed_ || to_hash_.size() < 2)
        return false;
    first = pop(to_hash_, hashing_);
    second = pop(to_hash_, hashing_);
    return true;
}

std::unique_ptr<ChunkBuffer> Exchange::take_buffer() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !free_.empty() || writer_failed_ || to_hash_.size() >= 2; });
    if (writer_failed_ || free_.empty())
        return nullptr;
    auto buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
}

void Exchange::give_back(std::unique_ptr<ChunkBuffer> buffer) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(buffer));
    changed_.notify_all();
}

bool Exchange::offer_for_reading(ReadTask& task) {
    const std::lock_guard lock(mutex_);
    if (idle_readers_ <= to_read_.size() || read_trouble_)
        return false;
    to_read_.push_back(std::move(task));
    changed_.notify_all();
    return true;
}

std::optional<ReadTask> Exchange::next_to_read() {
    std::unique_lock lock(mutex_);
    ++idle_readers_;
    changed_.wait(lock, [&] { return !to_read_.empty() || reader_done_; });
    --idle_readers_;
    return pop(to_read_, reading_);
}

void Exchange::read_refused(ReadTask task) {
    const std::lock_guard lock(mutex_);
    refused_.push_back(std::move(task));
    read_trouble_ = true;
    --reading_;
    changed_.notify_all();
}

void Exchange::read_done(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (error) {
        read_trouble_ = true;
        if (!error_)
            error_ = std::move(error);
    }
    --reading_;
    changed_.notify_all();
}

std::optional<ReadTask> Exchange::next_refused(bool wait) {
    std::unique_lock lock(mutex_);
    if (wait)
        changed_.wait(lock, [&] { return to_read_.empty() && reading_ == 0; });
    std::size_t ignored = 0;
    return pop(refused_, ignored);
}

bool Exchange::writer_failed() {
    const std::lock_guard lock(mutex_);
    return writer_failed_;
}

bool Exchange::broken() {
    const std::lock_guard lock(mutex_);
    return error_ != nullptr;
}

bool Exchange::offer_for_hashing(Chunk& chunk) {
    const std::lock_guard lock(mutex_);
    if (to_hash_.size() >= hash_backlog)
        return false;
    to_hash_.push_back(std::move(chunk));
    changed_.notify_all();
    return true;
}

void Exchange::pass_on(Chunk chunk) {
    const std::lock_guard lock(mutex_);
    to_write_.push_back(std::move(chunk));
    changed_.notify_all();
}

std::optional<Chunk> Exchange::steal_from_hashing() {
    const std::lock_guard lock(mutex_);
    return pop(to_hash_, hashing_);
}

std::optional<Chunk> Exchange::next_to_hash() {
    std::unique_lock lock(mutex_);
    const std::size_t enough = can_hash_pairs() ? 2 : 1;
    changed_.wait(lock, [&] {
        return to_hash_.size() >= enough || (reader_done_ && to_read_.empty() && reading_ == 0);
    });
    return pop(to_hash_, hashing_);
}

void Exchange::hashed(Chunk chunk) {
    const std::lock_guard lock(mutex_);
    to_write_.push_back(std::move(chunk));
    --hashing_;
    changed_.notify_all();
}

std::optional<Chunk> Exchange::next_to_write() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
        return !to_write_.empty() ||
               (reader_done_ && to_hash_.empty() && hashing_ == 0 && to_read_.empty() && reading_ == 0);
    });
    std::size_t ignored = 0;
    return pop(to_write_, ignored);
}

void Exchange::reader_ends(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    reader_done_ = true;
    if (!error_)
        error_ = std::move(error);
    changed_.notify_all();
}

void Exchange::writer_fails() {
    const std::lock_guard lock(mutex_);
    writer_failed_ = true;
    changed_.notify_all();
}

std::exception_ptr Exchange::reader_error() {
    const std::lock_guard lock(mutex_);
    return error_;
}

} // namespace ntferry::capture
