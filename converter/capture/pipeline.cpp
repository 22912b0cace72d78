// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/pipeline.hpp"

#include "converter/block/parallel_reads.hpp"
#include "converter/capture/chunk_digest.hpp"
#include "converter/capture/exchange.hpp"
#include "converter/capture/source_reader.hpp"

#include <atomic>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

namespace ntferry::capture {
namespace {

/// Empty chunks carry no buffer, but the list of them must not grow without bound either.
constexpr std::uint64_t longest_empty_run = std::uint64_t{1} << 30U;

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
