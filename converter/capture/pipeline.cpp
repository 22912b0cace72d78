// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/pipeline.hpp"

#include "converter/block/parallel_reads.hpp"
#include "converter/capture/sha256_pair.hpp"
#include "converter/capture/source_reader.hpp"

#include <atomic>
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

/// The chunk's content in pieces; nothing where one of them is not a multiple of 64 bytes.
std::optional<MessagePieces> pieces_of(const Chunk& chunk) {
    MessagePieces pieces;
    std::size_t at = 0;
    bool whole_blocks = chunk.length % 64 == 0;
    const auto add = [&](const std::uint8_t* bytes, std::size_t length) {
        whole_blocks = whole_blocks && length % 64 == 0;
        if (length > 0)
            pieces.push_back({bytes, length});
    };
    for (const ChunkRun& run : chunk.data) {
        add(nullptr, run.offset - at);
        add(chunk.buffer->view().data() + run.offset, run.length);
        at = run.end();
    }
    add(nullptr, chunk.length - at);
    if (!whole_blocks)
        return std::nullopt;
    return pieces;
}

/// Digests of one or two chunks; two in step where the processor can.
void hash_into(Chunk& first, Chunk* second, Sha256& hash) {
    if (second != nullptr && can_hash_pairs() && !first.data.empty() && !second->data.empty()) {
        const std::optional<MessagePieces> a = pieces_of(first);
        const std::optional<MessagePieces> b = pieces_of(*second);
        if (a && b) {
            const std::pair<Digest, Digest> digests = sha256_pair(*a, *b);
            first.digest = digests.first;
            second->digest = digests.second;
            return;
        }
    }
    first.digest = digest_of(first, hash);
    if (second != nullptr)
        second->digest = digest_of(*second, hash);
}

/// A chunk and what of it is to be read.
struct ReadTask {
    Chunk chunk;
    std::vector<ChunkRun> wanted;
};

/// What the threads share. Every wait ends when one of them failed or the reader is done.
class Exchange {
  public:
    Exchange() {
        for (std::size_t i = 0; i < buffers_under_way; ++i)
            free_.push_back(std::make_unique<ChunkBuffer>());
    }

    /// Two chunks that wait for the hashing thread, while no buffer is free: whoever wants to read can as
    /// well hash.
    bool take_work_instead(std::optional<Chunk>& first, std::optional<Chunk>& second) {
        const std::lock_guard lock(mutex_);
        if (!free_.empty() || writer_failed_ || to_hash_.size() < 2)
            return false;
        first = pop(to_hash_, hashing_);
        second = pop(to_hash_, hashing_);
        return true;
    }
    /// Waits for one, or for work to do instead: then, and when the writer failed, nothing.
    std::unique_ptr<ChunkBuffer> take_buffer() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !free_.empty() || writer_failed_ || to_hash_.size() >= 2; });
        if (writer_failed_ || free_.empty())
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
    /// Hands a chunk to another reading thread; false when none is free. Order does not matter to the image.
    bool offer_for_reading(ReadTask& task) {
        const std::lock_guard lock(mutex_);
        if (idle_readers_ <= to_read_.size() || read_trouble_)
            return false;
        to_read_.push_back(std::move(task));
        changed_.notify_all();
        return true;
    }
    std::optional<ReadTask> next_to_read() {
        std::unique_lock lock(mutex_);
        ++idle_readers_;
        changed_.wait(lock, [&] { return !to_read_.empty() || reader_done_; });
        --idle_readers_;
        return pop(to_read_, reading_);
    }
    /// The medium refused something: the first reader, who knows how to step around it, does the rest alone.
    void read_refused(ReadTask task) {
        const std::lock_guard lock(mutex_);
        refused_.push_back(std::move(task));
        read_trouble_ = true;
        --reading_;
        changed_.notify_all();
    }
    void read_done(std::exception_ptr error) {
        const std::lock_guard lock(mutex_);
        if (error) {
            read_trouble_ = true;
            if (!error_)
                error_ = std::move(error);
        }
        --reading_;
        changed_.notify_all();
    }
    /// A task that came back, once the other readers are through if wait is set; nothing when there is none.
    std::optional<ReadTask> next_refused(bool wait) {
        std::unique_lock lock(mutex_);
        if (wait)
            changed_.wait(lock, [&] { return to_read_.empty() && reading_ == 0; });
        std::size_t ignored = 0;
        return pop(refused_, ignored);
    }
    bool writer_failed() {
        const std::lock_guard lock(mutex_);
        return writer_failed_;
    }
    bool broken() {
        const std::lock_guard lock(mutex_);
        return error_ != nullptr;
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
    /// A chunk that waits for the hashing thread, for a reader that hashes its own beside it.
    std::optional<Chunk> steal_from_hashing() {
        const std::lock_guard lock(mutex_);
        return pop(to_hash_, hashing_);
    }
    /// Waits for two where that many are hashed in step, so that none is hashed alone.
    std::optional<Chunk> next_to_hash() {
        std::unique_lock lock(mutex_);
        const std::size_t enough = can_hash_pairs() ? 2 : 1;
        changed_.wait(lock, [&] {
            return to_hash_.size() >= enough || (reader_done_ && to_read_.empty() && reading_ == 0);
        });
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
        changed_.wait(lock, [&] {
            return !to_write_.empty() ||
                   (reader_done_ && to_hash_.empty() && hashing_ == 0 && to_read_.empty() && reading_ == 0);
        });
        std::size_t ignored = 0;
        return pop(to_write_, ignored);
    }
    void reader_ends(std::exception_ptr error) {
        const std::lock_guard lock(mutex_);
        reader_done_ = true;
        if (!error_)
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
    template <typename Item>
    static std::optional<Item> pop(std::deque<Item>& queue, std::size_t& taken) {
        if (queue.empty())
            return std::nullopt;
        Item item = std::move(queue.front());
        queue.pop_front();
        ++taken;
        return item;
    }

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

/// Passes a chunk that was read on, hashed here if nobody else has time.
void deliver(Exchange& exchange, Chunk chunk, bool digests, Sha256& hash) {
    if (!digests || !chunk.whole) {
        exchange.pass_on(std::move(chunk));
    } else if (!exchange.offer_for_hashing(chunk)) {
        std::optional<Chunk> beside = exchange.steal_from_hashing();
        hash_into(chunk, beside ? &*beside : nullptr, hash);
        if (beside)
            exchange.hashed(std::move(*beside));
        exchange.pass_on(std::move(chunk));
    }
}

/// A further reading thread: whole chunks of a source that serves several readers better than one.
void read_chunks(Exchange& exchange, block::BlockDevice& source, bool digests,
                 std::atomic<std::uint64_t>& bytes_read) {
    Sha256 hash;
    while (std::optional<ReadTask> task = exchange.next_to_read()) {
        Chunk& chunk = task->chunk;
        try {
            for (const ChunkRun& run : task->wanted) {
                source.read(chunk.offset + run.offset, chunk.buffer->view().subspan(run.offset, run.length));
                bytes_read += run.length;
            }
            chunk.read = std::move(task->wanted);
            chunk.whole = !chunk.partial;
            find_data(chunk);
            deliver(exchange, std::move(chunk), digests, hash);
            exchange.read_done(nullptr);
        } catch (const block::ReadError&) {
            exchange.read_refused(std::move(*task));
        } catch (...) {
            exchange.read_done(std::current_exception());
        }
    }
}

/// The first reading thread, which says what is read and steps around errors.
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
            while (!(chunk.buffer = exchange_.take_buffer())) {
                if (exchange_.writer_failed())
                    return;
                hash_meanwhile();
            }
            std::uint64_t bytes = 0;
            for (const ChunkRun& run : wanted)
                bytes += run.length;
            skipped_ += length - bytes;
            ReadTask task{std::move(chunk), wanted};
            if (!exchange_.offer_for_reading(task))
                read(task);
            while (std::optional<ReadTask> refused = exchange_.next_refused(false))
                read(*refused);
            if (exchange_.broken())
                return;
        }
        send_empty();
        while (std::optional<ReadTask> refused = exchange_.next_refused(true))
            read(*refused);
    }
    void hash_meanwhile() {
        std::optional<Chunk> first;
        std::optional<Chunk> second;
        if (!exchange_.take_work_instead(first, second))
            return;
        hash_into(*first, &*second, hash_);
        exchange_.hashed(std::move(*first));
        exchange_.hashed(std::move(*second));
    }
    void read(ReadTask& task) {
        reader_.read(task.chunk, task.wanted);
        deliver(exchange_, std::move(task.chunk), digests_, hash_);
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
        std::optional<Chunk> beside = exchange.steal_from_hashing();
        hash_into(*chunk, beside ? &*beside : nullptr, hash);
        if (beside)
            exchange.hashed(std::move(*beside));
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
    std::atomic<std::uint64_t> read_beside{0};
    std::vector<std::jthread> readers;
    if (const auto* parallel = dynamic_cast<const block::ParallelReads*>(&source))
        for (unsigned i = 1; i < parallel->useful_readers(); ++i)
            readers.emplace_back([&] { read_chunks(exchange, source, digests, read_beside); });
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
    PipelineResult result = feeder.result();
    readers.clear(); // they have ended: joined
    result.bytes_read += read_beside;
    return result;
}

} // namespace ntferry::capture
