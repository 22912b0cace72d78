// Storage: NT 4.0 starts from the machine's IDE disk, and from nothing else.
//
// NT 4.0 matches no PCI ids: a driver that is present and started finds its hardware (KB Q130928). So atapi,
// its port library and the disk class driver must be there and start at boot; the drivers of the old
// controllers must not, in every control set that can be booted. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::patch {
namespace {

constexpr std::uint32_t start_boot = 0;
constexpr std::uint32_t start_system = 1;
/// atapi's tag where GroupOrderList does not know better (services list of NT 4.0 Setup).
constexpr std::uint32_t atapi_tag = 0x19;
/// From SP4 on atapi.sys takes Ultra-DMA devices for what they are (KB Q164378).
constexpr unsigned dma_service_pack = 4;

/// Drivers of groups "SCSI miniport" and "Primary disk" that have hardware in the machine.
bool emulated(const profiles::Profile& profile, std::string_view service) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> drivers{{
        {"atapi", "piix3-ide"},
        {"floppy", "fdc"},
        {"sfloppy", "piix3-ide"},
        {"buslogic", "buslogic"},
        {"symc810", "lsi53c810"},
    }};
    return std::any_of(drivers.begin(), drivers.end(), [&](const auto& driver) {
        return text::iequals(driver.first, service) && profile.find(driver.second) != nullptr;
    });
}

class StorageRule {
  public:
    explicit StorageRule(RuleContext& context) : context_(context) {}

    void run() {
        disk_service_ = find_disk_service();
        need_files();
        for (const unsigned set : context_.subject().control_sets()) {
            start_ide(set);
            start_classes(set);
            stop_others(set);
            opt_in_to_dma(set);
        }
        tell_limits();
    }

  private:
    /// NT 3.5x calls its disk class driver Scsidisk.
    std::string find_disk_service() {
        const unsigned set = context_.subject().current_set();
        return !context_.service(set, "Disk") && context_.service(set, "Scsidisk") ? "Scsidisk" : "Disk";
    }

    void need_driver(const std::string& name, const std::string& why, bool essential) {
        context_.need_file(
            {name, context_.subject().system32("drivers\\" + name), why, essential, false, {}});
    }

    void need_files() {
        // Libraries first: a driver copied later must find what it imports.
        need_driver("scsiport.sys", "atapi.sys is linked to it; without it the system stops with 0x7B", true);
        need_driver("atapi.sys",
                    "the driver of the machine's IDE disks; without it the system stops with 0x7B", true);
        if (disk_service_ == "Scsidisk") {
            need_driver("scsidisk.sys", "the disk class driver; without it the system stops with 0x7B", true);
        } else {
            need_driver("class2.sys", "disk.sys is linked to it; without it the system stops with 0x7B",
                        true);
            need_driver("disk.sys", "the disk class driver; without it the system stops with 0x7B", true);
            need_driver("cdrom.sys", "the driver of the CD-ROM drive", false);
        }
    }

    std::string key(unsigned set, std::string_view service) const {
        return RuleContext::service_key(set, service);
    }

    /// The tag under which GroupOrderList loads the service, if the list knows one.
    std::uint32_t tag_for_atapi(unsigned set) {
        const auto list = context_.value(
            HiveId::system, Subject::control_set_key(set) + "\\Control\\GroupOrderList", "SCSI miniport");
        if (list && list->data.size() >= 4) {
            const auto count =
                std::min<std::size_t>(load_le<std::uint32_t>(list->data, 0), list->data.size() / 4 - 1);
            for (std::size_t i = 0; i < count; ++i)
                if (load_le<std::uint32_t>(list->data, 4 + 4 * i) == atapi_tag)
                    return atapi_tag;
        }
        return 0; // not listed: loads after those that are, which is early enough
    }

    void define_driver(unsigned set, const std::string& service, const std::string& group,
                       std::uint32_t start, std::uint32_t error_control, std::uint32_t tag,
                       const Because& because) {
        const std::string id = fmt::format("storage.{}", text::to_lower(service));
        const auto number = [&](const char* name, std::uint32_t value) {
            context_.set_dword(fmt::format("{}.{}.{}", id, text::to_lower(name), set), key(set, service),
                               name, value, because);
        };
        number("Type", 1);
        number("Start", start);
        if (!context_.dword(key(set, service), "ErrorControl"))
            number("ErrorControl", error_control);
        if (tag != 0 && !context_.dword(key(set, service), "Tag"))
            number("Tag", tag);
        if (!text::iequals(context_.string(HiveId::system, key(set, service), "Group").value_or(""), group))
            context_.set(HiveId::system, fmt::format("{}.group.{}", id, set), key(set, service), "Group",
                         registry::Value::sz(group), because);
    }

    std::string start_evidence(unsigned set, const std::string& service) {
        const auto start = context_.dword(key(set, service), "Start");
        return start ? fmt::format("{}\\Start is {}", key(set, service), *start)
                     : key(set, service) + " does not exist";
    }

    void start_ide(unsigned set) {
        define_driver(set, "atapi", "SCSI miniport", start_boot, 1, tag_for_atapi(set),
                      {"the disk is an IDE disk now: atapi must start at boot, or the system stops with 0x7B",
                       start_evidence(set, "atapi")});
    }

    void start_classes(unsigned set) {
        define_driver(set, disk_service_, "SCSI class", start_boot, 0, 2,
                      {"the disk class driver must start at boot, or the system stops with 0x7B",
                       start_evidence(set, disk_service_)});
        const auto cdrom = context_.service(set, "Cdrom");
        if (cdrom && cdrom->start > start_system)
            context_.set_start(set, cdrom->name, start_system,
                               {"the machine has an ATAPI CD-ROM drive", start_evidence(set, cdrom->name)});
    }

    void stop_others(unsigned set) {
        for (const nt::Service& service : context_.services(set)) {
            const bool hardware =
                text::iequals(service.group, "SCSI miniport") || text::iequals(service.group, "Primary disk");
            if (!hardware || !service.is_driver() || emulated(context_.profile(), service.name))
                continue;
            const bool atdisk = text::iequals(service.name, "Atdisk");
            context_.disable(set, service.name,
                             {atdisk ? "the old ESDI/IDE driver would fight atapi for the controller"
                                     : "its controller does not exist in the machine",
                              fmt::format("group {}, {}", service.group, start_evidence(set, service.name))});
        }
    }

    void opt_in_to_dma(unsigned set) {
        const std::string wish = context_.setting("dma", "auto");
        const auto pack = context_.subject().product().service_pack;
        const bool possible =
            context_.profile().find("piix3-ide") != nullptr && pack && *pack >= dma_service_pack;
        if (wish == "never" || wish == "off" || (wish == "auto" && !possible))
            return;
        // Master and slave of each channel; atapi falls back to PIO where its checks fail (KB Q158873).
        for (const char* channel : {"Device0", "Device1"})
            context_.set(HiveId::system, fmt::format("storage.dma.{}.{}", text::to_lower(channel), set),
                         fmt::format("{}\\Parameters\\{}", key(set, "atapi"), channel), "DriverParameter",
                         registry::Value::sz("DMADetectionLevel = 0x1,0x1"),
                         {"bus-master DMA instead of PIO (KB Q158873)",
                          fmt::format("service pack {} takes Ultra-DMA disks", pack.value_or(0))});
    }

    void tell_limits() {
        const auto pack = context_.subject().product().service_pack.value_or(0);
        for (unsigned disk = 0; disk < context_.subject().volumes().disk_count(); ++disk) {
            const std::uint64_t size = context_.subject().volumes().disk(disk).size();
            if (size > context_.profile().limits.disk_bytes_maximum)
                context_.decide(
                    fmt::format("disk{}-size", disk),
                    fmt::format("disk {} is larger than the {} GiB that an IDE disk of NT 4.0 can have", disk,
                                context_.profile().limits.disk_bytes_maximum >> 30U),
                    fmt::format("{} bytes; NT 4.0 has no LBA48", size),
                    {{"carry", "carry it as it is; what lies beyond the limit cannot be read"}});
            else if (size > (std::uint64_t{8} << 30U) && pack < 4)
                context_.note(
                    fmt::format("disk {} is larger than 8 GB: before SP4 atapi.sys may hang or not see all "
                                "of it (KB Q197667); apply a service pack on the old machine or soon after "
                                "the first boot",
                                disk));
        }
        if (context_.subject().volumes().disk_count() > context_.profile().limits.disks_maximum)
            context_.decide("disk-count",
                            fmt::format("{} disks do not fit: the machine takes {}",
                                        context_.subject().volumes().disk_count(),
                                        context_.profile().limits.disks_maximum),
                            "atapi has two channels of two devices, one of them the CD-ROM (KB Q141591)",
                            {{"carry", "carry the others beside the machine, unattached"}});
    }

    RuleContext& context_;
    std::string disk_service_;
};

} // namespace

void plan_storage(RuleContext& context) {
    StorageRule(context).run();
}

} // namespace ntferry::patch
