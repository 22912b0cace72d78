// Drivers with Start 0 and 1 in the order in which NT loads them: there, whole, everything they import
// exported. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/check/walk.hpp"

#include "converter/base/text.hpp"
#include "converter/nt/services.hpp"

#include <fmt/format.h>

#include <set>

namespace ntferry::check {
namespace {

/// Without these the boot volume is not found, whatever their ErrorControl says.
bool carries_the_boot_disk(std::string_view service) {
    return text::iequals(service, "atapi") || text::iequals(service, "Disk") ||
           text::iequals(service, "Scsidisk");
}

/// "\SystemRoot\system32\drivers\x.sys", "System32\drivers\x.sys", "%SystemRoot%\..." as a path on the boot
/// volume.
std::string driver_path(const std::string& root, const std::string& image) {
    for (const std::string_view prefix : {"\\SystemRoot\\", "%SystemRoot%\\"})
        if (text::istarts_with(image, prefix))
            return root + "\\" + image.substr(prefix.size());
    std::string_view rest = image;
    if (text::istarts_with(rest, "\\??\\"))
        rest.remove_prefix(4);
    if (rest.size() > 2 && rest[1] == ':')
        return std::string(rest.substr(2));
    if (rest.starts_with('\\'))
        return std::string(rest);
    return fmt::format("{}\\{}", root, rest);
}

class DriverWalk {
  public:
    DriverWalk(Walk& walk, const std::string& set)
        : walk_(walk), set_(set),
          services_(nt::read_services(walk.subject().hive(patch::HiveId::system), set)) {}

    void run() {
        const registry::Hive& hive = walk_.subject().hive(patch::HiveId::system);
        check_disk_stack();
        for (const std::uint32_t start : {nt::start_boot, nt::start_system})
            for (const std::string& name : nt::load_order(hive, set_, services_, start))
                if (const nt::Service* service = nt::find_service(services_, name))
                    check(*service);
        check_network_start();
    }

  private:
    void check_disk_stack() {
        for (const char* name : {"atapi", "Disk"}) {
            const nt::Service* service = nt::find_service(services_, name);
            if (service == nullptr && std::string_view(name) == "Disk")
                service = nt::find_service(services_, "Scsidisk");
            const std::string id = fmt::format("stack.{}", text::to_lower(name));
            if (service == nullptr)
                walk_.broken(id, fmt::format("{}\\Services\\{} does not exist", set_, name), "STOP 0x7B",
                             "patch with the rule 'storage'");
            else if (service->start != nt::start_boot)
                walk_.broken(
                    id,
                    fmt::format("{}\\Services\\{}\\Start is {}, not 0", set_, service->name, service->start),
                    "STOP 0x7B", "patch with the rule 'storage'");
            else
                walk_.good(id, fmt::format("{} starts at boot", service->name));
        }
        const nt::Service* atdisk = nt::find_service(services_, "Atdisk");
        if (atdisk != nullptr && atdisk->start < nt::start_demand)
            walk_.notice("stack.atdisk", "Atdisk starts as well and may take the controller from atapi",
                         "STOP 0x7B", "patch with the rule 'storage'");
    }

    void check(const nt::Service& service) {
        const bool boot = service.start == nt::start_boot;
        const bool carrier = boot && carries_the_boot_disk(service.name);
        // NTLDR gives up on a boot driver that it cannot read only when ErrorControl says so.
        const bool fatal = carrier || service.error_control >= 2;
        const bool ignored = !carrier && service.error_control == 0;
        const std::string id = fmt::format("driver.{}", text::to_lower(service.name));
        const std::string path = driver_path(walk_.subject().system().root, service.effective_image());
        const std::string symptom =
            carrier         ? "STOP 0x7B"
            : fatal && boot ? fmt::format("'Windows NT could not start because the following file is missing "
                                          "or corrupt: {}'",
                                          path)
            : fatal         ? "a restart with the last known good configuration, then a STOP"
            : ignored       ? "nothing: its ErrorControl is 0"
                            : "'At least one service or driver failed during system startup'";
        const auto content = walk_.read(path);
        if (!content && ignored) {
            // As on every NT 4.0: PCIDump has a key and no file.
            walk_.good(id,
                       fmt::format("{} (Start {}): {} is missing, which NT does not mind: ErrorControl is 0",
                                   service.name, service.start, path));
            return;
        }
        if (!content) {
            walk_.defect(fatal, id,
                         fmt::format("{} (Start {}): {} is missing", service.name, service.start, path),
                         symptom, "provide the file, or disable the driver");
            return;
        }
        const patch::ImageFacts facts = patch::image_facts(*content, path);
        if (const std::string problem = patch::native_image_problem(facts); !problem.empty()) {
            // A driver that was read but is damaged stops a boot start: the loader has no way round it.
            const bool checksum = facts.problem.empty() && !facts.checksum_good;
            walk_.defect(fatal || (boot && checksum), id,
                         fmt::format("{} (Start {}): {}: {}", service.name, service.start, path, problem),
                         checksum && boot ? "STOP C0000221 (bad image checksum)" : symptom,
                         "provide a good copy of the file");
            return;
        }
        const auto unresolved = walk_.modules().unresolved(facts);
        if (!unresolved.empty()) {
            // NTLDR loads a boot driver together with all it imports, and stops when one is missing.
            walk_.defect(
                fatal || boot, id,
                fmt::format("{} (Start {}) needs {}", service.name, service.start, unresolved.front()),
                carrier ? "STOP 0x7B"
                : boot  ? "the loader stops at this driver"
                        : symptom,
                "provide the modules of the installed service pack");
            return;
        }
        if (boot) {
            if (const std::string reach = walk_.out_of_reach(walk_.subject().system().volume, path);
                !reach.empty()) {
                walk_.defect(fatal, id, reach, symptom, "the file must lie below the limit");
                return;
            }
        }
        walk_.good(id, fmt::format("{} (Start {}, {}): {} and all it imports", service.name, service.start,
                                   service.group.empty() ? "no group" : service.group, path));
    }

    /// NDIS drivers that start too early (KB Q172353).
    void check_network_start() {
        for (const nt::Service& service : services_)
            if (service.in_group("NDIS") && service.is_driver() && service.start <= nt::start_system &&
                !text::iequals(service.name, "NDIS"))
                walk_.broken("network.start",
                             fmt::format("{} starts with Start {}", service.name, service.start), "STOP 0x1E",
                             "network card drivers start automatically (2) or on demand (3)");
    }

    Walk& walk_;
    std::string set_;
    std::vector<nt::Service> services_;
};

} // namespace

void walk_drivers(Walk& walk) {
    const registry::Hive& system = walk.subject().hive(patch::HiveId::system);
    const auto number = system.dword("Select", "Default");
    const std::string set = patch::Subject::control_set_key(number.value_or(walk.subject().current_set()));
    if (system.find(set + "\\Services"))
        DriverWalk(walk, set).run();
}

} // namespace ntferry::check
