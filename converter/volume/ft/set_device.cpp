// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ft/set_device.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::volume::ft {
namespace {

std::string joined_name(std::string_view kind, const Members& members) {
    std::string name(kind);
    char separator = ' ';
    for (const auto& member : members) {
        name += fmt::format("{}{}", separator, member ? member->name() : "(missing)");
        separator = '+';
    }
    return name;
}

std::uint64_t smallest(const Members& members) {
    std::uint64_t size = UINT64_MAX;
    for (const auto& member : members)
        if (member)
            size = std::min(size, member->size());
    return size;
}

void require_members(std::string_view kind, const Members& members, std::size_t least, std::size_t may_miss) {
    const auto missing = static_cast<std::size_t>(std::count(members.begin(), members.end(), nullptr));
    if (members.size() < least || members.size() > 32)
        throw Error(std::string(kind), fmt::format("has {} members", members.size()));
    if (missing > may_miss)
        throw Error(joined_name(kind, members),
                    fmt::format("{} of {} members are missing", missing, members.size()),
                    "give the disks that hold them as further sources");
}

class SetDevice : public block::BlockDevice {
  public:
    SetDevice(std::string_view kind, Members members)
        : members_(std::move(members)), name_(joined_name(kind, members_)) {}
    std::string name() const override { return name_; }
    std::uint64_t size() const override { return size_; }

  protected:
    // NOLINTBEGIN(cppcoreguidelines-non-private-member-variables-in-classes)
    Members members_;
    std::string name_;
    std::uint64_t size_ = 0;
    // NOLINTEND(cppcoreguidelines-non-private-member-variables-in-classes)
};

class Mirror final : public SetDevice {
  public:
    explicit Mirror(Members members) : SetDevice("mirror", std::move(members)) {
        require_members("mirror", members_, 1, members_.size() - 1);
        std::erase(members_, nullptr);
        size_ = smallest(members_);
    }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        for (std::size_t i = 0;; ++i) {
            try {
                members_[i]->read(offset, out);
                return;
            } catch (const block::ReadError&) {
                if (i + 1 == members_.size())
                    throw;
            }
        }
    }
};

/// Calls part(unit number, offset in the unit, bytes of out) for each piece of a read.
template <typename Part>
void for_each_unit(std::uint64_t offset, MutableByteView out, Part&& part) {
    while (!out.empty()) {
        const std::uint64_t within = offset % stripe_unit;
        const auto length =
            static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), stripe_unit - within));
        part(offset / stripe_unit, within, out.first(length));
        offset += length;
        out = out.subspan(length);
    }
}

class Stripe final : public SetDevice {
  public:
    explicit Stripe(Members members) : SetDevice("stripe set", std::move(members)) {
        require_members("stripe set", members_, 2, 0);
        size_ = smallest(members_) / stripe_unit * stripe_unit * members_.size();
    }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        for_each_unit(offset, out, [&](std::uint64_t unit, std::uint64_t within, MutableByteView part) {
            members_[static_cast<std::size_t>(unit % members_.size())]->read(
                unit / members_.size() * stripe_unit + within, part);
        });
    }
};

class ParityStripe final : public SetDevice {
  public:
    ParityStripe(Members members, ParityLayout layout)
        : SetDevice("stripe set with parity", std::move(members)), layout_(layout) {
        require_members("stripe set with parity", members_, 3, 1);
        size_ = smallest(members_) / stripe_unit * stripe_unit * (members_.size() - 1);
    }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        const auto count = static_cast<unsigned>(members_.size());
        for_each_unit(offset, out, [&](std::uint64_t unit, std::uint64_t within, MutableByteView part) {
            const std::uint64_t row = unit / (count - 1);
            const unsigned member =
                data_member(layout_, row, static_cast<unsigned>(unit % (count - 1)), count);
            read_member(member, row * stripe_unit + within, part);
        });
    }

  private:
    void read_member(unsigned member, std::uint64_t offset, MutableByteView out) {
        if (members_[member]) {
            try {
                members_[member]->read(offset, out);
                return;
            } catch (const block::ReadError&) {
                if (std::count(members_.begin(), members_.end(), nullptr) != 0)
                    throw; // nothing left to make it from
            }
        }
        std::fill(out.begin(), out.end(), std::uint8_t{0});
        Bytes other(out.size());
        for (unsigned i = 0; i < members_.size(); ++i) {
            if (i == member)
                continue;
            members_[i]->read(offset, other);
            for (std::size_t k = 0; k < other.size(); ++k)
                out[k] = static_cast<std::uint8_t>(out[k] ^ other[k]);
        }
    }

    ParityLayout layout_;
};

class VolumeSet final : public SetDevice {
  public:
    explicit VolumeSet(Members members) : SetDevice("volume set", std::move(members)) {
        require_members("volume set", members_, 1, 0);
        for (const auto& member : members_)
            size_ = checked_add(size_, member->size());
    }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        for (const auto& member : members_) {
            if (out.empty())
                return;
            if (offset >= member->size()) {
                offset -= member->size();
                continue;
            }
            const auto length =
                static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), member->size() - offset));
            member->read(offset, out.first(length));
            out = out.subspan(length);
            offset = 0;
        }
    }
};

} // namespace

std::string_view to_string(ParityLayout layout) {
    switch (layout) {
    case ParityLayout::right_asymmetric:
        return "right-asymmetric";
    case ParityLayout::right_asymmetric_from_last:
        return "right-asymmetric from the last member";
    case ParityLayout::left_symmetric:
        return "left-symmetric";
    case ParityLayout::left_asymmetric:
        return "left-asymmetric";
    case ParityLayout::right_symmetric:
        return "right-symmetric";
    }
    return "";
}

unsigned parity_member(ParityLayout layout, std::uint64_t row, unsigned members) {
    const auto turn = static_cast<unsigned>(row % members);
    switch (layout) {
    case ParityLayout::right_asymmetric_from_last:
        return (turn + members - 1) % members;
    case ParityLayout::left_symmetric:
    case ParityLayout::left_asymmetric:
        return members - 1 - turn;
    default:
        return turn;
    }
}

unsigned data_member(ParityLayout layout, std::uint64_t row, unsigned unit, unsigned members) {
    const unsigned parity = parity_member(layout, row, members);
    if (layout == ParityLayout::left_symmetric || layout == ParityLayout::right_symmetric)
        return (parity + 1 + unit) % members;
    return unit < parity ? unit : unit + 1;
}

block::SharedBlockDevice make_mirror(Members members) {
    if (members.empty())
        throw Error("mirror", "has no members");
    return std::make_shared<Mirror>(std::move(members));
}

block::SharedBlockDevice make_stripe(Members members) {
    return std::make_shared<Stripe>(std::move(members));
}

block::SharedBlockDevice make_stripe_with_parity(Members members, ParityLayout layout) {
    return std::make_shared<ParityStripe>(std::move(members), layout);
}

block::SharedBlockDevice make_volume_set(Members members) {
    return std::make_shared<VolumeSet>(std::move(members));
}

} // namespace ntferry::volume::ft
