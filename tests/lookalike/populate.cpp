// Fills an NTFS volume image from a list on standard input, without mounting it: libntfs-3g only, no code of
// this project. SPDX-License-Identifier: GPL-3.0-or-later
//
// usage: lookalike-populate VOLUME < LIST        lines are tab-separated, paths begin with "/":
//   V MAJOR MINOR          sets the version in $Volume (mkntfs writes 3.1; NT 4.0 has 1.2)
//   M PATH                 makes a folder (its parents must exist)
//   F ATTRIBUTES PATH SRC  copies SRC; ATTRIBUTES is a number (1 read-only, 2 hidden, 4 system, 0x20 archive)
//   R PATH                 removes a file; its clusters keep their data
//   L SRC                  writes SRC at the start of $LogFile
//   D                      sets the volume's dirty flag
//   X PATH                 prints "PATH<tab>LCN<tab>CLUSTERS" for each run of the file
// Names also get a DOS name, as NT gives it.
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/stat.h>

// What the package's own configure run would have found; its headers ask for it.
#define HAVE_TIME_H 1
#define HAVE_SYS_STAT_H 1
extern "C" {
#include <ntfs-3g/types.h>

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/layout.h>
#include <ntfs-3g/runlist.h>
#include <ntfs-3g/unistr.h>
#include <ntfs-3g/volume.h>
}

namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

struct Name {
    ntfschar* text = nullptr;
    int length = 0;
    explicit Name(const std::string& name) {
        length = ntfs_mbstoucs(name.c_str(), &text);
        if (length < 0)
            fail(name);
    }
    ~Name() { std::free(text); }
    Name(const Name&) = delete;
    Name& operator=(const Name&) = delete;
};

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string leaf_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

/// The 8.3 name that NT would give: the name itself when it fits, else six letters and "~1".
std::string dos_name(const std::string& name) {
    const auto dot = name.rfind('.');
    std::string stem = name.substr(0, dot);
    std::string extension = dot == std::string::npos ? "" : name.substr(dot + 1);
    const bool fits = stem.size() <= 8 && extension.size() <= 3 && name.find(' ') == std::string::npos &&
                      stem.find('.') == std::string::npos;
    if (fits)
        return name;
    auto clean = [](const std::string& text, std::size_t limit) {
        std::string out;
        for (const char c : text)
            if (c != ' ' && c != '.' && out.size() < limit)
                out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        return out;
    };
    stem = clean(stem, 6) + "~1";
    extension = clean(extension, 3);
    return extension.empty() ? stem : stem + "." + extension;
}

class Volume {
  public:
    explicit Volume(const std::string& path) : volume_(ntfs_mount(path.c_str(), 0)) {
        if (!volume_)
            fail(path);
    }
    ~Volume() {
        if (volume_)
            ntfs_umount(volume_, FALSE);
    }
    Volume(const Volume&) = delete;
    Volume& operator=(const Volume&) = delete;

    void close() {
        if (ntfs_umount(volume_, FALSE) != 0)
            fail("unmount");
        volume_ = nullptr;
    }

    void set_version(unsigned major, unsigned minor) {
        edit_information([&](VOLUME_INFORMATION& information) {
            information.major_ver = static_cast<u8>(major);
            information.minor_ver = static_cast<u8>(minor);
        });
        volume_->major_ver = static_cast<u8>(major);
        volume_->minor_ver = static_cast<u8>(minor);
    }

    void set_dirty() {
        edit_information([](VOLUME_INFORMATION& information) {
            information.flags = static_cast<VOLUME_FLAGS>(information.flags | VOLUME_IS_DIRTY);
        });
    }

    ntfs_inode* open(const std::string& path) {
        ntfs_inode* inode = ntfs_pathname_to_inode(volume_, nullptr, path.c_str());
        if (!inode)
            fail(path);
        return inode;
    }

    ntfs_inode* create(const std::string& path, mode_t type) {
        ntfs_inode* folder = open(parent_of(path));
        const Name name(leaf_of(path));
        ntfs_inode* inode = ntfs_create(folder, 0, name.text, static_cast<u8>(name.length), type);
        if (!inode)
            fail(path);
        if (ntfs_inode_close(folder) != 0)
            fail(path);
        return inode;
    }

    /// Long names below the root keep only their long name: libntfs-3g 2022.10.3 answers EIO for them here.
    void name_it(const std::string& path) {
        const std::string name = dos_name(leaf_of(path));
        if (name != leaf_of(path) && parent_of(path) != "/")
            return;
        // The call closes both inodes, whatever it returns.
        if (ntfs_set_ntfs_dos_name(open(path), open(parent_of(path)), name.c_str(), name.size(), 0) != 0)
            fail(path + ": DOS name " + name);
    }

    void make_folder(const std::string& path) {
        if (ntfs_inode_close(create(path, S_IFDIR)) != 0)
            fail(path);
        name_it(path);
    }

    void copy_file(unsigned attributes, const std::string& path, const std::string& source) {
        ntfs_inode* inode = create(path, S_IFREG);
        write_data(inode, source, true);
        inode->flags = static_cast<FILE_ATTR_FLAGS>(attributes);
        NInoFileNameSetDirty(inode);
        if (ntfs_inode_close(inode) != 0)
            fail(path);
        name_it(path);
    }

    void remove(const std::string& path) {
        ntfs_inode* inode = open(path);
        ntfs_inode* folder = open(parent_of(path));
        const Name name(leaf_of(path));
        if (ntfs_delete(volume_, path.c_str(), inode, folder, name.text, static_cast<u8>(name.length)) != 0)
            fail(path);
    }

    void write_log(const std::string& source) {
        ntfs_inode* inode = ntfs_inode_open(volume_, FILE_LogFile);
        if (!inode)
            fail("$LogFile");
        write_data(inode, source, false);
        if (ntfs_inode_close(inode) != 0)
            fail("$LogFile");
    }

    void print_runs(const std::string& path) {
        ntfs_inode* inode = open(path);
        ntfs_attr* data = ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0);
        if (!data || ntfs_attr_map_whole_runlist(data) != 0)
            fail(path);
        for (const runlist_element* run = data->rl; run && run->length; ++run)
            std::cout << path << '\t' << run->lcn << '\t' << run->length << '\n';
        ntfs_attr_close(data);
        ntfs_inode_close(inode);
    }

  private:
    template <typename Edit>
    void edit_information(Edit edit) {
        ntfs_inode* inode = ntfs_inode_open(volume_, FILE_Volume);
        if (!inode)
            fail("$Volume");
        ntfs_attr_search_ctx* context = ntfs_attr_get_search_ctx(inode, nullptr);
        if (!context || ntfs_attr_lookup(AT_VOLUME_INFORMATION, AT_UNNAMED, 0, CASE_SENSITIVE, 0, nullptr, 0,
                                         context) != 0)
            fail("$VOLUME_INFORMATION");
        edit(*reinterpret_cast<VOLUME_INFORMATION*>(reinterpret_cast<char*>(context->attr) +
                                                    le16_to_cpu(context->attr->value_offset)));
        ntfs_inode_mark_dirty(inode);
        ntfs_attr_put_search_ctx(context);
        if (ntfs_inode_close(inode) != 0)
            fail("$Volume");
    }

    static void write_data(ntfs_inode* inode, const std::string& source, bool truncate) {
        std::ifstream in(source, std::ios::binary);
        if (!in)
            fail(source);
        ntfs_attr* data = ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0);
        if (!data)
            fail(source);
        if (truncate) {
            // The size first, so that the clusters come in one piece where there is room.
            in.seekg(0, std::ios::end);
            const auto size = static_cast<s64>(in.tellg());
            in.seekg(0);
            if (size && ntfs_attr_truncate_solid(data, size) != 0 && errno != ENOSPC)
                fail(source); // ENOSPC: no hole of that size; the file comes in pieces below
        }
        std::vector<char> block(1 << 20);
        s64 offset = 0;
        while (in) {
            in.read(block.data(), static_cast<std::streamsize>(block.size()));
            const auto size = static_cast<s64>(in.gcount());
            if (size && ntfs_attr_pwrite(data, offset, size, block.data()) != size)
                fail(source);
            offset += size;
        }
        ntfs_attr_close(data);
    }

    ntfs_volume* volume_;
};

std::vector<std::string> fields_of(const std::string& line) {
    std::vector<std::string> fields{""};
    for (const char c : line) {
        if (c == '\t')
            fields.emplace_back();
        else
            fields.back() += c;
    }
    return fields;
}

void apply(Volume& volume, const std::vector<std::string>& fields) {
    const std::string& command = fields.at(0);
    if (command == "V")
        volume.set_version(static_cast<unsigned>(std::stoul(fields.at(1))),
                           static_cast<unsigned>(std::stoul(fields.at(2))));
    else if (command == "M")
        volume.make_folder(fields.at(1));
    else if (command == "F")
        volume.copy_file(static_cast<unsigned>(std::stoul(fields.at(1), nullptr, 0)), fields.at(2),
                         fields.at(3));
    else if (command == "R")
        volume.remove(fields.at(1));
    else if (command == "L")
        volume.write_log(fields.at(1));
    else if (command == "D")
        volume.set_dirty();
    else if (command == "X")
        volume.print_runs(fields.at(1));
    else
        throw std::runtime_error("unknown command " + command);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: lookalike-populate VOLUME < LIST\n";
        return 2;
    }
    try {
        Volume volume(argv[1]);
        for (std::string line; std::getline(std::cin, line);)
            if (!line.empty())
                apply(volume, fields_of(line));
        volume.close();
    } catch (const std::exception& error) {
        std::cerr << "lookalike-populate: " << argv[1] << ": " << error.what() << '\n';
        return 1;
    }
    return 0;
}
