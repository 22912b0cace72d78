// How FatFileSystem's operations report: one place that puts volume and path in front.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/fat/filesystem.hpp"

#include <utility>

namespace ntferry::volume::fat {

/// Runs an operation; an Error that does not say where it happened gets the volume and the path. What a
/// failed operation did to the table is forgotten.
template <typename Operation>
auto FatFileSystem::naming(std::string_view path, Operation&& operation) {
    try {
        return std::forward<Operation>(operation)();
    } catch (const Error& error) {
        table_.revert();
        if (!error.where().empty())
            throw;
        throw Error(device_->name() + ": " + std::string(path), error.problem(), error.remedy(),
                    error.kind());
    }
}

} // namespace ntferry::volume::fat
