// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/pipeline.hpp"

#include "converter/capture/source_reader.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace ntferry::capture {
namespace {

constexpr std::size_t buffers_under_way = 6;
/// Empty chunks carry no buffer, but the list of them must not grow without bound either.
constexpr std::uint64_t longest_empty_run = std::uint64_t{1} << 30U;
/// The reader hashes itself when so many chunks wait for the hashing thread.
constexpr std::size_t hash_backlog = 2;

/// Digest of a chunk from its data runs; what lies between them is zero.
Digest digest_of(const Chunk& chunk, Sha256& hash) {
    if (chunk.data.empty())
        return zero_digest(chunk.length);
    hash.start_with_zeros(chunk.data.front().offset);
    std::size_t at = chunk.data.front().offset;
    for (const ChunkRun& run : chunk.data) {
        hash.update_zeros(run.offset - at);
        hash.update(chunk.buffer->view().subspan(run.offset, run.length));
        at = run.end();
    }
    hash.update_zeros(chunk.length - at);
    return hash.finish();
}

/// What the threads share. Every wait ends when one of them failed or the reader is done.
class Exchange {
  public:
    Exchange() {
        for (std::size_t i = 0; i < buffers_under_way; ++i)
            free_.push_back(std::make_unique<ChunkBuffer>());
    }

    /// Nothing when the writer failed.
    std::unique_ptr<ChunkBuffer> take_buffer() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !free_.empty() || writer_failed_; });
        if (writer_failed_)
            return nullptr;
        auto buffer = std::move(free_.back());
        free_.pop_back();
        return buffer;
    }
    void give_back(std::unique_ptr<ChunkBuffer> buffer) {
        const std::lock_guard lock(mutex_);
        free_.push_back(std::move(buffer));
        changed_.notify_all();
    }
    /// Hands a chunk to the hashing thread; false when that has enough to do.
    bool offer_for_hashing(Chunk& chunk) {
        const std::lock_guard lock(mutex_);
        if (to_hash_.size() >= hash_backlog)
            return false;
        to_hash_.push_back(std::move(chunk));
        changed_.notify_all();
        return true;
    }
    void pass_on(Chunk chunk) {
        const std::lock_guard lock(mutex_);
        to_write_.push_back(std::move(chunk));
        changed_.notify_all();
    }
    std::optional<Chunk> next_to_hash() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !to_hash_.empty() || reader_done_; });
        return pop(to_hash_, hashing_);
    }
    void hashed(Chunk chunk) {
        const std::lock_guard lock(mutex_);
        to_write_.push_back(std::move(chunk));
        --hashing_;
        changed_.notify_all();
    }
    std::optional<Chunk> next_to_write() {
        std::unique_lock lock(mutex_);
        changed_.wait(
            lock, [&] { return !to_write_.empty() || (reader_done_ && to_hash_.empty() && hashing_ == 0); });
        std::size_t ignored = 0;
        return pop(to_write_, ignored);
    }
    void reader_ends(std::exception_ptr error) {
        const std::lock_guard lock(mutex_);
        reader_done_ = true;
        error_ = std::move(error);
        changed_.notify_all();
    }
    void writer_fails() {
        const std::lock_guard lock(mutex_);
        writer_failed_ = true;
        changed_.notify_all();
    }
    std::exception_ptr reader_error() {
        const std::lock_guard lock(mutex_);
        return error_;
    }

  private:
    static std::optional<Chunk> pop(std::deque<Chunk>& queue, std::size_t& taken) {
        if (queue.empty())
            return std::nullopt;
        Chunk chunk = std::move(queue.front());
        queue.pop_front();
        ++taken;
        return chunk;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<ChunkBuffer>> free_;
    std::deque<Chunk> to_hash_;
    std::deque<Chunk> to_write_;
    std::size_t hashing_ = 0;
    bool reader_done_ = false;
    bool writer_failed_ = false;
    std::exception_ptr error_;
};

/// The reading thread.
class Feeder {
  public:
    Feeder(Exchange& exchange, block::BlockDevice& source, const SkipList& skips,
           const block::RescueMap& before, bool digests, std::stop_token stop)
        : exchange_(exchange), source_(source), reader_(source, skips, before), digests_(digests),
          stop_(std::move(stop)) {}

    void run() {
        std::exception_ptr error;
        try {
            feed();
        } catch (...) {
            error = std::current_exception();
        }
        exchange_.reader_ends(error);
    }
    PipelineResult result() const { return {reader_.bytes_read(), skipped_}; }

  private:
    void feed() {
        const std::uint64_t size = source_.size();
        for (std::uint64_t at = 0; at < size; at += manifest_chunk) {
            if (stop_.stop_requested())
                throw Interrupted(source_.name(), "go on with --resume");
            const std::uint64_t length = std::min(manifest_chunk, size - at);
            const std::vector<ChunkRun> wanted = reader_.wanted(at, length);
            const bool partial = !reader_.untouched(at, length);
            if (wanted.empty()) {
                if (partial)
                    send_empty(); // what an earlier run left there stays
                else
                    add_empty(at, length);
                continue;
            }
            send_empty();
            Chunk chunk;
            chunk.partial = partial;
            chunk.offset = at;
            chunk.length = length;
            chunk.buffer = exchange_.take_buffer();
            if (!chunk.buffer)
                return;
            reader_.read(chunk, wanted);
            std::uint64_t bytes = 0;
            for (const ChunkRun& run : wanted)
                bytes += run.length;
            skipped_ += length - bytes;
            if (!digests_ || !chunk.whole) {
                exchange_.pass_on(std::move(chunk));
            } else if (!exchange_.offer_for_hashing(chunk)) {
                chunk.digest = digest_of(chunk, hash_);
                exchange_.pass_on(std::move(chunk));
            }
        }
        send_empty();
    }
    void add_empty(std::uint64_t offset, std::uint64_t length) {
        if (empty_.length == 0)
            empty_.offset = offset;
        empty_.length += length;
        skipped_ += length;
        if (empty_.length >= longest_empty_run)
            send_empty();
    }
    void send_empty() {
        if (empty_.length == 0)
            return;
        Chunk chunk;
        chunk.offset = empty_.offset;
        chunk.length = empty_.length;
        exchange_.pass_on(std::move(chunk));
        empty_ = {};
    }

    struct Empty {
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
    };
    Exchange& exchange_;
    block::BlockDevice& source_;
    SourceReader reader_;
    bool digests_;
    std::stop_token stop_;
    Sha256 hash_;
    Empty empty_;
    std::uint64_t skipped_ = 0;
};

void hash_chunks(Exchange& exchange) {
    Sha256 hash;
    while (std::optional<Chunk> chunk = exchange.next_to_hash()) {
        chunk->digest = digest_of(*chunk, hash);
        exchange.hashed(std::move(*chunk));
    }
}

/// What progress shows of a chunk.
void count(const Chunk& chunk, ProgressState& state) {
    std::uint64_t read = 0;
    for (const ChunkRun& run : chunk.read)
        read += run.length;
    std::uint64_t unread = 0;
    for (const block::RescueRange& range : chunk.unread) {
        unread += range.length;
        if (range.status != block::RescueStatus::non_tried)
            state.errors += range.length;
    }
    state.done += chunk.length;
    state.skipped += chunk.length - read - unread;
}

} // namespace

PipelineResult run_pipeline(block::BlockDevice& source, const SkipList& skips, Target& target, bool digests,
                            Progress& progress, const std::stop_token& stop) {
    const block::RescueMap before = target.map(); // the writer changes the target's own meanwhile
    Exchange exchange;
    Feeder feeder(exchange, source, skips, before, digests, stop);
    std::jthread reading([&] { feeder.run(); });
    std::jthread hashing([&] { hash_chunks(exchange); });
    ProgressState state{.done = 0, .total = source.size()};
    try {
        while (std::optional<Chunk> chunk = exchange.next_to_write()) {
            target.store(*chunk);
            count(*chunk, state);
            progress.update(state);
            if (chunk->buffer)
                exchange.give_back(std::move(chunk->buffer));
            target.save_if_due();
        }
    } catch (...) {
        exchange.writer_fails();
        throw; // the threads end first: jthread joins
    }
    reading.join();
    if (const std::exception_ptr error = exchange.reader_error())
        std::rethrow_exception(error);
    return feeder.result();
}

} // namespace ntferry::capture
