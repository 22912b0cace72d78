// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/block/memory_file.hpp"

#include <algorithm>

namespace ntferry::test {

MemoryFile::MemoryFile(Bytes content, std::shared_ptr<FileLog> log)
    : content_(std::move(content)), log_(std::move(log)) {
    if (log_)
        log_->start = content_;
}

void MemoryFile::read(std::uint64_t offset, MutableByteView out) const {
    if (offset > content_.size() || out.size() > content_.size() - offset)
        throw Error(name_, "ends early");
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
}

void MemoryFile::write(std::uint64_t offset, ByteView data) {
    FileStep step{FileStep::Kind::write, offset, Bytes(data.begin(), data.end())};
    apply_step(content_, step);
    if (log_)
        log_->steps.push_back(std::move(step));
}

void MemoryFile::resize(std::uint64_t size) {
    const FileStep step{FileStep::Kind::resize, size, {}};
    apply_step(content_, step);
    if (log_)
        log_->steps.push_back(step);
}

void MemoryFile::sync() {
    if (log_)
        log_->steps.push_back({FileStep::Kind::sync, 0, {}});
}

void apply_step(Bytes& content, const FileStep& step) {
    if (step.kind == FileStep::Kind::resize)
        content.resize(step.offset);
    if (step.kind != FileStep::Kind::write)
        return;
    content.resize(std::max<std::size_t>(content.size(), step.offset + step.data.size()));
    std::copy(step.data.begin(), step.data.end(), content.begin() + static_cast<std::ptrdiff_t>(step.offset));
}

Bytes after_power_cut(const FileLog& log, std::size_t count, std::mt19937& random) {
    Bytes content = log.start;
    std::size_t durable = 0;
    for (std::size_t i = 0; i < count; ++i)
        if (log.steps[i].kind == FileStep::Kind::sync)
            durable = i + 1;
    for (std::size_t i = 0; i < durable; ++i)
        apply_step(content, log.steps[i]);
    const auto chance = random() % 5; // 0: nothing after the sync arrived, 4: everything
    for (std::size_t i = durable; i < count; ++i) {
        const FileStep& step = log.steps[i];
        if (step.kind == FileStep::Kind::resize) {
            if (random() % 4 < chance)
                apply_step(content, step);
            continue;
        }
        for (std::size_t done = 0; done < step.data.size();) {
            const std::size_t length =
                std::min<std::size_t>(step.data.size() - done, 512 - (step.offset + done) % 512);
            if (random() % 4 < chance) {
                const auto at = step.data.begin() + static_cast<std::ptrdiff_t>(done);
                apply_step(content, {FileStep::Kind::write, step.offset + done,
                                     Bytes(at, at + static_cast<std::ptrdiff_t>(length))});
            }
            done += length;
        }
    }
    return content;
}

} // namespace ntferry::test
