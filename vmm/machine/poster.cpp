// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/poster.hpp"

namespace ntferry::vmm {

void Poster::stop() {
    {
        const std::unique_lock<std::mutex> held(own_lock_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable())
        thread_.join();
}

void Poster::post(std::function<void()> fn) {
    {
        const std::unique_lock<std::mutex> held(own_lock_);
        queue_.push_back(std::move(fn));
        if (!thread_.joinable() && !stopping_)
            thread_ = std::thread([this] { work(); });
    }
    wake_.notify_one();
}

void Poster::work() {
    for (;;) {
        std::function<void()> fn;
        {
            std::unique_lock<std::mutex> held(own_lock_);
            wake_.wait(held, [this] { return stopping_ || !queue_.empty(); });
            if (stopping_)
                return;
            fn = std::move(queue_.front());
            queue_.pop_front();
        }
        const std::unique_lock<std::mutex> held(machine_lock_);
        before_();
        fn();
    }
}

} // namespace ntferry::vmm
