// VHD images by path: open with parents, create, commit, rebase.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "converter/block/open.hpp"
#include "converter/block/vhd/sparse_disk.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace ntferry::block::vhd {

enum class SizeRule : std::uint8_t {
    geometry, ///< rounded up to a product of CHS, so that every VHD reader sees the same size
    exact,    ///< as given (whole sectors); footer gets the largest geometry if it is no product, as Disk2vhd
              ///< does
};

struct CreateOptions {
    std::uint32_t block_size = default_block_size;
    SizeRule size_rule = SizeRule::geometry;
    CreateMode mode = CreateMode::create_new;
};

/// Opens a VHD of any kind with all its parents (those read-only).
///
/// Parents are looked for by the relative locator first, so a folder that is moved as a whole keeps working.
/// @throws Error naming the parent when it is missing, another disk (unique id), written since the child was
/// made on it (time stamp; only known for our own children), or when the chain is a cycle
ImagePtr open(const std::string& path, Access access, Touch touch = Touch::on_first_write);

/// Opens one image on a file of any kind; tests give their own File. @throws Error
ImagePtr open_image(FilePtr file, Access access, SharedBlockDevice parent,
                    Touch touch = Touch::on_first_write);

/// Creates images; size in bytes. The new image is open for writing, reads as zeros (or as its parent), and
/// its structures are durable. @throws Error, among others when the file is there already
ImagePtr create_dynamic(const std::string& path, std::uint64_t size, const CreateOptions& options = {});
ImagePtr create_fixed(const std::string& path, std::uint64_t size, const CreateOptions& options = {});
/// A child of parent_path with its size, with a relative and an absolute locator to it.
ImagePtr create_differencing(const std::string& path, const std::string& parent_path,
                             const CreateOptions& options = {});
/// The same on a file of any kind.
ImagePtr create_dynamic(FilePtr file, std::uint64_t size, const CreateOptions& options = {});

/// Writes what a differencing child holds into its direct parent. The child stays valid and can be removed;
/// other children of that parent are refused from then on. Can be run again after an interruption.
void commit(const std::string& child_path, Progress& progress, std::stop_token stop = {});

/// Makes child_path lie on parent_path from now on: locators, unique id and time stamp. Changes no data, so
/// the parent must hold what the old one held: for a moved, renamed or flattened parent.
/// @throws Error when the sizes differ
void rebase(const std::string& child_path, const std::string& parent_path);

/// The files of a chain: the child first, the base last. @throws Error as open() does
std::vector<std::string> chain(const std::string& path);

} // namespace ntferry::block::vhd
