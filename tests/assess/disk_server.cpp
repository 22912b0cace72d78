// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/assess/disk_server.hpp"

#include "converter/base/utf.hpp"
#include "converter/block/open.hpp"
#include "converter/registry/recovery.hpp"
#include "converter/volume/bpb.hpp"
#include "converter/volume/open_filesystem.hpp"
#include "tests/support/lookalike.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace ntferry::test {
namespace {

constexpr const char* config = "\\WINNT\\system32\\config\\";
constexpr std::uint64_t table = 0x1BE;

/// XOR of the first 127 words (regf specification, "Base block").
void sign_base_block(MutableByteView hive) {
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < 508; at += 4)
        sum ^= load_le<std::uint32_t>(hive, at);
    store_le<std::uint32_t>(hive, 508, sum == 0xFFFFFFFFU ? 0xFFFFFFFEU : sum == 0 ? 1U : sum);
}

} // namespace

void Overlay::read_below(std::uint64_t offset, MutableByteView out) const {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    const std::uint64_t end = below_ ? below_->size() : 0;
    if (offset < end)
        below_->read(offset, out.first(std::min<std::uint64_t>(out.size(), end - offset)));
}

Bytes& Overlay::touch(std::uint64_t number) {
    const auto [at, fresh] = pages_.try_emplace(number);
    if (fresh) {
        at->second.resize(page);
        read_below(number * page, at->second);
    }
    return at->second;
}

void Overlay::read(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    while (!out.empty()) {
        const std::uint64_t inside = offset % page;
        const auto part = out.first(std::min<std::uint64_t>(out.size(), page - inside));
        if (const auto found = pages_.find(offset / page); found != pages_.end())
            std::copy_n(found->second.begin() + static_cast<std::ptrdiff_t>(inside), part.size(),
                        part.begin());
        else
            read_below(offset, part);
        offset += part.size();
        out = out.subspan(part.size());
    }
}

void Overlay::write(std::uint64_t offset, ByteView data) {
    check_range(offset, data.size());
    while (!data.empty()) {
        const std::uint64_t inside = offset % page;
        const ByteView part = data.first(std::min<std::uint64_t>(data.size(), page - inside));
        std::copy(part.begin(), part.end(),
                  touch(offset / page).begin() + static_cast<std::ptrdiff_t>(inside));
        offset += part.size();
        data = data.subspan(part.size());
    }
}

DiskServer::DiskServer(const std::string& variant, unsigned disks) {
    for (unsigned number = 0; number < disks; ++number)
        disks_.push_back(std::make_shared<Overlay>(block::open_disk(lookalike_disk(variant, number))));
}

Overlay& DiskServer::add_disk(std::uint64_t size) {
    const auto number = static_cast<std::uint32_t>(disks_.size());
    disks_.push_back(std::make_shared<Overlay>("disk" + std::to_string(number), size));
    Bytes sector(512);
    store_le<std::uint32_t>(sector, 0x1B8, 0xADD00000U + number);
    store_le<std::uint16_t>(sector, 510, 0xAA55);
    disks_.back()->write(0, sector);
    return *disks_.back();
}

void DiskServer::put8(std::uint64_t offset, std::uint8_t value) {
    put(offset, ByteView(&value, 1));
}

void DiskServer::put16(std::uint64_t offset, std::uint16_t value) {
    Bytes bytes(2);
    store_le(bytes, 0, value);
    put(offset, bytes);
}

void DiskServer::put32(std::uint64_t offset, std::uint32_t value) {
    Bytes bytes(4);
    store_le(bytes, 0, value);
    put(offset, bytes);
}

void DiskServer::zero(std::uint64_t offset, std::uint64_t length) {
    put(offset, Bytes(length));
}

void DiskServer::partition(unsigned slot, std::uint8_t type, std::uint32_t start, std::uint32_t sectors) {
    const std::uint64_t at = table + slot * 16U;
    put8(at + 4, type);
    put32(at + 8, start);
    put32(at + 12, sectors);
}

std::uint64_t DiskServer::start(unsigned index) {
    return volume::read_layout(disk()).partitions.at(index).start_lba;
}

void DiskServer::move_partition(unsigned slot, std::uint32_t target) {
    Bytes sector(512);
    disk().read(0, sector);
    const std::uint64_t from = load_le<std::uint32_t>(sector, table + slot * 16U + 8);
    const std::uint64_t sectors = load_le<std::uint32_t>(sector, table + slot * 16U + 12);
    disk().resize(std::max(disk().size(), (target + sectors + 16065) * 512));
    Bytes block(1U << 20U);
    for (std::uint64_t done = 0; done < sectors * 512; done += block.size()) {
        const std::size_t length = std::min<std::uint64_t>(block.size(), sectors * 512 - done);
        const MutableByteView part = MutableByteView(block).first(length);
        disk().read(from * 512 + done, part);
        if (!all_zero(part))
            disk().write(std::uint64_t{target} * 512 + done, part);
    }
    put32(table + slot * 16U + 8, target);
    put32(std::uint64_t{target} * 512 + 0x1C, target);
}

void DiskServer::files(const std::function<void(volume::FileSystem&)>& change, unsigned index) {
    const block::SharedBlockDevice whole = disks_.front();
    const volume::DiskLayout layout = volume::read_layout(*whole);
    volume::FileSystemOptions options;
    options.writable = true;
    const volume::FileSystemPtr files =
        volume::open_filesystem(volume::open_partition(whole, layout.partitions.at(index)), options);
    change(*files);
    files->sync();
}

Bytes DiskServer::file(const std::string& path, unsigned index) {
    Bytes content;
    files([&](volume::FileSystem& fs) { content = fs.read_file(path); }, index);
    return content;
}

void DiskServer::write(const std::string& path, ByteView content, unsigned index) {
    files([&](volume::FileSystem& fs) { fs.write_file(path, content); }, index);
}

void DiskServer::write(const std::string& path, const std::string& content, unsigned index) {
    write(path, ByteView(Bytes(content.begin(), content.end())), index);
}

void DiskServer::remove(const std::string& path, unsigned index) {
    files([&](volume::FileSystem& fs) { fs.remove(path); }, index);
}

void DiskServer::boot_ini(const std::string& path, const std::string& switches, const std::string& more) {
    write("\\boot.ini", "[boot loader]\r\ntimeout=5\r\ndefault=" + path + "\r\n[operating systems]\r\n" +
                            path + "=\"NT\" " + switches + "\r\n" + more);
}

void DiskServer::mft_value(const std::string& name, std::uint32_t attribute,
                           const std::function<void(MutableByteView)>& change, unsigned index) {
    const std::uint64_t begin = start(index) * 512;
    Bytes sector(512);
    disk().read(begin, sector);
    const volume::Bpb bpb = volume::parse_bpb(sector).value();
    std::vector<volume::FileExtent> mft;
    files([&](volume::FileSystem& fs) { mft = fs.file_extents("\\$MFT"); }, index);
    const std::u16string wanted = utf::to_utf16(name);
    unsigned number = 0;
    for (const volume::FileExtent& extent : mft)
        for (std::uint64_t at = 0; at < extent.length; at += bpb.mft_record_size, ++number) {
            Bytes record(bpb.mft_record_size);
            disk().read(begin + extent.volume_offset + at, record);
            bool named = false;
            std::size_t value = 0;
            std::size_t length = 0;
            for (std::size_t place = load_le<std::uint16_t>(record, 20); place + 24 < record.size();) {
                const auto type = load_le<std::uint32_t>(record, place);
                const auto size = load_le<std::uint32_t>(record, place + 4);
                if (type == 0xFFFFFFFF || size == 0)
                    break;
                const std::size_t content = place + load_le<std::uint16_t>(record, place + 20);
                if (type == 0x30 && record[content + 64] == wanted.size()) { // $FILE_NAME
                    bool same = true;
                    for (std::size_t i = 0; i < wanted.size(); ++i)
                        same &= load_le<std::uint16_t>(record, content + 66 + i * 2) == wanted[i];
                    named |= same;
                }
                if (type == attribute && record[place + 8] == 0 && length == 0) {
                    value = content;
                    length = load_le<std::uint32_t>(record, place + 16);
                }
                place += size;
            }
            if (!named || length == 0)
                continue;
            change(MutableByteView(record).subspan(value, length));
            disk().write(begin + extent.volume_offset + at, record);
            if (number < 4) // $MFTMirr holds the first four
                disk().write(begin + bpb.mft_mirror_cluster * bpb.cluster_size() +
                                 std::uint64_t{number} * bpb.mft_record_size,
                             record);
            return;
        }
    throw std::runtime_error("no MFT record of " + name);
}

void DiskServer::hive(const std::string& name, const std::function<void(registry::HiveEditor&)>& change,
                      unsigned index) {
    files(
        [&](volume::FileSystem& fs) {
            registry::HiveEditor editor(fs.read_file(config + name), name);
            change(editor);
            const Bytes image = editor.commit();
            fs.write_file(config + name, image);
            if (name == "SYSTEM" && fs.lookup(config + std::string("SYSTEM.ALT")))
                fs.write_file(config + std::string("SYSTEM.ALT"), image);
        },
        index);
}

void DiskServer::set(const std::string& key, const std::string& name, const registry::Value& value) {
    system([&](registry::HiveEditor& hive) {
        hive.add_key("ControlSet001\\" + key);
        hive.set("ControlSet001\\" + key, name, value);
    });
}

void DiskServer::set(const std::string& key, const std::string& name, std::uint32_t number) {
    set(key, name, registry::Value::dword(number));
}

void DiskServer::drop(const std::string& key) {
    system([&](registry::HiveEditor& hive) { hive.delete_key("ControlSet001\\" + key); });
}

void DiskServer::drop(const std::string& key, const std::string& value) {
    system([&](registry::HiveEditor& hive) { hive.delete_value("ControlSet001\\" + key, value); });
}

void DiskServer::service(const std::string& name, std::uint32_t type, std::uint32_t start,
                         const std::string& group, const std::string& image, std::uint32_t error_control) {
    system([&](registry::HiveEditor& hive) {
        const std::string key = "ControlSet001\\Services\\" + name;
        hive.add_key(key);
        hive.set_dword(key, "Type", type);
        hive.set_dword(key, "Start", start);
        hive.set_dword(key, "ErrorControl", error_control);
        if (!group.empty())
            hive.set(key, "Group", registry::Value::sz(group));
        if (!image.empty())
            hive.set(key, "ImagePath", registry::Value::expand_sz(image));
    });
}

void DiskServer::base_block(const std::string& name, const std::function<void(MutableByteView)>& change,
                            std::size_t grow) {
    Bytes image = file(config + name);
    if (grow != 0) { // one more hbin that is a single free cell
        const std::size_t at = image.size();
        image.resize(at + grow);
        store_le<std::uint32_t>(image, at, 0x6E696268); // "hbin"
        store_le<std::uint32_t>(image, at + 4, static_cast<std::uint32_t>(at - 4096));
        store_le<std::uint32_t>(image, at + 8, static_cast<std::uint32_t>(grow));
        store_le<std::uint32_t>(image, at + 32, static_cast<std::uint32_t>(grow - 32));
        store_le<std::uint32_t>(image, 40, static_cast<std::uint32_t>(image.size() - 4096));
    }
    change(image);
    sign_base_block(image);
    write(config + name, ByteView(image));
}

void DiskServer::disk_information(const std::function<void(Bytes&)>& change) {
    system([&](registry::HiveEditor& hive) {
        registry::Value value = hive.hive().value("DISK", "Information").value();
        change(value.data);
        hive.set("DISK", "Information", value);
    });
}

nt::Inspection DiskServer::inspect(const profiles::Profile& profile) {
    nt::DiskSet set(std::vector<block::SharedBlockDevice>(disks_.begin(), disks_.end()));
    return nt::inspect(set, assess::inspect_options(profile));
}

} // namespace ntferry::test
