// Exchange: chunks on their way between the threads of a capture: readers, the hashing thread, the writer.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/capture/chunk.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace ntferry::capture {

/// A chunk and what of it is to be read.
struct ReadTask {
    Chunk chunk;
    std::vector<ChunkRun> wanted;
};

/// What the threads share. Every wait ends when one of them failed or the reader is done.
class Exchange {
  public:
    Exchange();

    // Buffers, of which there are a few

    /// Waits for one, or for work to do instead: then, and when the writer failed, nothing.
    std::unique_ptr<ChunkBuffer> take_buffer();
    void give_back(std::unique_ptr<ChunkBuffer> buffer);
    /// Two chunks that wait for the hashing thread, while no buffer is free: whoever wants to read can as
    /// well hash.
    bool take_work_instead(std::optional<Chunk>& first, std::optional<Chunk>& second);

    // Reading

    /// Hands a chunk to another reading thread; false when none is free. Order does not matter to the image.
    bool offer_for_reading(ReadTask& task);
    std::optional<ReadTask> next_to_read();
    /// The medium refused something: the first reader, who knows how to step around it, does the rest alone.
    void read_refused(ReadTask task);
    void read_done(std::exception_ptr error);
    /// A task that came back, once the other readers are through if wait is set; nothing when there is none.
    std::optional<ReadTask> next_refused(bool wait);
    void reader_ends(std::exception_ptr error);
    std::exception_ptr reader_error();
    bool broken();

    // Hashing

    /// Hands a chunk to the hashing thread; false when that has enough to do.
    bool offer_for_hashing(Chunk& chunk);
    /// A chunk that waits for the hashing thread, for a reader that hashes its own beside it.
    std::optional<Chunk> steal_from_hashing();
    /// Waits for two where that many are hashed in step, so that none is hashed alone.
    std::optional<Chunk> next_to_hash();
    void hashed(Chunk chunk);

    // Writing

    void pass_on(Chunk chunk);
    std::optional<Chunk> next_to_write();
    void writer_fails();
    bool writer_failed();

  private:
    template <typename Item>
    static std::optional<Item> pop(std::deque<Item>& queue, std::size_t& taken);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<ChunkBuffer>> free_;
    std::deque<ReadTask> to_read_;
    std::deque<ReadTask> refused_;
    std::size_t idle_readers_ = 0;
    std::size_t reading_ = 0;
    bool read_trouble_ = false;
    std::deque<Chunk> to_hash_;
    std::deque<Chunk> to_write_;
    std::size_t hashing_ = 0;
    bool reader_done_ = false;
    bool writer_failed_ = false;
    std::exception_ptr error_;
};

} // namespace ntferry::capture
