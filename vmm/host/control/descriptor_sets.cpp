// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/descriptor_sets.hpp"

#include "converter/base/error.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

constexpr std::string_view PREFIX = "/dev/fdset/";

} // namespace

DescriptorSets::~DescriptorSets() {
    for (const auto& [set, entry] : sets_)
        ::close(entry.descriptor);
}

unsigned DescriptorSets::add(int descriptor, const std::string& opaque) {
    if (sets_.size() >= max_sets) {
        ::close(descriptor);
        throw Error("add-fd", "too many descriptors are held", "give some back with remove-fd");
    }
    sets_[next_] = {descriptor, opaque};
    return next_++;
}

bool DescriptorSets::remove(unsigned set) {
    const auto at = sets_.find(set);
    if (at == sets_.end())
        return false;
    ::close(at->second.descriptor);
    sets_.erase(at);
    return true;
}

const DescriptorSets::Entry* DescriptorSets::find(std::string_view name) const {
    if (!name.starts_with(PREFIX))
        return nullptr;
    const std::string_view digits = name.substr(PREFIX.size());
    unsigned set = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), set);
    const auto at = sets_.find(set);
    if (error != std::errc() || end != digits.data() + digits.size() || at == sets_.end())
        throw Error(std::string(name), "no descriptor was handed over under this name",
                    "send it with add-fd");
    return &at->second;
}

int DescriptorSets::open(std::string_view name) const {
    const Entry* entry = find(name);
    if (entry == nullptr)
        return -1;
    const int copy = ::fcntl(entry->descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        throw SystemError(std::string(name), "copy the descriptor", errno);
    return copy;
}

std::string DescriptorSets::title_of(const std::string& name) const {
    const Entry* entry = find(name);
    return entry == nullptr || entry->opaque.empty() ? name : entry->opaque;
}

ReceivedDescriptors::~ReceivedDescriptors() {
    for (const int descriptor : waiting_)
        ::close(descriptor);
}

void ReceivedDescriptors::push(int descriptor) {
    waiting_.push_back(descriptor);
    if (waiting_.size() > max_waiting)
        ::close(take());
}

int ReceivedDescriptors::take() {
    if (waiting_.empty())
        return -1;
    const int descriptor = waiting_.front();
    waiting_.pop_front();
    return descriptor;
}

} // namespace ntferry::vmm
